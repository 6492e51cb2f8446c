/** What an incident is: plain data. */
import type { Severity, Symptom } from "./kinds.ts";

export const CAUSES = ["rig", "rack", "pdu", "gateway", "container", "pool", "site", "system"] as const;
export type CauseScope = (typeof CAUSES)[number];
export interface Incident {
  /** `{site}/incident/{scope}/{name}/{openedTs}` */
  readonly id: string;
  readonly site: string;
  readonly scope: CauseScope;
  /** The rack, container, … or the rig. */
  readonly name: string;
  readonly symptom: Symptom;
  readonly severity: Severity;
  /** One sentence: the cause, and what it shows by. */
  readonly says: string;
  readonly openedTs: number;
  /** When the last of its alarms was raised or cleared. */
  readonly lastTs: number;
  readonly closedTs: number | null;
  /** The incident that this one turned out to be part of. */
  readonly mergedInto: string | null;
  readonly members: readonly { readonly rig: string; readonly alarm: string }[];
}
