/** Every kind of alarm, with what it is about. `symptom` is what alarms of one cause have in common; incidents are rolled up by it. */
export const SEVERITIES = ["info", "minor", "major", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an alarm is about: `rig` in it names a rig, a gateway, a meter's site, or a part of this system. */
export type AlarmScope = "rig" | "gateway" | "site" | "system";
export type Symptom = "silence" | "work" | "heat" | "cooling" | "part" | "sensor" | "pool" | "power" | "clock" | "drift" | "system";

interface Kind {
  readonly scope: AlarmScope;
  readonly symptom: Symptom;
}
const rig = (symptom: Symptom): Kind => ({ scope: "rig", symptom });
const system: Kind = { scope: "system", symptom: "system" };

/** In the order of precedence: of several alarms of one rig, the first names the cause. */
export const KINDS = {
  "gateway-silent": { scope: "gateway", symptom: "silence" },
  offline: rig("silence"),
  "clock-skewed": rig("clock"),
  "too-hot": rig("heat"),
  "fan-stopped": rig("cooling"),
  "board-missing": rig("part"),
  "no-restart": rig("work"),
  "pool-dead": rig("pool"),
  "wrong-pool": rig("pool"),
  fault: rig("work"),
  hung: rig("work"),
  restarts: rig("power"),
  "chips-missing": rig("part"),
  "intake-hot": rig("heat"),
  throttled: rig("heat"),
  "fan-slow": rig("cooling"),
  "low-hashrate": rig("work"),
  "below-own": rig("work"),
  sensor: rig("sensor"),
  rejects: rig("pool"),
  "pool-backup": rig("pool"),
  implausible: rig("power"),
  inefficient: rig("power"),
  drifting: rig("drift"),
  "command-ignored": rig("work"),
  "meter-gap": { scope: "site", symptom: "power" },
  "ingest-stalled": system,
  "store-away": system,
  "chain-away": system,
  "anchor-late": system,
  "proof-mismatch": system,
  "disk-filling": system,
  "rule-failed": system,
} as const satisfies Record<string, Kind>;

export type AlarmKind = keyof typeof KINDS;
export const ALARM_KINDS = Object.keys(KINDS) as [AlarmKind, ...AlarmKind[]];
