/** From the bytes of one entry to what it says, or to the reason why it says nothing. Pure; never throws. */
import { commandTopic, readResponse, type CommandResponse, type Method } from "./command.ts";
import { readAnswers } from "./formats/index.ts";
import { readAnswersEnvelope, readBirth, readEnergy, readState, readTelemetry, type Telemetry } from "./formats/native.ts";
import { newSender, readPlain, type Sender } from "./formats/plain.ts";
import type { Birth } from "./fold.ts";
import { NO_GATEWAYS, readSigned, type Gateways } from "./gateway.ts";
import { lineOf, lineText, unlinked } from "./line.ts";
import type { EnergyReading, Reading, TrustTier } from "./reading.ts";
import { refusal, type Refusal } from "./refusal.ts";
import type { Entry } from "./twin.ts";
import { NAME_PATTERN, ROOT, topicOf, UNFIT } from "./wire.ts";

export type Parsed =
  | { readonly kind: "reading"; readonly reading: Reading }
  | { readonly kind: "energy"; readonly energy: EnergyReading }
  | { readonly kind: "birth"; readonly rig: string; readonly birth: Birth }
  | { readonly kind: "state"; readonly rig: string; readonly ts: number; readonly state: "online" | "offline" | "lost" }
  /** What a machine answered to a command. */
  | { readonly kind: "response"; readonly rig: string; readonly method: Method; readonly response: CommandResponse }
  /** A command on its way to a machine, seen by us as a subscriber: our own, come back from an outside broker. */
  | { readonly kind: "command" }
  /** What a gateway signed: each of its messages, with the topic it stands for. */
  | { readonly kind: "batch"; readonly parts: readonly { readonly topic: string; readonly parsed: Parsed }[] }
  /** A retained message was taken back by an empty one. */
  | { readonly kind: "forgotten" }
  /** A message of another dialect that was there before. */
  | { readonly kind: "repeated" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export const MOST_PAYLOAD_BYTES = 262_144;
/** A device clock further ahead is wrong, not early. */
export const MOST_AHEAD_MS = 300_000;
const EARLIEST_TS = Date.UTC(2020, 0, 1);

const refused = (found: Refusal): Parsed => ({ kind: "refused", refusal: found });
const isRefusal = (value: object): value is Refusal => "code" in value && "detail" in value;

/** What is wrong with a device's clock, null where nothing is. Both times in ms UTC. */
export const clockRefusal = (deviceTs: number, receivedTs: number): Refusal | null => {
  if (deviceTs > receivedTs + MOST_AHEAD_MS)
    return refusal(
      "CLOCK_IN_FUTURE",
      `ts is ${Math.round((deviceTs - receivedTs) / 1_000)} s ahead of the time of receipt; at most 300 s are accepted.`,
    );
  return deviceTs < EARLIEST_TS ? refusal("CLOCK_IMPLAUSIBLE", `ts ${deviceTs} is before 2020-01-01; is it in milliseconds?`) : null;
};

const decoder = new TextDecoder("utf-8", { fatal: true });

/** `known`: the payload as text, where somebody has decoded it already. */
const jsonOf = (payload: Uint8Array, known: string | undefined): { json: unknown } | Refusal => {
  if (payload.length > MOST_PAYLOAD_BYTES)
    return refusal("PAYLOAD_TOO_LARGE", `${payload.length} bytes; the limit is ${MOST_PAYLOAD_BYTES}.`);
  let text: string;
  try {
    text = known ?? decoder.decode(payload);
  } catch {
    return refusal("PAYLOAD_NOT_UTF8", "The bytes are not UTF-8 text.");
  }
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    const bad = /\b(NaN|Infinity)\b/.exec(text);
    if (bad !== null)
      return refusal("NUMBER_NOT_FINITE", `The payload says ${bad[0]}; JSON has no such number. Leave the field out, or send null.`);
    return refusal("PAYLOAD_NOT_JSON", error instanceof Error ? error.message : "The text is not JSON.");
  }
};

