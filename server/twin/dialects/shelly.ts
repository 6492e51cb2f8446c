/**
 * Shelly meters. Gen2 and later: `<id>/events/rpc` (`NotifyStatus` tells what changed, `NotifyFullStatus` all) and `<id>/status/<component>`;
 * Gen1: `shellies/<id>/{relay,emeter,meter}/<n>/power` as plain text, `shellies/<id>/online`. Powers in W, counters in Wh.
 */
import { num } from "../formats/answers.ts";
import { isObject, keptOf, rigNameFrom, type Dialect, type Memory, type Told } from "./dialect.ts";

/** More is no Shelly. */
const MOST_W = 1e6;
const COMPONENT = /^(?:switch|pm1|em1|em|cover|light):(\d{1,2})$/;

const powerIn = (component: string, row: Readonly<Record<string, unknown>>): number | null => {
  const told = num(component.startsWith("em:") ? row["total_act_power"] : (row["apower"] ?? row["act_power"]));
  return told !== null && Math.abs(told) <= MOST_W ? told : null;
};
const totalIn = (row: Readonly<Record<string, unknown>>): number | null => {
  const energy = row["aenergy"];
  const told = isObject(energy) ? num(energy["total"]) : null;
  return told !== null && told >= 0 ? told / 1_000 : null;
};

const ofComponents = (device: string, params: Readonly<Record<string, unknown>>, receivedTs: number): readonly Told[] => {
  const ts = num(params["ts"]);
  // a Shelly without network time counts from 1970
  const at = ts !== null && ts > 1.6e9 && ts * 1_000 <= receivedTs + 300_000 ? Math.round(ts * 1_000) : receivedTs;
  return Object.entries(params).flatMap(([component, row]): Told[] => {
    const place = COMPONENT.exec(component)?.[1];
    if (place === undefined || !isObject(row)) return [];
    const powerW = powerIn(component, row);
    const meter = place === "0" ? device : `${device}.${place}`;
    return powerW === null ? [] : [{ kind: "meter", meter: { meter, ts: at, powerW, totalKwh: totalIn(row), format: "shelly" } }];
  });
};

const GEN1 = /^(?:relay|emeter|meter)$/;

export const shelly: Dialect<Memory> = {
  name: "shelly",
  hear: ({ levels, json, text, receivedTs }, memory) => {
    if (levels[0] === "shellies" && levels.length >= 3) {
      const device = rigNameFrom(levels[1] ?? "");
      if (device === null) return null;
      const [, , kind = "", place = "", field = ""] = levels;
      const powerW = GEN1.test(kind) && field === "power" ? num(text) : null;
      // states, temperatures, counters: understood, and nothing here
      if (powerW === null || Number.isNaN(powerW) || Math.abs(powerW) > MOST_W) return [];
      // a three-phase meter tells its phases one by one, and is their sum
      if (kind !== "emeter")
        return [
          {
            kind: "meter",
            meter: { meter: place === "0" ? device : `${device}.${place}`, ts: receivedTs, powerW, totalKwh: null, format: "shelly" },
          },
        ];
      const kept = keptOf(memory, `shelly ${device}`);
      kept.values[place] = powerW;
      const sum = Object.values(kept.values).reduce<number>((all, value) => all + (typeof value === "number" ? value : 0), 0);
      return [{ kind: "meter", meter: { meter: device, ts: receivedTs, powerW: sum, totalKwh: null, format: "shelly" } }];
    }
    const last = levels.slice(-2).join("/");
    if (last === "events/rpc" && isObject(json)) {
      const device = rigNameFrom(typeof json["src"] === "string" ? json["src"] : levels.slice(0, -2).join("-"));
      if (device === null || typeof json["method"] !== "string" || !json["method"].startsWith("Notify")) return null;
      return isObject(json["params"]) ? ofComponents(device, json["params"], receivedTs) : [];
    }
    const component = levels.at(-1) ?? "";
    if (levels.at(-2) === "status" && COMPONENT.test(component) && isObject(json)) {
      const device = rigNameFrom(levels.slice(0, -2).join("-"));
      return device === null ? null : ofComponents(device, { [component]: json }, receivedTs);
    }
    return null;
  },
};
