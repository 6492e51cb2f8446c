/** Others' dialects over MQTT, and the one function that hears them. */
import { MOST_PAYLOAD_BYTES } from "../parse.ts";
import { refusal, type Refusal } from "../refusal.ts";
import { nothingResent, type Resent } from "../resent.ts";
import { bitdeer } from "./bitdeer.ts";
import type { Coolant, Dialect, Heard, Kept, SubMeter, Told } from "./dialect.ts";
import { hiveos } from "./hiveos.ts";
import { hearMapped, type KeptMapping } from "./mapping.ts";
import { miner2mqtt } from "./miner2mqtt.ts";
import { shelly } from "./shelly.ts";
import { sparkplug, type EdgeNode } from "./sparkplug.ts";
import { noteStranger, type Strangers } from "./strangers.ts";
import { tasmota } from "./tasmota.ts";
import { untouched } from "./untouched.ts";
import { whatsminer2mqtt } from "./whatsminer2mqtt.ts";

/** All that is remembered of those who do not speak our dialect; plain data, part of the farm. */
export interface Foreign extends Resent {
  readonly devices: Map<string, Kept>;
  readonly edges: Map<string, EdgeNode>;
  readonly mappings: KeptMapping[];
  readonly strangers: Strangers;
  /** Newest word of each meter that is not the site's own. */
  readonly meters: Map<string, SubMeter>;
  readonly coolant: Map<string, Coolant & { readonly ts: number }>;
}
export const noForeign = (): Foreign => ({
  devices: new Map(),
  edges: new Map(),
  mappings: [],
  strangers: new Map(),
  meters: new Map(),
  coolant: new Map(),
  recent: new Map(),
  resent: nothingResent(),
});

/** To hear one more: a file beside these, a line here. The surest first. */
export const DIALECTS: readonly Dialect<Foreign>[] = [sparkplug, tasmota, shelly, bitdeer, miner2mqtt, hiveos, whatsminer2mqtt, untouched];

const decoder = new TextDecoder("utf-8", { fatal: true });
const textOf = (payload: Uint8Array): string | null => {
  try {
    return decoder.decode(payload);
  } catch {
    return null;
  }
};
const jsonOf = (text: string | null): unknown => {
  if (text === null || !/^\s*[[{"\d-]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

export const heardOf = (
  message: { readonly topic: string; readonly payload: Uint8Array; readonly receivedTs: number },
  site: string,
): Heard => {
  const text = textOf(message.payload);
  return {
    topic: message.topic,
    levels: message.topic.split("/"),
    payload: message.payload,
    text,
    json: jsonOf(text),
    site,
    receivedTs: message.receivedTs,
  };
};

/**
 * Hears one message that is not in our own dialect: by an operator's mapping, else by the first dialect that knows it. Gives null where
 * nobody does; then it is kept in `foreign.strangers`. Changes `foreign`. Never throws.
 */
export const hearForeign = (heard: Heard, foreign: Foreign): readonly Told[] | Refusal | null => {
  if (heard.payload.length > MOST_PAYLOAD_BYTES)
    return refusal("PAYLOAD_TOO_LARGE", `${heard.payload.length} bytes; the limit is ${MOST_PAYLOAD_BYTES}.`);
  const mapped = hearMapped(heard, foreign.mappings, foreign);
  if (mapped !== null) return mapped;
  for (const dialect of DIALECTS) {
    const told = dialect.hear(heard, foreign);
    if (told !== null) return told;
  }
  // an empty retained message takes one back, and is not a stranger's
  if (heard.payload.length === 0) return [];
  noteStranger(foreign.strangers, heard);
  return null;
};
