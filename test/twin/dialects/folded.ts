import { foldEntry, newFarm, nothingYet, type Farm, type Outcome } from "../../../server/twin/farm.ts";

export const T0 = 1_790_000_000_000;

/** A farm that hears messages one second apart. */
export const listen = () => {
  const farm: Farm = newFarm("farm");
  const out: Outcome = nothingYet();
  let pos = 0;
  const hear = (topic: string, payload: unknown, receivedTs = T0 + pos * 1_000): void => {
    const bytes =
      payload instanceof Uint8Array ? payload : new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
    foldEntry(farm, { pos: ++pos, receivedTs, topic, payload: bytes, qos: 1, retain: false, dup: false, client: "" }, out);
  };
  return { farm, out, hear, rig: (name: string) => farm.twins.get(name) };
};
