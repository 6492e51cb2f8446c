/** What viewers send, checked by hand: each is a few numbers. */
import { isPage } from "../../twin/here.ts";
import { refusal, type Refusal } from "../../twin/refusal.ts";

export type Watch = { readonly view: "live" } | ({ readonly view: "replay" } & ReplayWish);
export interface ReplayWish {
  /** ms UTC. */
  readonly from: number;
  readonly to: number;
  /** Times as fast as it happened. */
  readonly speed: number;
}
export interface Control {
  readonly playing?: boolean;
  readonly speed?: number;
  /** Jump to this moment, ms UTC. */
  readonly at?: number;
}

export type Checked<T> = { readonly ok: T } | { readonly refused: Refusal };

const wrong = (detail: string): { readonly refused: Refusal } => ({ refused: refusal("REQUEST_INVALID", detail) });
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSpeed = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value > 0;

export const watchIn = (payload: unknown): Checked<Watch> => {
  const fields = fieldsOf(payload);
  if (fields?.["view"] === "live") return { ok: { view: "live" } };
  if (fields?.["view"] !== "replay") return wrong('view must be "live" or "replay".');
  const { from, to, speed } = fields;
  if (!isTime(from)) return wrong("from must be a time in ms since 1970 UTC.");
  if (!isTime(to)) return wrong("to must be a time in ms since 1970 UTC.");
  if (!isSpeed(speed)) return wrong("speed must be a number above 0.");
  if (from >= to) return { refused: refusal("RANGE_INVALID", "from must be before to.") };
  return { ok: { view: "replay", from, to, speed } };
};

export const ackIn = (payload: unknown): Checked<number> => {
  const n = fieldsOf(payload)?.["n"];
  return Number.isSafeInteger(n) ? { ok: n as number } : wrong("n must be the number of a frame.");
};

export const hereIn = (payload: unknown): Checked<string> => {
  const page = fieldsOf(payload)?.["page"];
  return typeof page === "string" && isPage(page) ? { ok: page } : wrong("page must be the path of a page.");
};

export const controlIn = (payload: unknown): Checked<Control> => {
  const fields = fieldsOf(payload);
  if (fields === null) return wrong("A control is an object with playing, speed or at.");
  const { playing, speed, at } = fields;
  if (playing !== undefined && typeof playing !== "boolean") return wrong("playing must be true or false.");
  if (speed !== undefined && !isSpeed(speed)) return wrong("speed must be a number above 0.");
  if (at !== undefined && !isTime(at)) return wrong("at must be a time in ms since 1970 UTC.");
  if (playing === undefined && speed === undefined && at === undefined) return wrong("A control has playing, speed or at.");
  return {
    ok: { ...(playing === undefined ? {} : { playing }), ...(speed === undefined ? {} : { speed }), ...(at === undefined ? {} : { at }) },
  };
};
