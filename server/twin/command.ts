/**
 * What a machine may be told, and what it answers. A request goes to `rigtwin/v1/{site}/{rig}/cmd/{method}` (QoS 1, never retained), the
 * answers come on `…/cmd/{method}/resp` (QoS 1, not retained) and carry the request's `id`. Both ends import this file.
 *
 * The far end, in this order: reads the request (`readRequest`); refuses what it cannot read; answers `expired` and does nothing when
 * `isExpired` by its own clock, since a late "resume" costs hardware; answers an `id` it has had before as it did then, and does nothing
 * again, since QoS 1 may bring a message twice; else answers `accepted`, carries it out, and answers `succeeded` or `failed`. What it will
 * not or cannot do it answers `refused` to, with the reason in `detail`. `succeeded` means that the machine took it; whether it then does
 * it shows in its readings.
 */
import { z } from "zod";
import { refusal, type Refusal } from "./refusal.ts";
import { NAME_PATTERN, ROOT } from "./wire.ts";

const none = z.strictObject({});
const pool = z.strictObject({
  url: z
    .string()
    .max(200)
    .regex(/^stratum2?\+(tcp|ssl|tls):\/\/[^\s/@]+(\/\S*)?$|^[A-Za-z0-9.-]+:\d{1,5}$/, "must be stratum+tcp://host:port without a user"),
  worker: z.string().min(1).max(128),
});

/** Arguments of each method. Pools carry no password: by custom it means nothing ("x"), and the journal is no place for secrets. */
export const ARGS = {
  /** Restarts the control board and with it the mining. */
  reboot: none,
  /** Stops hashing; the control board stays reachable. Also called sleep or curtail. */
  pause: none,
  resume: none,
  /** W at the wall the machine shall hold itself to; null: its own default. */
  "power-target": z.strictObject({ powerW: z.int().min(1).max(30_000).nullable() }),
  /** `auto`: the firmware's own control. `manual`: a fixed share of full speed. */
  "fan-mode": z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("auto") }),
    z.strictObject({ mode: z.literal("manual"), speedPct: z.number().min(0).max(100) }),
  ]),
  /** Replaces the whole list, in the order of preference. */
  pools: z.strictObject({ pools: z.array(pool).min(1).max(4) }),
  /** The LED by which a technician finds it; goes off by itself after `forS` where that is given. */
  locate: z.strictObject({ on: z.boolean(), forS: z.int().min(1).max(86_400).optional() }),
} as const;

export type Method = keyof typeof ARGS;
export const METHODS = Object.keys(ARGS) as readonly Method[];
export type Args<M extends Method = Method> = z.infer<(typeof ARGS)[M]>;

/** `{v, id, ts, expiresTs, args}` with the method from the topic. Times in ms UTC. */
export interface CommandRequest<M extends Method = Method> {
  readonly method: M;
  /** Correlation id, of the sender's making. */
  readonly id: string;
  readonly ts: number;
  /** From this time on it must not be carried out. */
  readonly expiresTs: number;
  readonly args: Args<M>;
}
/** One of `method: "reboot", args: {}` … so that a switch over `method` knows its `args`. */
export type AnyRequest = { readonly [M in Method]: CommandRequest<M> }[Method];

export const RESPONSE_STATUSES = ["accepted", "succeeded", "failed", "refused", "expired"] as const;
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number];

/** `{v, id, ts, status, detail}`. `accepted` may be followed by one of the others, which are final. */
export interface CommandResponse {
  readonly id: string;
  /** The far end's clock, ms UTC. */
  readonly ts: number;
  readonly status: ResponseStatus;
  /** One sentence: what the machine said, or why not. */
  readonly detail: string;
}

export const commandTopicOf = (site: string, rig: string, method: Method): string => `${ROOT}/${site}/${rig}/cmd/${method}`;
export const responseTopicOf = (site: string, rig: string, method: Method): string => `${commandTopicOf(site, rig, method)}/resp`;
/** What a far end subscribes to: every command for one rig, or for every rig of the site where `rig` is "+". */
export const commandFilterOf = (site: string, rig: string): string => `${ROOT}/${site}/${rig}/cmd/+`;

export interface CommandTopic {
  readonly site: string;
  readonly rig: string;
  readonly method: Method;
  readonly isResponse: boolean;
}
const isMethod = (name: string): name is Method => Object.hasOwn(ARGS, name);

/** The parts of a command's or an answer's topic, or why it is none: TOPIC_UNKNOWN, TOPIC_INVALID, COMMAND_UNKNOWN. */
export const commandTopic = (topic: string): CommandTopic | Refusal => {
  const [first, second, site = "", rig = "", channel, method = "", last, ...more] = topic.split("/");
  if (`${first}/${second}` !== ROOT || channel !== "cmd" || more.length > 0 || (last !== undefined && last !== "resp"))
    return refusal("TOPIC_UNKNOWN", `"${topic.slice(0, 200)}" is no command's topic.`);
  const wrong = [site, rig].find((name) => !NAME_PATTERN.test(name));
  if (wrong !== undefined) return refusal("TOPIC_INVALID", `"${wrong.slice(0, 80)}" is not a name.`);
  if (!isMethod(method)) return refusal("COMMAND_UNKNOWN", `"${method.slice(0, 80)}" is no method; there are: ${METHODS.join(", ")}.`);
  return { site, rig, method, isResponse: last === "resp" };
};

