/**
 * letovlive/hiveos-mqtt-stats: one topic, `{state, unit_of_measurement, coin, cpu_temp, miner, uptime, ver, algo, card_0: {temperature,
 * fan, power, mtemp, value, unit_of_measurement}, …}`, and a plain `start`. `state` is the rig's rate in the unit that stands beside it.
 */
import { inThs, num, txt } from "../formats/answers.ts";
import { finish, highest, type BoardDraft, type Raw } from "../formats/draft.ts";
import { RANGES } from "../plausible.ts";
import { NO_IDENTITY } from "../reading.ts";
import { isObject, keptOf, rigNameFrom, timeOf, type Dialect, type Memory } from "./dialect.ts";
import { readingOf } from "./reading-of.ts";

const rateOf = (value: unknown, unit: unknown): Raw => {
  const factor = inThs(unit);
  const told = num(value);
  // without its unit a rate is no rate
  return told === null || factor === null ? null : told * factor;
};

export const hiveos: Dialect<Memory> = {
  name: "hiveos-mqtt-stats",
  hear: ({ topic, json, text, site, receivedTs }, memory) => {
    const key = `hiveos ${topic}`;
    const rig = rigNameFrom(topic);
    if (rig === null) return null;
    if (text?.trim() === "start" && memory.devices.has(key)) return [{ kind: "state", rig, ts: receivedTs, state: "online" }];
    if (!isObject(json) || !("state" in json) || !("miner" in json) || !("algo" in json) || !("unit_of_measurement" in json)) return null;
    const cards = Object.entries(json)
      .map(([name, card]) => ({ place: Number(/^card_(\d{1,2})$/.exec(name)?.[1] ?? Number.NaN), card }))
      .filter(({ place, card }) => Number.isInteger(place) && place < 16 && isObject(card))
      .sort((a, b) => a.place - b.place);
    const of = (card: unknown, name: string): Raw => (isObject(card) ? num(card[name]) : null);
    const watts = cards.map(({ card }) => of(card, "power"));
    const read = finish(
      { ...NO_IDENTITY, model: null, firmware: [txt(json["miner"]), txt(json["ver"])].filter((part) => part !== null).join(" ") || null },
      {
        mode: (num(json["state"]) ?? 0) > 0 ? "mining" : "unknown",
        hashrateThs: rateOf(json["state"], json["unit_of_measurement"]),
        powerW:
          watts.length === 0 || watts.some((value) => typeof value !== "number")
            ? null
            : watts.reduce<number>((sum, value) => sum + (value ?? 0), 0),
        fanPct: highest(
          RANGES.percent,
          cards.map(({ card }) => of(card, "fan")),
        ),
        psuC: null,
        uptimeS: num(json["uptime"]),
        boards: cards.map(({ place, card }): BoardDraft => ({
          index: place,
          chipC: of(card, "temperature"),
          boardC: of(card, "mtemp"),
          hashrateThs: isObject(card) ? rateOf(card["value"], card["unit_of_measurement"] ?? json["unit_of_measurement"]) : null,
        })),
      },
      null,
    );
    return [readingOf(site, rig, "hiveos-mqtt-stats", timeOf(keptOf(memory, key), receivedTs), receivedTs, read)];
  },
};
