/** One machine that took the place of another, as a vendor's replacement after a return does: both keep their tokens and their histories. */
import { z } from "zod";
import type { Ledger } from "./ledger.ts";
import { recordsOf } from "./ledger.ts";
import type { Act } from "./record.ts";

export type Substitute = Extract<Act, { what: "substitute" }>;

const place = z.object({ rig: z.string(), tokenId: z.int().nullable() });
/** `by`: what took this machine's place; `of`: whose place it took. */
export const substitution = z.object({ by: place.nullable(), of: z.array(place) });
export const newSubstitute = z.object({
  substitute: z.string().min(1).max(64).describe("name of the machine that takes the place"),
  performedTs: z.int().min(0).describe("ms since 1970 UTC"),
  technician: z
    .string()
    .min(1)
    .max(64)
    // Nothing that a screen or a log would obey.
    .regex(/^[^\p{C}]+$/u, "has a control character")
    .describe("a pseudonym, never a person's name"),
});
export type SubstitutionLine = z.infer<typeof substitution>;
export type NewSubstitute = z.infer<typeof newSubstitute>;

/** Notes that a machine took another's place; the first word about a machine stands. Changes `ledger`. */
export const foldSubstitute = (ledger: Ledger, { rig, substitute, performedTs, by }: Substitute): void => {
  if (substituteFault(ledger, rig, substitute) === null) ledger.substitutes.set(rig, { rig: substitute, performedTs, by });
};

const hasEnded = (ledger: Ledger, rig: string): boolean =>
  ledger.substitutes.has(rig) || recordsOf(ledger, rig).some(({ body }) => body.kind === "retired");

/** Why the one cannot take the other's place; null where it can. */
export const substituteFault = (ledger: Ledger, rig: string, substitute: string): string | null => {
  if (rig === substitute) return "A machine cannot take its own place.";
  if (ledger.substitutes.has(rig)) return `${ledger.substitutes.get(rig)?.rig} has taken the place of ${rig} already.`;
  if (hasEnded(ledger, rig)) return `${rig} is retired; nothing can take its place any more.`;
  return hasEnded(ledger, substitute) ? `${substitute} does not serve any more.` : null;
};

/** What is shown of a machine. */
export const substitutionOf = (ledger: Ledger, rig: string): SubstitutionLine => {
  const placeOf = (name: string) => ({ rig: name, tokenId: ledger.tokens.get(name)?.tokenId ?? null });
  const by = ledger.substitutes.get(rig);
  return {
    by: by === undefined ? null : placeOf(by.rig),
    of: [...ledger.substitutes].flatMap(([old, { rig: name }]) => (name === rig ? [placeOf(old)] : [])),
  };
};
