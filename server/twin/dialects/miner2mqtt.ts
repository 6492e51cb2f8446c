/** baal86/miner2mqtt (on pyasic): `<prefix>miner_<mac>/{hashrate, wattage, is_mining}`, in TH/s, W and true or false. */
import { mac } from "../formats/answers.ts";
import { keptOf, timeOf, type Dialect, type Memory } from "./dialect.ts";
import { readFields } from "./fields.ts";
import { readingOf } from "./reading-of.ts";

const TOPIC = /^(?:.*[/_])?miner_([0-9a-f]{12}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})\/(hashrate|wattage|is_mining|command)$/i;
const FIELD_OF: Readonly<Record<string, string>> = { hashrate: "hashrateThs", wattage: "powerW", is_mining: "mode" };

export const miner2mqtt: Dialect<Memory> = {
  name: "miner2mqtt",
  hear: ({ topic, text, site, receivedTs }, memory) => {
    const [, address, what = ""] = TOPIC.exec(topic) ?? [];
    if (address === undefined || text === null) return null;
    const field = FIELD_OF[what.toLowerCase()];
    // an order to the bridge is not telemetry
    if (field === undefined) return [];
    const kept = keptOf(memory, `miner2mqtt ${address.toLowerCase()}`);
    kept.values[field] = text.slice(0, 100);
    kept.values["mac"] = mac(address);
    const rig = `m-${address.replace(/[:-]/g, "").toLowerCase()}`;
    return [readingOf(site, rig, "miner2mqtt", timeOf(kept, receivedTs), receivedTs, readFields(new Map(Object.entries(kept.values))))];
  },
};
