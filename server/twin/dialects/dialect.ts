/** What a dialect of others is: how a message that is not ours becomes readings. One file each; none needs a gateway. */
import type { EnergyReading, Identity, Reading } from "../reading.ts";
import type { Refusal } from "../refusal.ts";
import { NAME_PATTERN } from "../wire.ts";

/** A message as a dialect is shown it. */
export interface Heard {
  readonly topic: string;
  /** The topic's levels. */
  readonly levels: readonly string[];
  readonly payload: Uint8Array;
  /** The payload as text, null where it is not UTF-8. */
  readonly text: string | null;
  /** The payload as JSON, undefined where it is none. */
  readonly json: unknown;
  readonly site: string;
  /** Journal clock, ms UTC. */
  readonly receivedTs: number;
}

/** What one meter that is not the site's own says: a plug, a PDU's socket, a container. */
export interface SubMeter {
  readonly meter: string;
  readonly ts: number;
  readonly powerW: number;
  /** Counted by the meter itself, where it tells it. */
  readonly totalKwh: number | null;
  /** The dialect it spoke. */
  readonly format: string;
}

/** What a container says of its coolant, °C. */
export interface Coolant {
  readonly supplyC: number | null;
  readonly returnC: number | null;
  readonly ambientC: number | null;
}

export type Told =
  | { readonly kind: "reading"; readonly reading: Reading }
  | { readonly kind: "identity"; readonly rig: string; readonly identity: Identity }
  | { readonly kind: "state"; readonly rig: string; readonly ts: number; readonly state: "online" | "offline" | "lost" }
  | { readonly kind: "energy"; readonly energy: EnergyReading }
  | { readonly kind: "meter"; readonly meter: SubMeter }
  | { readonly kind: "coolant"; readonly container: string; readonly ts: number; readonly coolant: Coolant }
  /** Something to publish: a request to be told everything anew. */
  | { readonly kind: "wish"; readonly topic: string; readonly payload: Uint8Array };

/** What was told before and is needed to understand what comes: plain data, part of the farm. */
export interface Kept {
  /** Newest value of each field of a device that tells one at a time. */
  readonly values: Record<string, unknown>;
  /** Of its newest reading: two messages in the same millisecond are two readings. */
  lastTs: number;
}

export interface Memory {
  readonly devices: Map<string, Kept>;
}

export interface Dialect<State> {
  readonly name: string;
  /**
   * Gives null where the message is not in this dialect, a Refusal where it is and cannot be read, else what it told; an empty list is
   * a message that is understood and says nothing new. May change `memory`. Never throws.
   */
  readonly hear: (heard: Heard, memory: State) => readonly Told[] | Refusal | null;
}

/** A name that is safe as a rig's, made of what a stranger calls it; null where nothing is left of it. */
export const rigNameFrom = (...parts: readonly string[]): string | null => {
  const name = parts
    .join("-")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 64);
  return NAME_PATTERN.test(name) ? name : null;
};

/** So many strangers are remembered; the one silent for longest is forgotten first. */
const MOST_DEVICES = 50_000;

/** What is kept of a device, made where there is nothing. Changes `memory`. */
export const keptOf = (memory: Memory, name: string): Kept => {
  let kept = memory.devices.get(name);
  memory.devices.delete(name);
  kept ??= { values: {}, lastTs: 0 };
  memory.devices.set(name, kept);
  for (const oldest of memory.devices.keys()) {
    if (memory.devices.size <= MOST_DEVICES) break;
    memory.devices.delete(oldest);
  }
  return kept;
};

/** The time of the next reading of a device, later than its last. Changes `kept`. */
export const timeOf = (kept: Kept, ts: number): number => {
  kept.lastTs = Math.max(ts, kept.lastTs + 1);
  return kept.lastTs;
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
