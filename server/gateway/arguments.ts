/** The gateway's settings: flags, and variables for what does not belong on a command line. */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { NAME_PATTERN } from "../twin/wire.ts";
import { addressesIn } from "./ranges.ts";
import { USUAL_PORTS, type Ports } from "./ask/link.ts";

export interface Arguments {
  readonly mqttUrl: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly site: string;
  readonly name: string;
  readonly dataDir: string;
  readonly addresses: readonly string[];
  readonly csv: string | null;
  readonly mdns: boolean;
  readonly intervalMs: number;
  readonly rescanMs: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly connectMs: number;
  readonly ports: Ports;
  readonly credentials: string | null;
  readonly spoolBytes: number;
}

/** Everything that is wrong, one sentence a line. */
export class ArgumentsInvalid extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "ArgumentsInvalid";
  }
}

const safeName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 50);

export const HELP = `npm run gateway -- --mqtt mqtt://BROKER --range 10.0.0.0/24 [--range …] [options]

Finds the miners on a network, reads them every few seconds, publishes their answers to Rigtwin over MQTT, and carries out its commands.

  --mqtt URL            the broker (MQTT_URL); user and password in MQTT_USERNAME and MQTT_PASSWORD
  --site NAME           the server's site (SITE); farm
  --name NAME           of this gateway; gateway-HOSTNAME
  --range ADDRESSES     networks, ranges or single addresses, commas between them; may be given again
  --csv FILE            machines with the columns host, rig, container, rack, slot, format; read again with every search
  --mdns                ask the local network for Bitaxe and other AxeOS machines
  --interval SECONDS    between two readings of a machine; 10
  --rescan SECONDS      between two searches; 600
  --concurrency N       machines asked at the same time; 128
  --timeout MS          for one question; 5000. --connect-timeout MS for a connection while searching; 1000
  --credentials FILE    JSON, {"antminer": {"username": "root", "password": "…"}, "10.0.0.7": {…}}, by driver or address
  --spool-mb N          room on disk for the time without a broker; 512
  --data-dir DIR        its key, its spool and what it knows of the machines; gateway-data
  --rpc-port, --framed-port, --web-port N    where the machines' ports are not 4028, 4433 and 80
`;

/** Reads them. Throws ArgumentsInvalid with everything that is wrong. */
export const argumentsOf = (argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Arguments => {
  const faults: string[] = [];
  const { values } = (() => {
    try {
      return parseArgs({
        args: [...argv],
        options: {
          mqtt: { type: "string" },
          site: { type: "string" },
          name: { type: "string" },
          range: { type: "string", multiple: true },
          csv: { type: "string" },
          mdns: { type: "boolean" },
          interval: { type: "string" },
          rescan: { type: "string" },
          concurrency: { type: "string" },
          timeout: { type: "string" },
          "connect-timeout": { type: "string" },
          credentials: { type: "string" },
          "spool-mb": { type: "string" },
          "data-dir": { type: "string" },
          "rpc-port": { type: "string" },
          "framed-port": { type: "string" },
          "web-port": { type: "string" },
        },
      });
    } catch (error) {
      throw new ArgumentsInvalid([error instanceof Error ? error.message : String(error)]);
    }
  })();
  const number = (flag: keyof typeof values, fallback: number, least: number, most: number): number => {
    const given = values[flag];
    if (typeof given !== "string") return fallback;
    const n = Number(given);
    if (/^\d+(\.\d+)?$/.test(given) && n >= least && n <= most) return n;
    faults.push(`--${flag}: must be a number from ${least} to ${most}, is "${given}"`);
    return fallback;
  };
  const name = (flag: "site" | "name", fallback: string): string => {
    const given = values[flag] ?? (flag === "site" ? env["SITE"] : undefined) ?? fallback;
    if (!NAME_PATTERN.test(given)) faults.push(`--${flag}: must be 1 to 64 of letters, digits, dot, dash and underscore, is "${given}"`);
    return given;
  };
  const mqttUrl = values.mqtt ?? env["MQTT_URL"] ?? "mqtt://127.0.0.1:1883";
  if (!/^(mqtts?|wss?):\/\//.test(mqttUrl) || !URL.canParse(mqttUrl))
    faults.push(`--mqtt: must be an address like mqtt://broker:1883, is "${mqttUrl}"`);
  let addresses: readonly string[] = [];
  try {
    addresses = addressesIn((values.range ?? []).join(","));
  } catch (error) {
    faults.push(`--range: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (addresses.length === 0 && values.csv === undefined && values.mdns !== true && faults.length === 0)
    faults.push("where are the machines? Give --range, --csv or --mdns");
  const found: Arguments = {
    mqttUrl,
    username: env["MQTT_USERNAME"] ?? null,
    password: env["MQTT_PASSWORD"] ?? null,
    site: name("site", "farm"),
    name: name("name", safeName(`gateway-${hostname()}`)),
    dataDir: values["data-dir"] ?? "gateway-data",
    addresses,
    csv: values.csv ?? null,
    mdns: values.mdns === true,
    intervalMs: 1_000 * number("interval", 10, 1, 3_600),
    rescanMs: 1_000 * number("rescan", 600, 10, 86_400),
    concurrency: number("concurrency", 128, 1, 2_000),
    timeoutMs: number("timeout", 5_000, 100, 60_000),
    connectMs: number("connect-timeout", 1_000, 50, 60_000),
    ports: {
      rpc: number("rpc-port", USUAL_PORTS.rpc, 1, 65_535),
      framed: number("framed-port", USUAL_PORTS.framed, 1, 65_535),
      web: number("web-port", USUAL_PORTS.web, 1, 65_535),
    },
    credentials: values.credentials ?? null,
    spoolBytes: 1_000_000 * number("spool-mb", 512, 1, 1_000_000),
  };
  if (faults.length > 0) throw new ArgumentsInvalid(faults);
  return found;
};
