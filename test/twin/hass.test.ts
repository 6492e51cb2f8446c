import { expect, test } from "@jest/globals";
import { hassOf, isHassEcho, type Published } from "../../server/twin/hass.ts";
import { listen, T0 } from "./dialects/folded.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";

const farmOf = () => {
  const world = listen();
  const say = (rig: string, channel: "birth" | "telemetry", payload: object): void => world.hear(topicOf("farm", rig, channel), payload);
  for (const [rig, rack] of [
    ["a-1", "A"],
    ["a-2", "A"],
    ["b/1".replace("/", "."), "B"],
  ] as const) {
    say(rig, "birth", { v: 1, ts: T0, boot: "b", identity: { model: "Antminer S21" }, position: { container: "C 1", rack, slot: "1" } });
    say(rig, "telemetry", { v: 1, ts: T0 + 1, seq: 1, boot: "b", m: { mode: "mining", hashrateThs: 200, powerW: 3_500, boardC: 61.5 } });
  }
  return world.farm;
};
const byTopic = (published: readonly Published[]) => new Map(published.map(({ topic, payload }) => [topic, payload]));
const json = (text: string | undefined): Record<string, unknown> => JSON.parse(text ?? "null") as Record<string, unknown>;

test("off says nothing; clear takes back every topic that rigs would fill", () => {
  const farm = farmOf();
  expect(hassOf(farm, "off", "1")).toEqual([]);
  const all = hassOf(farm, "rigs", "1");
  const cleared = hassOf(farm, "clear", "1");
  expect(cleared.map(({ topic }) => topic)).toEqual(all.map(({ topic }) => topic));
  expect(cleared.every(({ payload }) => payload === "")).toBe(true);
});

test("site and racks with units, classes and availability; rigs only where wished", () => {
  const farm = farmOf();
  const site = byTopic(hassOf(farm, "site", "1.2.3"));
  expect([...site.keys()].filter((topic) => topic.includes("/rig/") || topic.includes("rig_"))).toEqual([]);
  const power = json(site.get("homeassistant/sensor/rigtwin_farm/rack_C_1_A_powerW/config"));
  expect(power).toMatchObject({
    name: "Power, reported",
    unique_id: "rigtwin_farm_rack_C_1_A_powerW",
    state_topic: "rigtwin-ha/farm/rack/C_1/A",
    unit_of_measurement: "W",
    device_class: "power",
    state_class: "measurement",
    device: { name: "C 1 A", via_device: "rigtwin_farm_site" },
    availability: [{ topic: "spBv1.0/STATE/rigtwin-farm" }, { topic: "rigtwin-ha/farm/rack/C_1/A" }],
  });
  expect(json(site.get("rigtwin-ha/farm/rack/C_1/A"))).toEqual({
    available: true,
    hashrateThs: 400,
    powerW: 7_000,
    online: 2,
    hashing: 2,
    boardC: 61.5,
    chipC: null,
  });
  expect(json(site.get("rigtwin-ha/farm/site"))).toMatchObject({ hashrateThs: 600, reportedW: 10_500, meteredW: null });
  const rigs = byTopic(hassOf(farm, "rigs", "1.2.3"));
  expect(json(rigs.get("rigtwin-ha/farm/rig/b_1"))).toMatchObject({ available: true, state: "hashing", hashrateThs: 200 });
  expect(json(rigs.get("homeassistant/sensor/rigtwin_farm/rig_b_1_state/config"))).not.toHaveProperty("state_class");
});

test("ids are unique, templates name what the state has, and every topic is known as an echo", () => {
  const farm = farmOf();
  const published = hassOf(farm, "rigs", "1");
  const states = new Map(published.filter(({ topic }) => !topic.endsWith("/config")).map(({ topic, payload }) => [topic, json(payload)]));
  const ids = new Set<unknown>();
  for (const { topic, payload } of published) {
    expect([topic, isHassEcho("farm", topic)]).toEqual([topic, true]);
    if (!topic.endsWith("/config")) continue;
    const { unique_id, state_topic, value_template } = json(payload);
    expect(ids.has(unique_id)).toBe(false);
    ids.add(unique_id);
    const key = /value_json\.(\w+)/.exec(String(value_template))?.[1] ?? "";
    expect(states.get(String(state_topic))).toHaveProperty(key);
  }
  expect(isHassEcho("farm", "homeassistant/status")).toBe(false);
  expect(isHassEcho("farm", "rigtwin-ha/other/site")).toBe(false);
  expect(OWN.act).toBeDefined();
});