/** The parts of a topic of our own dialect, or why it is none. */
export const partsOf = (topic: string, site: string): { rig: string; channel: string } | Refusal => {
  if (topic.startsWith(UNFIT))
    return refusal("TOPIC_INVALID", `"${topic.slice(UNFIT.length, 200)}": a topic has at most 100 levels and does not begin with $.`);
  const levels = topic.split("/");
  if (`${levels[0]}/${levels[1]}` !== ROOT || levels.length !== 5)
    return refusal("TOPIC_UNKNOWN", `No format reads "${topic.slice(0, 200)}".`);
  const [, , topicSite = "", rig = "", channel = ""] = levels;
  const wrong = [topicSite, rig].find((name) => !NAME_PATTERN.test(name));
  if (wrong !== undefined)
    return refusal(
      "TOPIC_INVALID",
      `"${wrong.slice(0, 80)}" is not a name: 1 to 64 of letters, digits, dot, dash, underscore, the first a letter or digit.`,
    );
  if (topicSite !== site) return refusal("TOPIC_UNKNOWN", `This server keeps site "${site}", the message is for "${topicSite}".`);
  return { rig, channel };
};

/** Who speaks, and what its messages were like before. */
interface Speaker {
  readonly rig: string;
  readonly channel: string;
  readonly sender: Sender;
}
/** Topics of readings that were read before, of one site. */
const topics = { site: "", known: new Map<string, Speaker>() };
const MOST_TOPICS = 100_000;
/** A farm's topics come again every few seconds, and the same rig's name is then the same string, whose hash is known. No command's is among them. */
const knownSpeaker = (topic: string, site: string): Speaker | undefined => (topics.site === site ? topics.known.get(topic) : undefined);
/** As `partsOf`, and remembered. */
const newSpeaker = (topic: string, site: string): Speaker | Refusal => {
  const told = partsOf(topic, site);
  if (isRefusal(told)) return told;
  // By name: objects that are spread have each a layout of their own, and every look at one of them is a search.
  const parts = { rig: told.rig, channel: told.channel, sender: newSender() };
  if (topics.site !== site || topics.known.size >= MOST_TOPICS) topics.known.clear();
  topics.site = site;
  // Births and states are rare, and as many as there are rigs.
  if (READINGS.has(parts.channel)) topics.known.set(topic, parts);
  return parts;
};
const READINGS: ReadonlySet<string> = new Set(["telemetry", "answers", "signed"]);

const withClock = (parsed: Parsed, ts: number, receivedTs: number): Parsed => {
  const wrong = clockRefusal(ts, receivedTs);
  return wrong === null ? parsed : refused(wrong);
};

/** What a reading is known by besides its message. */
interface Of {
  readonly site: string;
  readonly rig: string;
  readonly receivedTs: number;
  readonly tier: TrustTier;
}

/** Fields by name: spreading costs as much here as parsing the JSON. */
const readingOf = ({ ts, seq, boot, measured, quality }: Telemetry, { site, rig, receivedTs, tier }: Of): Parsed => {
  const reading: Reading = { site, rig, deviceTs: ts, receivedTs, seq, boot, tier, format: "native", measured, quality, identity: null };
  return withClock({ kind: "reading", reading }, ts, receivedTs);
};

/** One message that has readings in it. */
const parseReading = (channel: "telemetry" | "answers", json: unknown, of: Of): Parsed => {
  if (channel === "telemetry") {
    const told = readTelemetry(json);
    return isRefusal(told) ? refused(told) : readingOf(told, of);
  }
  const { site, rig, receivedTs, tier } = of;
  const told = readAnswersEnvelope(json);
  if (isRefusal(told)) return refused(told);
  const answers = readAnswers(told.answers);
  if (isRefusal(answers)) return refused(answers);
  const { ts, seq, boot } = told;
  const { format, measured, quality, identity } = answers;
  const reading: Reading = { site, rig, deviceTs: ts, receivedTs, seq, boot, tier, format, measured, quality, identity };
  return withClock({ kind: "reading", reading }, ts, receivedTs);
};

/** Cheap, and false for nearly all. */
const isCommandTopic = (topic: string): boolean => topic.includes("/cmd/") && COMMAND_TOPIC.test(topic);
const COMMAND_TOPIC = /^rigtwin\/v1\/[^/]*\/[^/]*\/cmd\//;

