/** Asks the local network by multicast DNS (RFC 6762, 6763) who runs AxeOS, and tells each address once an answer names it. */
import createMdns, { type Options } from "multicast-dns";

export const AXEOS_SERVICE = "_axeos._sub._http._tcp.local";
const AGAIN_MS = 60_000;

/** One answer's records, as far as they matter here. */
interface Told {
  readonly name: string;
  readonly type: string;
  readonly data?: unknown;
}

const targetOf = (data: unknown): string | null =>
  typeof data === "object" && data !== null && "target" in data && typeof data.target === "string" ? data.target : null;

/** IPv4 addresses that a response names for instances of AxeOS' service. */
export const addressesOf = (records: readonly Told[]): readonly string[] => {
  const instances = new Set(records.filter(({ name, type }) => type === "PTR" && name === AXEOS_SERVICE).map(({ data }) => data));
  const hosts = new Set(records.filter(({ name, type }) => type === "SRV" && instances.has(name)).map(({ data }) => targetOf(data)));
  return records
    .filter(({ name, type, data }) => type === "A" && hosts.has(name) && typeof data === "string")
    .map(({ data }) => String(data));
};

/** Asks at once and every minute until stopped. `onFound` may be told an address again. */
export const watchMdns = (
  onFound: (host: string) => void,
  onTrouble: (what: string) => void,
  options: Options = {},
): { stop: () => void } => {
  const mdns = createMdns(options);
  mdns.on("response", ({ answers, additionals }) => {
    for (const host of addressesOf([...(answers ?? []), ...(additionals ?? [])] as readonly Told[])) onFound(host);
  });
  mdns.on("error", (error: Error) => onTrouble(error.message));
  mdns.on("warning", () => undefined);
  const ask = (): void => mdns.query([{ name: AXEOS_SERVICE, type: "PTR" }]);
  mdns.once("ready", ask);
  const timer = setInterval(ask, AGAIN_MS);
  return {
    stop: () => {
      clearInterval(timer);
      mdns.destroy();
    },
  };
};
