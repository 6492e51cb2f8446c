/**
 * The host's side of Sparkplug B (Eclipse Sparkplug 3.0.0): births give names, types and aliases, data refers to them, deaths end them.
 * A hole in `seq`, data before a birth or an alias nobody declared is answered with a request to be born again (5.9, 5.12, 6.4.30).
 */
import type { Read } from "../formats/draft.ts";
import { refusal, type Refusal } from "../refusal.ts";
import { rigNameFrom, timeOf, type Dialect, type Kept, type Told } from "./dialect.ts";
import { meaningOf, readFields, scaled, type Meaning } from "./fields.ts";
import { readingOf } from "./reading-of.ts";
import { readPayload, rebirthPayload, type Metric, type Payload } from "./sparkplug-payload.ts";

const NAMESPACE = "spBv1.0";

/** One metric of a birth certificate. `device` is "" for the edge node's own. */
interface Declared {
  readonly device: string;
  readonly name: string;
  readonly unit: string;
}
interface Device extends Kept {
  online: boolean;
  /** Metrics declared at birth, by name: their units. */
  readonly units: Record<string, string>;
}
export interface EdgeNode {
  online: boolean;
  bdSeq: number | null;
  /** Of the newest message; the next has one more, modulo 256. */
  seq: number | null;
  readonly aliases: Record<string, Declared>;
  readonly devices: Record<string, Device>;
  /** When it was last asked to be born again. */
  askedTs: number;
}
export interface SparkplugMemory {
  readonly edges: Map<string, EdgeNode>;
}

/** An edge node that ignores a request is not asked with every message. */
const ASK_MS = 10_000;
const MOST_EDGES = 10_000;
const MOST_METRICS = 20_000;
const MOST_DEVICES = 5_000;

const newDevice = (): Device => ({ values: {}, lastTs: 0, online: false, units: {} });

const edgeOf = (memory: SparkplugMemory, name: string): EdgeNode => {
  let edge = memory.edges.get(name);
  if (edge === undefined) {
    edge = { online: false, bdSeq: null, seq: null, aliases: {}, devices: {}, askedTs: 0 };
    memory.edges.set(name, edge);
    const [oldest] = memory.edges.keys();
    if (memory.edges.size > MOST_EDGES && oldest !== undefined) memory.edges.delete(oldest);
  }
  return edge;
};

const rebirth = (group: string, node: string, edge: EdgeNode, nowTs: number): readonly Told[] => {
  if (nowTs - edge.askedTs < ASK_MS) return [];
  edge.askedTs = nowTs;
  return [{ kind: "wish", topic: `${NAMESPACE}/${group}/NCMD/${node}`, payload: rebirthPayload(nowTs) }];
};

/**
 * An alias is one metric's of the whole edge node (6.4.6); where two devices were given the same all the same, the second has it under its own name,
 * so that neither is read as the other.
 */
const aliasKey = (edge: EdgeNode, device: string, alias: bigint): string => {
  const plain = String(alias);
  const owner = edge.aliases[plain]?.device;
  return owner === undefined || owner === device ? plain : `${plain}/${device}`;
};

/** What a metric is, by name or by the alias its birth gave it; null where nobody declared it. */
const declared = (edge: EdgeNode, device: string, metric: Metric): Declared | null => {
  if (metric.alias !== null) {
    const known = edge.aliases[aliasKey(edge, device, metric.alias)];
    if (known !== undefined) return known;
    if (metric.name === null) return null;
  }
  if (metric.name === null) return null;
  const { name } = metric;
  const unit = edge.devices[device]?.units[name];
  return unit === undefined ? null : { device, name, unit };
};

/** Names the edge node itself uses for its own upkeep (6.4.7, 6.4.23). */
const isUpkeep = (name: string): boolean => name === "bdSeq" || /^(?:Node|Device) Control\//.test(name);

const take = (device: Device, name: string, unit: string, value: Metric["value"]): boolean => {
  const meaning: Meaning | null = isUpkeep(name) ? null : meaningOf(name, unit);
  if (meaning === null || value === undefined) return false;
  device.values[meaning.field] = value === null ? null : scaled(meaning, value);
  return true;
};

const readingFrom = (site: string, rig: string, device: Device, ts: number, receivedTs: number): Told => {
  const read: Read = readFields(new Map(Object.entries(device.values).filter(([, value]) => value !== null)));
  return readingOf(site, rig, "sparkplug", timeOf(device, ts), receivedTs, read);
};

const plausibleTs = (ts: number | null, receivedTs: number): number =>
  ts !== null && ts > 1_577_836_800_000 && ts <= receivedTs + 300_000 ? ts : receivedTs;

interface Address {
  readonly group: string;
  readonly node: string;
  readonly device: string;
  readonly rig: string;
}

const born = (edge: EdgeNode, { device, rig }: Address, payload: Payload, site: string, receivedTs: number): readonly Told[] => {
  const ts = plausibleTs(payload.timestamp, receivedTs);
  const known = edge.devices[device];
  if (known === undefined && Object.keys(edge.devices).length >= MOST_DEVICES) return [];
  const fresh: Device = { ...newDevice(), lastTs: known?.lastTs ?? 0, online: true };
  edge.devices[device] = fresh;
  for (const [alias, { device: of }] of Object.entries(edge.aliases)) if (of === device) delete edge.aliases[alias];
  let says = false;
  for (const metric of payload.metrics.slice(0, MOST_METRICS)) {
    if (metric.name === null) continue;
    fresh.units[metric.name] = metric.unit;
    if (metric.alias !== null) edge.aliases[aliasKey(edge, device, metric.alias)] = { device, name: metric.name, unit: metric.unit };
    says = take(fresh, metric.name, metric.unit, metric.value) || says;
  }
  // an edge node that measures nothing itself is no rig
  if (!says) return [];
  return [readingFrom(site, rig, fresh, ts, receivedTs), { kind: "state", rig, ts, state: "online" }];
};