const parseCommand = (topic: string, payload: Uint8Array, site: string): Parsed => {
  const told = commandTopic(topic);
  if (isRefusal(told)) return refused(told);
  if (told.site !== site) return refused(refusal("TOPIC_UNKNOWN", `This server keeps site "${site}", the message is for "${told.site}".`));
  if (!told.isResponse) return { kind: "command" };
  const response = readResponse(payload);
  return isRefusal(response) ? refused(response) : { kind: "response", rig: told.rig, method: told.method, response };
};

/** A gateway vouches for what its line says: where that is not what its message says, the reading is nobody's word but its own. */
const vouched = (parsed: Parsed, line: string): Parsed =>
  parsed.kind !== "reading" || lineText(lineOf(parsed.reading, parsed.reading.measured)) === unlinked(line).line
    ? parsed
    : { kind: "reading", reading: { ...parsed.reading, tier: "self-reported" } };

/** The line of a message that a gateway is about to sign, "" where nothing can be read of it. */
export const lineOfMessage = (rig: string, channel: "telemetry" | "answers", payload: unknown): string => {
  const parsed = parseReading(channel, payload, { site: "", rig, receivedTs: Number.MAX_SAFE_INTEGER, tier: "gateway-signed" });
  return parsed.kind === "reading" ? lineText(lineOf(parsed.reading, parsed.reading.measured)) : "";
};

/** Reads one entry of a broker for the server's site. `gateways`: whose signatures can be checked; `text`: the payload, where it is known decoded. */
export const parse = (entry: Entry & { readonly text?: string }, site: string, gateways: Gateways = NO_GATEWAYS): Parsed => {
  const known = knownSpeaker(entry.topic, site);
  if (known === undefined && isCommandTopic(entry.topic)) return parseCommand(entry.topic, entry.payload, site);
  const speaker = known ?? newSpeaker(entry.topic, site);
  if ("code" in speaker) return refused(speaker);
  const { rig, channel, sender } = speaker;
  if (entry.payload.length === 0)
    return entry.retain ? { kind: "forgotten" } : refused(refusal("PAYLOAD_NOT_JSON", "The payload is empty."));
  const plain = channel === "telemetry" && entry.payload.length <= MOST_PAYLOAD_BYTES ? readPlain(entry.payload, sender) : null;
  if (plain !== null) return readingOf(plain, { site, rig, receivedTs: entry.receivedTs, tier: "self-reported" });
  const read = jsonOf(entry.payload, entry.text);
  if (isRefusal(read)) return refused(read);
  const { receivedTs } = entry;
  switch (channel) {
    case "telemetry":
    case "answers":
      return parseReading(channel, read.json, { site, rig, receivedTs, tier: "self-reported" });
    case "signed": {
      const told = readSigned(read.json, rig, receivedTs, gateways);
      if (isRefusal(told)) return refused(told);
      const parts = told.messages.map(({ rig: of, channel: kind, payload, line }) => {
        const parsed = parseReading(kind, payload, { site, rig: of, receivedTs, tier: told.isSigned ? "gateway-signed" : "self-reported" });
        return { topic: topicOf(site, of, kind), parsed: line === null ? parsed : vouched(parsed, line) };
      });
      return { kind: "batch", parts };
    }
    case "energy": {
      const told = readEnergy(read.json);
      if (isRefusal(told)) return refused(told);
      const { ts, seq, boot, ...measured } = told;
      return withClock({ kind: "energy", energy: { site, meter: rig, deviceTs: ts, receivedTs, seq, boot, ...measured } }, ts, receivedTs);
    }
    case "birth": {
      const told = readBirth(read.json);
      if (isRefusal(told)) return refused(told);
      return { kind: "birth", rig, birth: { identity: told.identity, nameplate: told.nameplate, position: told.position } };
    }
    case "state": {
      const told = readState(read.json);
      return isRefusal(told) ? refused(told) : { kind: "state", rig, ts: told.ts, state: told.state };
    }
    default:
      return refused(
        refusal("TOPIC_UNKNOWN", `"${channel.slice(0, 80)}" is not a channel of ours: telemetry, answers, birth, state, energy, signed.`),
      );
  }
};
