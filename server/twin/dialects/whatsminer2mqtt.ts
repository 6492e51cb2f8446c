/**
 * Tediore/whatsminer2mqtt: `<base>/info/<key of cgminer's summary>`, one value a message, as text, retained and only on a change;
 * `<base>/status` online or offline. What was told last of each key is put together again as the machine's own summary.
 */
import { readAnswers } from "../formats/index.ts";
import { keptOf, rigNameFrom, timeOf, type Dialect, type Memory } from "./dialect.ts";
import { readingOf } from "./reading-of.ts";

/** Keys by which the dialect is known; any other key counts once one of these has come. */
const KNOWN = new Set([
  "Elapsed",
  "MHS av",
  "MHS 5s",
  "MHS 1m",
  "MHS 5m",
  "MHS 15m",
  "HS RT",
  "Accepted",
  "Rejected",
  "Temperature",
  "freq_avg",
  "Fan Speed In",
  "Fan Speed Out",
  "Power",
  "Power Rate",
  "Power Limit",
  "Power Mode",
  "Factory GHS",
  "Target MHS",
  "Env Temp",
  "Chip Temp Min",
  "Chip Temp Max",
  "Chip Temp Avg",
  "Upfreq Complete",
  "Hash Stable",
  "Firmware Version",
  "Error Code Count",
  "Voltage",
]);
/** What changes of itself with every round; other keys are kept for the next reading. */
const PULSE = /^(?:HS RT|MHS (?:5s|1m|av)|Power|Chip Temp Max|Temperature|Elapsed)$/;

/** Text as the machine's JSON had it. */
const valueOf = (text: string): unknown => (/^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text);

export const whatsminer2mqtt: Dialect<Memory> = {
  name: "whatsminer2mqtt",
  hear: ({ topic, levels, text, site, receivedTs }, memory) => {
    const at = levels.length - 2;
    const last = levels.at(-1) ?? "";
    if (levels.length < 2 || text === null) return null;
    const isInfo = levels[at] === "info";
    const base = levels.slice(0, isInfo ? at : -1).join("/");
    const key = `whatsminer2mqtt ${base}`;
    const rig = rigNameFrom(base);
    if (rig === null || base === "") return null;
    if (!isInfo) {
      if (last !== "status" || !memory.devices.has(key) || !/^(?:online|offline)$/i.test(text)) return null;
      return [{ kind: "state", rig, ts: receivedTs, state: /^online$/i.test(text) ? "online" : "lost" }];
    }
    if (!KNOWN.has(last) && !(memory.devices.has(key) && topic.length < 256)) return null;
    const kept = keptOf(memory, key);
    if (Object.keys(kept.values).length < 200) kept.values[last] = valueOf(text.slice(0, 500));
    if (!PULSE.test(last)) return [];
    const read = readAnswers({ summary: { SUMMARY: [{ ...kept.values, "Power Mode": kept.values["Power Mode"] ?? "" }] } });
    return "code" in read ? [] : [readingOf(site, rig, "whatsminer2mqtt", timeOf(kept, receivedTs), receivedTs, read)];
  },
};
