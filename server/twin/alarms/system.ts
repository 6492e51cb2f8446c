/** Alarms that are not about a single rig: gateways, the site's meter, and this system itself. */
import type { Alarm, Twin } from "../twin.ts";
import { scopeOf, settle, type AlarmBook } from "./book.ts";
import type { AlarmKind, Severity } from "./kinds.ts";
import { MINUTE, minutes, threshold, type Opinion, type Threshold } from "./rule.ts";

/** What the server says of its own parts, written into the journal when it changes. */
export interface PartHealth {
  readonly ok: boolean;
  readonly detail: string;
  /** What it is about, where the part has to find it again after a restart. */
  readonly about?: readonly string[];
}
export type SystemPart = "store" | "chain" | "anchor" | "proof" | "disk";

export interface SystemView {
  readonly site: string;
  readonly nowTs: number;
  readonly resumedTs: number;
  readonly twins: ReadonlyMap<string, Twin>;
  /** What gateways say on their state topics, and when one was last heard. */
  readonly gateways: ReadonlyMap<string, { readonly state: string; readonly heardTs: number }>;
  readonly parts: ReadonlyMap<string, PartHealth>;
  /** Journal time of the last message of any device. */
  readonly deviceTs: number;
  readonly meteredW: number | null;
  /** Rigs that are told to do something and do not, with what they do instead. */
  readonly ignoring: ReadonlyMap<string, string>;
  /** Of what an alarm of that kind stands. */
  readonly standing: (kind: AlarmKind) => readonly string[];
}
export interface SystemRule {
  readonly kind: AlarmKind;
  readonly severity: Severity;
  readonly holdMs: number;
  readonly clearMs: number;
  readonly says: string;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /** An opinion about each subject. */
  readonly check: (view: SystemView, set: Readonly<Record<string, number>>) => Iterable<readonly [subject: string, Opinion]>;
}

const part = (kind: AlarmKind, name: SystemPart, severity: Severity, holdMs: number, says: string): SystemRule => ({
  kind,
  severity,
  holdMs,
  clearMs: 0,
  says,
  thresholds: {},
  check: ({ parts }) => {
    const health = parts.get(name);
    return [["rigtwin", health === undefined ? null : health.ok ? false : health.detail]];
  },
});

export const SYSTEM_RULES: readonly SystemRule[] = [
  {
    kind: "gateway-silent",
    severity: "critical",
    holdMs: MINUTE,
    clearMs: 0,
    says: "A gateway's connection broke, or it left.",
    thresholds: {},
    check: function* ({ gateways }) {
      for (const [name, { state }] of gateways)
        yield [
          name,
          state === "lost" ? `Gateway ${name}: its connection broke.` : state === "offline" ? `Gateway ${name} left.` : false,
        ] as const;
    },
  },
  {
    kind: "meter-gap",
    severity: "minor",
    holdMs: 15 * MINUTE,
    clearMs: 5 * MINUTE,
    says: "The site's meter and the sum of what rigs report are further apart than overhead explains.",
    thresholds: {
      abovePct: threshold(20, 2, 200, "the meter above the sum, %"),
      belowPct: threshold(3, 0, 100, "the meter below the sum, %"),
    },
    check: ({ site, twins, meteredW }, { abovePct = 20, belowPct = 3 }) => {
      if (meteredW === null) return [[site, null]];
      let sumW = 0;
      let without = 0;
      for (const { state, latest } of twins.values()) {
        if (state === "offline" || latest.powerW === null) without += 1;
        else sumW += latest.powerW;
      }
      // Rigs that say nothing still take power: then the two cannot be compared.
      if (twins.size === 0 || sumW < 1_000 || without > twins.size * 0.01) return [[site, null]];
      const above = (100 * (meteredW - sumW)) / sumW;
      const said = `The meter says ${Math.round(meteredW / 1_000)} kW, the rigs ${Math.round(sumW / 1_000)} kW.`;
      return [[site, above > abovePct || above < -belowPct ? said : false]];
    },
  },
  {
    kind: "command-ignored",
    severity: "minor",
    holdMs: 0,
    clearMs: 0,
    says: "A rig that is paused for a curtailment wakes by itself, again and again; it is not told any more.",
    thresholds: {},
    check: ({ ignoring, standing }) =>
      [...new Set([...ignoring.keys(), ...standing("command-ignored")])].map((rig) => [rig, ignoring.get(rig) ?? false] as const),
  },
  {
    kind: "ingest-stalled",
    severity: "critical",
    holdMs: 0,
    clearMs: 0,
    says: "No message of any device has come.",
    thresholds: { silentS: threshold(300, 30, 86_400, "silence of the whole site, s") },
    check: ({ twins, nowTs, resumedTs, deviceTs }, { silentS = 300 }) => {
      if (twins.size === 0) return [["rigtwin", null]];
      if (nowTs - deviceTs <= silentS * 1_000) return [["rigtwin", false]];
      return [
        [
          "rigtwin",
          nowTs - resumedTs <= silentS * 1_000 ? undefined : `Nothing has come from any device for ${minutes(nowTs - deviceTs)}.`,
        ],
      ];
    },
  },
  part("store-away", "store", "major", MINUTE, "The series store is away."),
  part("chain-away", "chain", "minor", 5 * MINUTE, "The chain is away."),
  part("anchor-late", "anchor", "major", 0, "A sealed day has not come onto the chain in time."),
  part("proof-mismatch", "proof", "critical", 0, "A sealed day contradicts what the chain has of it."),
  part("disk-filling", "disk", "critical", 0, "The disk of the data folder is filling."),
  {
    kind: "rule-failed",
    severity: "minor",
    holdMs: 0,
    clearMs: 10 * MINUTE,
    says: "A rule cannot be computed.",
    thresholds: {},
    check: () => [],
  },
];

/** Asks every rule about the system; gives the alarms that were raised or cleared. Changes `book`. */
export const judgeSystem = (book: AlarmBook, view: SystemView): Alarm[] => {
  const changed: Alarm[] = [];
  for (const rule of SYSTEM_RULES) {
    const set = book.settings.get(rule.kind) ?? {};
    if (set.enabled === false) continue;
    const times = { holdMs: set.holdMs ?? rule.holdMs, clearMs: set.clearMs ?? rule.clearMs, severity: set.severity ?? rule.severity };
    for (const [subject, opinion] of rule.check(view, set.thresholds ?? {})) {
      const alarm = settle(book, { site: view.site, rig: subject, scope: scopeOf(rule.kind) }, rule.kind, opinion, times, view.nowTs);
      if (alarm !== null) changed.push(alarm);
    }
  }
  const times = { holdMs: 0, clearMs: 10 * MINUTE, severity: "minor" as const };
  for (const { kind, lastTs, lastRig, message } of book.faults.values()) {
    const opinion = view.nowTs - lastTs < MINUTE ? `The rule "${kind}" cannot be computed (last for ${lastRig}): ${message}` : false;
    const alarm = settle(book, { site: view.site, rig: `rule-${kind}`, scope: "system" }, "rule-failed", opinion, times, view.nowTs);
    if (alarm !== null) changed.push(alarm);
  }
  return changed;
};