const data = (edge: EdgeNode, address: Address, payload: Payload, site: string, receivedTs: number): readonly Told[] => {
  const { group, node, rig } = address;
  const device = edge.devices[address.device];
  if (!edge.online || device === undefined || !device.online) return rebirth(group, node, edge, receivedTs);
  let unknown = false;
  /** Historical metrics are readings of their own, in the order of their times. */
  const past = new Map<number, Map<string, unknown>>();
  let now = false;
  for (const metric of payload.metrics) {
    const is = declared(edge, address.device, metric);
    if (is === null) {
      unknown = true;
      continue;
    }
    if (!metric.isHistorical) {
      now = take(device, is.name, metric.unit === "" ? is.unit : metric.unit, metric.value) || now;
      continue;
    }
    const meaning = isUpkeep(is.name) ? null : meaningOf(is.name, is.unit);
    if (meaning === null || metric.value === undefined || metric.value === null) continue;
    const ts = plausibleTs(metric.timestamp ?? payload.timestamp, receivedTs);
    const at = past.get(ts) ?? new Map<string, unknown>();
    past.set(ts, at.set(meaning.field, scaled(meaning, metric.value)));
  }
  const told: Told[] = [...past]
    .sort(([a], [b]) => a - b)
    .map(([ts, values]) => readingOf(site, rig, "sparkplug", ts, receivedTs, readFields(values)));
  if (now) told.push(readingFrom(site, rig, device, plausibleTs(payload.timestamp, receivedTs), receivedTs));
  return unknown ? [...told, ...rebirth(group, node, edge, receivedTs)] : told;
};

const rigOf = (node: string, device: string): string | null => rigNameFrom(...(device === "" ? [node] : [node, device]));

const died = (edge: EdgeNode, node: string, devices: readonly string[], ts: number): readonly Told[] =>
  devices.flatMap((name): Told[] => {
    const device = edge.devices[name];
    const rig = rigOf(node, name);
    if (device === undefined || !device.online || rig === null) return [];
    device.online = false;
    return Object.keys(device.values).length === 0 ? [] : [{ kind: "state", rig, ts, state: "lost" }];
  });

const bdSeqOf = (payload: Payload): number | null => {
  const value = payload.metrics.find(({ name }) => name === "bdSeq")?.value;
  return typeof value === "number" ? value : null;
};

/** Whether the message is the next one (6.4.19: 0 to 255, and again); notes it. Changes `edge`. */
const isNext = (edge: EdgeNode, seq: number | null): boolean => {
  const expected = edge.seq === null ? null : (edge.seq + 1) % 256;
  if (seq === null) return false;
  edge.seq = seq;
  return expected === null || seq === expected;
};

const TYPES = /^(?:NBIRTH|NDEATH|NDATA|NCMD|DBIRTH|DDEATH|DDATA|DCMD)$/;

export const sparkplug: Dialect<SparkplugMemory> = {
  name: "sparkplug",
  hear: ({ levels, payload: bytes, site, receivedTs }, memory): readonly Told[] | Refusal | null => {
    const [namespace, group = "", type = "", node = "", device = "", ...more] = levels;
    if (namespace !== NAMESPACE) return null;
    if (group === "STATE" || type === "STATE" || type === "NCMD" || type === "DCMD") return [];
    if (!TYPES.test(type) || node === "" || more.length > 0 || (type.startsWith("D") && type !== "DEATH" && device === ""))
      return refusal(
        "TOPIC_INVALID",
        `A topic of Sparkplug B is ${NAMESPACE}/group/type/node[/device]; "${levels.join("/").slice(0, 100)}" is none.`,
      );
    const rig = rigOf(node, device);
    if (rig === null) return refusal("TOPIC_INVALID", "Nothing of the edge node's name can stand in a rig's name.");
    let payload: Payload;
    try {
      payload = readPayload(bytes);
    } catch (error) {
      return refusal("PAYLOAD_INVALID", `This is no payload of Sparkplug B: ${error instanceof Error ? error.message : "unreadable"}.`);
    }
    const edge = edgeOf(memory, `${group}/${node}`);
    const address: Address = { group, node, device, rig };
    const ts = plausibleTs(payload.timestamp, receivedTs);
    if (type === "NDEATH") {
      // the death of an earlier session comes after the birth of this one where the broker noticed late (6.4.30)
      const bdSeq = bdSeqOf(payload);
      if (edge.bdSeq !== null && bdSeq !== null && bdSeq !== edge.bdSeq) return [];
      edge.online = false;
      edge.seq = null;
      return died(edge, node, Object.keys(edge.devices), ts);
    }
    if (type === "NBIRTH") {
      edge.bdSeq = bdSeqOf(payload);
      edge.seq = payload.seq;
      edge.online = true;
      edge.askedTs = 0;
      // devices are born again after their node (6.4.19)
      const told = died(
        edge,
        node,
        Object.keys(edge.devices).filter((name) => name !== ""),
        ts,
      );
      for (const alias of Object.keys(edge.aliases)) delete edge.aliases[alias];
      return [...told, ...born(edge, address, payload, site, receivedTs)];
    }
    if (!edge.online) return rebirth(group, node, edge, receivedTs);
    const inOrder = isNext(edge, payload.seq);
    const told =
      type === "DBIRTH"
        ? born(edge, address, payload, site, receivedTs)
        : type === "DDEATH"
          ? died(edge, node, [device], ts)
          : data(edge, address, payload, site, receivedTs);
    return inOrder ? told : [...told, ...rebirth(group, node, edge, receivedTs)];
  },
};
