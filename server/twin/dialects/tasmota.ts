/** Tasmota's energy sensors: `tele/<device>/SENSOR` → `ENERGY.Power` in W (one number, or one a phase), `Total` in kWh; `tele/<device>/LWT`, `STATE` say nothing of power. */
import { num } from "../formats/answers.ts";
import { isObject, rigNameFrom, type Dialect, type Memory } from "./dialect.ts";

const MOST_W = 1e6;

export const tasmota: Dialect<Memory> = {
  name: "tasmota",
  hear: ({ levels, json, text, receivedTs }) => {
    const at = levels.indexOf("tele");
    const last = levels.at(-1) ?? "";
    if (at < 0 || levels.length < 3 || !/^(?:SENSOR|LWT|STATE|INFO\d|UPTIME)$/.test(last)) return null;
    const device = rigNameFrom(levels.filter((_, i) => i !== at && i !== levels.length - 1).join("-"));
    if (device === null) return null;
    if (last === "LWT") return /^(?:Online|Offline)$/.test(text ?? "") ? [] : null;
    if (last !== "SENSOR") return isObject(json) ? [] : null;
    const energy = isObject(json) ? json["ENERGY"] : null;
    if (!isObject(energy)) return null;
    const phases = (Array.isArray(energy["Power"]) ? (energy["Power"] as readonly unknown[]) : [energy["Power"]]).map(num);
    if (phases.some((value) => value === null || Number.isNaN(value) || Math.abs(value) > MOST_W)) return [];
    const powerW = phases.reduce<number>((sum, value) => sum + (value ?? 0), 0);
    const total = num(energy["Total"]);
    const totalKwh = total !== null && total >= 0 ? total : null;
    // its clock tells local time without a zone: the time of receipt is the better one
    return [{ kind: "meter", meter: { meter: device, ts: receivedTs, powerW, totalKwh, format: "tasmota" } }];
  },
};
