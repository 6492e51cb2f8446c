/**
 * The farm as Home Assistant finds it by MQTT (home-assistant.io/integrations/mqtt, "MQTT discovery"): for each figure a retained description, and one
 * retained state for the site, each rack and, where wished, each rig. Whether the server is there is said by its Sparkplug STATE.
 */
import type { Farm } from "./farm.ts";
import { hostState } from "./dialects/sparkplug-host.ts";
import { totalsOf } from "./live.ts";
import { racksOf } from "./racks.ts";
import type { BareTotals } from "./twin.ts";

/** What is described: nothing, site and racks, rigs too, or nothing any more (what was is taken back). */
export const HASS_LEVELS = ["off", "site", "rigs", "clear"] as const;
export type HassLevel = (typeof HASS_LEVELS)[number];

/** So many entities are a burden for Home Assistant already. */
export const MOST_HASS_RACKS = 200;
export const MOST_HASS_RIGS = 500;

export interface Published {
  readonly topic: string;
  /** Empty: takes back what was retained. */
  readonly payload: string;
}

interface Sensor {
  readonly key: string;
  readonly name: string;
  readonly unit?: string;
  readonly kind?: "power" | "temperature";
  /** Whether it is a number whose course is kept. */
  readonly isText?: boolean;
}
const HASHRATE: Sensor = { key: "hashrateThs", name: "Hashrate", unit: "TH/s" };
const BOARD: Sensor = { key: "boardC", name: "Hottest board", unit: "°C", kind: "temperature" };
const CHIP: Sensor = { key: "chipC", name: "Hottest chip", unit: "°C", kind: "temperature" };
const watts = (key: string, name: string): Sensor => ({ key, name, unit: "W", kind: "power" });

const SITE: readonly Sensor[] = [
  HASHRATE,
  watts("meteredW", "Power, metered"),
  watts("reportedW", "Power, reported"),
  { key: "efficiencyJTh", name: "Efficiency", unit: "J/TH" },
  { key: "hashing", name: "Rigs hashing", unit: "rigs" },
  { key: "offline", name: "Rigs offline", unit: "rigs" },
  { key: "alarms", name: "Alarms", unit: "alarms" },
  { key: "gco2ePerKwh", name: "Carbon intensity", unit: "gCO2e/kWh" },
  BOARD,
  CHIP,
];
const RACK: readonly Sensor[] = [
  HASHRATE,
  watts("powerW", "Power, reported"),
  { key: "online", name: "Rigs online", unit: "rigs" },
  { key: "hashing", name: "Rigs hashing", unit: "rigs" },
  BOARD,
  CHIP,
];
const RIG: readonly Sensor[] = [HASHRATE, watts("powerW", "Power"), BOARD, CHIP, { key: "state", name: "State", isText: true }];

/** What may stand in a topic's level and an id there. */
const safe = (name: string): string => name.replace(/[^A-Za-z0-9_-]+/g, "_");
const rootOf = (site: string): string => `rigtwin-ha/${site}`;

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly topic: string;
  readonly sensors: readonly Sensor[];
  readonly state: Readonly<Record<string, number | string | boolean | null>>;
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 1_000) / 1_000);

const siteThing = (farm: Farm, totals: BareTotals): Thing => ({
  id: "site",
  name: farm.site,
  model: "Site",
  topic: `${rootOf(farm.site)}/site`,
  sensors: SITE,
  state: {
    available: true,
    hashrateThs: rounded(totals.hashrateThs),
    meteredW: rounded(totals.meteredW),
    reportedW: rounded(totals.reportedW),
    efficiencyJTh: rounded(totals.efficiencyJTh),
    hashing: totals.byState.hashing + totals.byState.low,
    offline: totals.byState.offline,
    alarms: Object.values(totals.activeAlarms).reduce((sum, count) => sum + count, 0),
    gco2ePerKwh: rounded(totals.gco2ePerKwh),
    boardC: rounded(totals.hottestBoardC),
    chipC: rounded(totals.hottestChipC),
  },
});

