/** What a rule is: data, and one pure function over a twin and its bounded recent past. */
import type { Model } from "../models.ts";
import type { Twin } from "../twin.ts";
import type { AlarmKind, Severity } from "./kinds.ts";
import type { Watch } from "./watch.ts";

/** Where a rule is asked: with each reading that is newer than the last, or with each tick of the journal's clock. */
export type AskedAt = "reading" | "tick";

/** A number that a site may set. Units stand in its name. */
export interface Threshold {
  readonly standard: number;
  readonly least: number;
  readonly most: number;
  readonly says: string;
}
export type Numbers = Readonly<Record<string, number>>;

/** Degrees at which a machine of this model is in danger (`board`, `chip`), and at which its intake is too warm; °C. */
export interface Limits {
  readonly boardC: number;
  readonly chipC: number;
  readonly intakeC: number;
  readonly psuC: number | null;
}
/** Where the catalogue has no limits: Proto Fleet alarms above 90 °C, MiningOS at 80 °C on an S21's board. */
export const DEFAULT_LIMITS: Limits = { boardC: 80, chipC: 95, intakeC: 40, psuC: null };

/** Everything a rule may look at. One object is used again for the next rig: nothing may keep it. */
export interface Case {
  twin: Twin;
  watch: Watch;
  model: Model | null;
  limits: Limits;
  /** What it should give now, TH/s; null where nothing is known. */
  targetThs: number | null;
  /** It hashes, or should: neither paused nor tuning nor on the way up after a start. */
  isSettled: boolean;
  nowTs: number;
  /** When this journal last began to listen: our own absence is not the rig's. */
  resumedTs: number;
  /** Whether this rig has an active alarm of that kind, or one that is being held. */
  has: (kind: AlarmKind) => boolean;
  /** Pools that the site has approved, `host account`. */
  approved: ReadonlySet<string>;
}

/**
 * A sentence: the condition holds. false: it certainly does not. null: nothing can be said (paused, between two thresholds, no value), so
 * what was being held ends and an alarm stays. undefined: nobody could know (the server was away), so what is held stands still.
 */
export type Opinion = string | false | null | undefined;

export interface Rule {
  readonly kind: AlarmKind;
  readonly asked: AskedAt;
  readonly severity: Severity;
  /** The condition must hold this long before it is raised, ms. */
  readonly holdMs: number;
  /** … and be gone this long before it is cleared, ms. */
  readonly clearMs: number;
  /** What it looks for, for people who set it. */
  readonly says: string;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  readonly check: (of: Case, set: Numbers) => Opinion;
}

export const threshold = (standard: number, least: number, most: number, says: string): Threshold => ({ standard, least, most, says });
export const MINUTE = 60_000;
export const minutes = (ms: number): string => `${Math.max(1, Math.round(ms / MINUTE))} min`;
