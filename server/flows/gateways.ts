/** How a gateway's key comes into the journal: as an act, so that a replay believes the same signatures. */
import { keyAt, type GatewayKeys } from "../twin/gateway.ts";
import type { Act } from "../twin/record.ts";
import { OWN } from "../twin/wire.ts";
import type { PastMessage } from "./history.ts";

const bytesOf = (act: Act): Uint8Array => new TextEncoder().encode(JSON.stringify(act));

/** `name:hex,name:hex` as a table. */
export const keysIn = (pairs: string): Record<string, string> =>
  Object.fromEntries(
    pairs
      .split(",")
      .map((pair) => pair.trim().split(":"))
      .flatMap(([name = "", key]) => (key === undefined ? [] : [[name, key]])),
  );

/** The entry that makes a key hold from now on, null where it does already. The contract counts in whole seconds, and so does the key. */
export const gatewayKeyAct = (keys: GatewayKeys, gateway: string, publicKey: string, nowTs: number): Uint8Array | null =>
  keyAt(keys, gateway, nowTs) === publicKey
    ? null
    : bytesOf({ what: "gateway-key", gateway, publicKey, fromTs: nowTs - (nowTs % 1_000), toTs: null, by: "configuration" });

/** A past that begins with the keys of its gateways. */
export const withKeys = async function* (
  keys: Readonly<Record<string, string>>,
  fromTs: number,
  past: AsyncIterable<PastMessage>,
): AsyncGenerator<PastMessage> {
  for (const [gateway, publicKey] of Object.entries(keys))
    yield {
      ts: fromTs,
      topic: OWN.act,
      payload: bytesOf({ what: "gateway-key", gateway, publicKey, fromTs, toTs: null, by: "simulation" }),
      retain: false,
    };
  yield* past;
};
