/** What does not speak our dialect, brought to the same parsed messages as what does. */
import { heardOf, hearForeign, type Foreign } from "./dialects/index.ts";
import type { Told } from "./dialects/dialect.ts";
import { takeStrangers } from "./dialects/strangers.ts";
import type { KeptMapping } from "./dialects/mapping.ts";
import { fnv1a } from "./fnv.ts";
import type { Parsed } from "./parse.ts";
import { refusal } from "./refusal.ts";
import { isSentAgain, noteSent } from "./resent.ts";
import type { Entry } from "./twin.ts";
import { UNFIT } from "./wire.ts";

/** Topics of our own dialect, and those that the broker could not take as they were: nobody's dialect. */
export const isOwn = (topic: string): boolean => topic.startsWith("rigtwin/") || topic.startsWith(UNFIT);

/** Something to publish, e.g. a request to be told everything anew. */
export interface Wish {
  readonly topic: string;
  readonly payload: Uint8Array;
}

type Message = { readonly topic: string; readonly payload: Uint8Array; readonly receivedTs: number };

/** Meters and coolant are kept in `foreign`; wishes are added to `wishes`; the rest is parsed as our own would be. */
const parsedOf = (told: Told, foreign: Foreign, wishes: Wish[]): readonly Parsed[] => {
  switch (told.kind) {
    case "reading":
      return [{ kind: "reading", reading: told.reading }];
    case "state":
      return [{ kind: "state", rig: told.rig, ts: told.ts, state: told.state }];
    case "identity":
      return [{ kind: "birth", rig: told.rig, birth: { identity: told.identity, nameplate: null, position: null } }];
    case "energy":
      return [{ kind: "energy", energy: told.energy }];
    case "meter": {
      const before = foreign.meters.get(told.meter.meter);
      if (before === undefined || told.meter.ts >= before.ts) foreign.meters.set(told.meter.meter, told.meter);
      return [];
    }
    case "coolant":
      foreign.coolant.set(told.container, { ...told.coolant, ts: told.ts });
      return [];
    case "wish":
      wishes.push({ topic: told.topic, payload: told.payload });
      return [];
  }
};

const read = (message: Message, site: string, foreign: Foreign, wishes: Wish[]): readonly Parsed[] => {
  const told = hearForeign(heardOf(message, site), foreign);
  if (told === null)
    return [
      {
        kind: "refused",
        refusal: refusal("TOPIC_UNKNOWN", `No format reads "${message.topic.slice(0, 200)}"; it waits in the inbox to be mapped.`),
      },
    ];
  if ("code" in told) return [{ kind: "refused", refusal: told }];
  return told.flatMap((one) => parsedOf(one, foreign, wishes));
};

type Sent = Message & Pick<Entry, "qos" | "dup">;

/**
 * Reads one message of somebody else's dialect; what nobody knows is refused, and kept for a mapping. A measurement that is sent again
 * (resent.ts) is "repeated": most other dialects have neither sequence numbers nor times by which that would be seen. Changes `foreign` and `wishes`.
 */
export const parseForeign = (message: Sent, site: string, foreign: Foreign, wishes: Wish[]): readonly Parsed[] => {
  if (message.qos === 0) return read(message, site, foreign, wishes);
  const { topic, payload, receivedTs, dup } = message;
  const hash = fnv1a(payload);
  if (dup && isSentAgain(foreign, topic, hash, receivedTs)) return [{ kind: "repeated" }];
  const parsed = read(message, site, foreign, wishes);
  if (!parsed.some(({ kind }) => kind === "reading" || kind === "energy")) return parsed;
  noteSent(foreign, topic, hash, receivedTs, dup);
  return parsed;
};

/** Takes up a mapping (in place of one for the same topic) and reads with it what had waited for it, oldest first. Changes `foreign` and `wishes`. */
export const foldMapping = (
  mapping: KeptMapping,
  site: string,
  foreign: Foreign,
  wishes: Wish[],
): readonly (Parsed & { readonly receivedTs?: number })[] => {
  const at = foreign.mappings.findIndex(({ topic }) => topic === mapping.topic);
  if (at >= 0) foreign.mappings.splice(at, 1);
  foreign.mappings.unshift(mapping);
  return takeStrangers(foreign.strangers, mapping.topic).flatMap((sample) => read(sample, site, foreign, wishes));
};

/** Gives up a mapping; what it reads is a stranger's again. Changes `foreign`. */
export const dropMapping = (topic: string, foreign: Foreign): void => {
  const at = foreign.mappings.findIndex((mapping) => mapping.topic === topic);
  if (at >= 0) foreign.mappings.splice(at, 1);
};
