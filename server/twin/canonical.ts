/** The one written form of a JSON value (RFC 8785, JCS), so that a hash over it means the value and not its spelling. */
import jcs from "canonicalize";
import { Refused } from "./refusal.ts";

/** Deeper nesting is nobody's record; it would only exhaust the stack. */
const MOST_DEPTH = 64;
// The package is CommonJS whose typings claim a default export that Node does not see.
const serialise = jcs as unknown as (value: unknown) => string;

const LONE_SURROGATE = /\p{Cs}/u;

const refuse = (path: string, why: string): never => {
  throw new Refused("PAYLOAD_INVALID", `${path === "" ? "the value" : path} ${why}`);
};

const check = (value: unknown, path: string, depth: number): void => {
  if (depth > MOST_DEPTH) refuse(path, `is nested deeper than ${MOST_DEPTH}`);
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "string") return LONE_SURROGATE.test(value) ? refuse(path, "has half of a surrogate pair") : undefined;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return;
    throw new Refused("NUMBER_NOT_FINITE", `${path === "" ? "the value" : path} is ${value}`);
  }
  if (typeof value !== "object") return refuse(path, `is ${typeof value}, which JSON does not have`);
  if (Array.isArray(value)) {
    // By index: a hole in an array is undefined here, and would vanish in forEach.
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, depth + 1);
    return;
  }
  if (Object.prototype.toString.call(value) !== "[object Object]" || typeof (value as { toJSON?: unknown }).toJSON === "function")
    refuse(path, "is not a plain object");
  for (const [name, member] of Object.entries(value)) {
    if (LONE_SURROGATE.test(name)) refuse(path, "has a member name with half of a surrogate pair");
    check(member, path === "" ? name : `${path}.${name}`, depth + 1);
  }
};

/**
 * The RFC 8785 text of a JSON value. Throws Refused: NUMBER_NOT_FINITE for NaN and infinities (§3.2.2.3), PAYLOAD_INVALID for
 * lone surrogates (§3.2.2.2) and for whatever JSON does not have (undefined, functions, bigint, holes, dates, maps).
 */
export const canonicalText = (value: unknown): string => {
  check(value, "", 0);
  return serialise(value);
};

/** The same as UTF-8 (§3.2.4), ready to be hashed. */
export const canonicalBytes = (value: unknown): Uint8Array => new TextEncoder().encode(canonicalText(value));