const id = z.string().min(1).max(64);
const ts = z.int().min(0);
const requestHead = z.object({ v: z.unknown(), id, ts, expiresTs: ts, args: z.unknown() });
const response = z.object({ v: z.unknown(), id, ts, status: z.enum(RESPONSE_STATUSES), detail: z.string().max(500).default("") });

const MOST_BYTES = 16_384;
const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

const faultOf = (error: z.ZodError, at: string): Refusal => {
  const [issue] = error.issues;
  const path = [at, ...(issue?.path ?? []).map(String)].filter((part) => part !== "").join(".");
  return refusal("PAYLOAD_INVALID", `${path === "" ? "the payload" : path}: ${issue?.message ?? "is wrong"}.`);
};

const jsonOf = (payload: Uint8Array): { readonly json: unknown } | Refusal => {
  if (payload.length > MOST_BYTES) return refusal("PAYLOAD_TOO_LARGE", `${payload.length} bytes; the limit of a command is ${MOST_BYTES}.`);
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch {
    return refusal("PAYLOAD_NOT_UTF8", "The bytes are not UTF-8 text.");
  }
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return refusal("PAYLOAD_NOT_JSON", error instanceof Error ? error.message : "The text is not JSON.");
  }
};

const headed = <T extends { readonly v?: unknown }>(payload: Uint8Array, schema: z.ZodType<T>): { readonly told: T } | Refusal => {
  const read = jsonOf(payload);
  if ("code" in read) return read;
  const { json } = read;
  const version = typeof json === "object" && json !== null && "v" in json ? json.v : undefined;
  if (version !== undefined && version !== 1)
    return refusal("VERSION_UNKNOWN", `v is ${JSON.stringify(version)?.slice(0, 40)}, only 1 is read.`);
  const parsed = schema.safeParse(json);
  if (!parsed.success) return faultOf(parsed.error, "");
  return version === 1 ? { told: parsed.data } : refusal("PAYLOAD_INVALID", "v: is missing.");
};

/** Checks arguments against their method: PAYLOAD_INVALID, with the field's name, where they do not fit. */
export const readArgs = <M extends Method>(method: M, args: unknown): { readonly args: Args<M> } | Refusal => {
  const parsed = ARGS[method].safeParse(args ?? {});
  return parsed.success ? { args: parsed.data as Args<M> } : faultOf(parsed.error, "args");
};

/** Reads a request's payload for the method of its topic. Gives the request, or a Refusal that names the field. Never throws. */
export const readRequest = (method: Method, payload: Uint8Array): AnyRequest | Refusal => {
  const read = headed(payload, requestHead);
  if ("code" in read) return read;
  const { told } = read;
  const checked = readArgs(method, told.args);
  if ("code" in checked) return checked;
  return { method, id: told.id, ts: told.ts, expiresTs: told.expiresTs, args: checked.args } as AnyRequest;
};

/** A clock that is so far behind the sender's cannot tell whether a request is still good. */
const MOST_AHEAD_MS = 60_000;

/** Why a request must not be carried out at `nowTs` (the far end's own clock, ms UTC), null where it may. */
export const expiryOf = ({ ts: sentTs, expiresTs }: Pick<CommandRequest, "ts" | "expiresTs">, nowTs: number): string | null => {
  if (nowTs >= expiresTs) return `It expired ${Math.round((nowTs - expiresTs) / 1_000)} s ago.`;
  if (sentTs > nowTs + MOST_AHEAD_MS)
    return `It was sent ${Math.round((sentTs - nowTs) / 1_000)} s in the future: one of the two clocks is wrong, so its expiry cannot be judged.`;
  return null;
};

/** Reads an answer's payload. Gives the response, or a Refusal that names the field. Never throws. */
export const readResponse = (payload: Uint8Array): CommandResponse | Refusal => {
  const read = headed(payload, response);
  if ("code" in read) return read;
  const { id: of, ts: at, status, detail } = read.told;
  return { id: of, ts: at, status, detail };
};

/** The request as it goes onto the wire. */
export const requestBytes = ({ id: of, ts: at, expiresTs, args }: AnyRequest): Uint8Array =>
  encoder.encode(JSON.stringify({ v: 1, id: of, ts: at, expiresTs, args }));
/** The answer as it goes onto the wire; `detail` is cut to what is read. */
export const responseBytes = ({ id: of, ts: at, status, detail }: CommandResponse): Uint8Array =>
  encoder.encode(JSON.stringify({ v: 1, id: of, ts: at, status, detail: detail.slice(0, 500) }));