const rackThings = (farm: Farm): readonly Thing[] =>
  racksOf(farm.twins.values(), MOST_HASS_RACKS).map((rack) => ({
    id: `rack_${safe(rack.container)}_${safe(rack.rack)}`,
    name: `${rack.container} ${rack.rack}`,
    model: "Rack",
    topic: `${rootOf(farm.site)}/rack/${safe(rack.container)}/${safe(rack.rack)}`,
    sensors: RACK,
    state: {
      available: rack.online > 0,
      hashrateThs: rounded(rack.hashrateThs),
      powerW: rounded(rack.reportedW),
      online: rack.online,
      hashing: rack.hashing,
      boardC: rounded(rack.hottestBoardC),
      chipC: rounded(rack.hottestChipC),
    },
  }));

const rigThings = (farm: Farm): readonly Thing[] =>
  [...farm.twins.values()].slice(0, MOST_HASS_RIGS).map(({ rig, state, identity, latest }) => ({
    id: `rig_${safe(rig)}`,
    name: rig,
    model: identity.model ?? "Rig",
    topic: `${rootOf(farm.site)}/rig/${safe(rig)}`,
    sensors: RIG,
    state: {
      available: state !== "offline" && state !== "new",
      hashrateThs: rounded(latest.hashrateThs),
      powerW: rounded(latest.powerW),
      boardC: rounded(latest.boardC),
      chipC: rounded(latest.chipC),
      state,
    },
  }));

const configOf = (site: string, version: string, thing: Thing, sensor: Sensor): string =>
  JSON.stringify({
    name: sensor.name,
    unique_id: `rigtwin_${safe(site)}_${thing.id}_${sensor.key}`,
    state_topic: thing.topic,
    value_template: `{{ value_json.${sensor.key} }}`,
    ...(sensor.unit === undefined ? {} : { unit_of_measurement: sensor.unit }),
    ...(sensor.kind === undefined ? {} : { device_class: sensor.kind }),
    ...(sensor.isText === true ? {} : { state_class: "measurement" }),
    availability_mode: "all",
    availability: [
      { topic: hostState(site).topic, value_template: "{{ 'online' if value_json.online else 'offline' }}" },
      { topic: thing.topic, value_template: "{{ 'online' if value_json.available else 'offline' }}" },
    ],
    device: {
      identifiers: [`rigtwin_${safe(site)}_${thing.id}`],
      name: thing.name,
      manufacturer: "Rigtwin",
      model: thing.model,
      ...(thing.id === "site" ? {} : { via_device: `rigtwin_${safe(site)}_site` }),
    },
    origin: { name: "Rigtwin", sw_version: version },
  });

/** Everything that is to stand retained at the broker: descriptions and states; for "clear" the same topics, emptied. */
export const hassOf = (farm: Farm, level: HassLevel, version: string, totals: BareTotals = totalsOf(farm)): readonly Published[] => {
  if (level === "off") return [];
  const things = [siteThing(farm, totals), ...rackThings(farm), ...(level === "site" ? [] : rigThings(farm))];
  const emptied = level === "clear";
  return things.flatMap((thing): Published[] => [
    ...thing.sensors.map((sensor) => ({
      topic: `homeassistant/sensor/rigtwin_${safe(farm.site)}/${thing.id}_${sensor.key}/config`,
      payload: emptied ? "" : configOf(farm.site, version, thing, sensor),
    })),
    { topic: thing.topic, payload: emptied ? "" : JSON.stringify(thing.state) },
  ]);
};

/** Whether a topic is one that the server itself publishes; heard again at an outside broker it is an echo. */
export const isHassEcho = (site: string, topic: string): boolean =>
  topic.startsWith(`${rootOf(site)}/`) || topic.startsWith(`homeassistant/sensor/rigtwin_${safe(site)}/`);
