/** A bundle out of a file that somebody chose. Whatever the file is, the answer is a bundle's shape or a sentence. */
import { fileText as text } from "../proof/texts.ts";

const MOST_BYTES = 64 * 1_024 * 1_024;
const BUNDLE = "rigtwin/bundle/v1";

export type Read = { readonly ok: true; readonly evidence: Claim } | { readonly ok: false; readonly says: string };

/** What a bundle says of itself, before anything of it is checked; the check goes over all members. */
export interface Claim {
  readonly context: typeof BUNDLE;
  readonly site?: unknown;
  readonly rig?: unknown;
  readonly tokenId?: unknown;
  readonly madeTs?: unknown;
  readonly chain?: { readonly chainId?: unknown; readonly contract?: unknown; readonly local?: unknown };
  readonly identity?: { readonly make?: unknown; readonly model?: unknown; readonly serial?: unknown };
  readonly records?: readonly unknown[];
  readonly days: readonly {
    readonly date?: unknown;
    readonly totals?: { readonly deliveredThH?: unknown; readonly energyKwh?: unknown };
  }[];
}

const isClaim = (value: unknown): value is Claim => {
  if (typeof value !== "object" || value === null) return false;
  const { context, days } = value as { readonly context?: unknown; readonly days?: unknown };
  return context === BUNDLE && Array.isArray(days) && days.every((day) => typeof day === "object" && day !== null);
};

export const readBundle = async (file: File): Promise<Read> => {
  const name = file.name.slice(0, 80);
  if (file.size > MOST_BYTES) return { ok: false, says: text.tooLarge(name, Math.ceil(file.size / 1_048_576)) };
  if (file.size === 0) return { ok: false, says: text.empty(name) };
  let content: string;
  try {
    content = await file.text();
  } catch {
    return { ok: false, says: text.unreadable(name) };
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { ok: false, says: /^\s*[{[]/.test(content) ? text.cutOff(name) : text.notJson(name) };
  }
  return isClaim(value) ? { ok: true, evidence: value } : { ok: false, says: text.notBundle(name) };
};
