/** What states, kinds and tiers are called. */
import type { AlarmKind, RigState, Severity } from "../server/twin/twin.ts";
import type { Quality, TrustTier } from "../server/twin/reading.ts";
import type { PARTS, RecordKind, RecordStatus } from "../server/twin/record.ts";
import type { Connection } from "./state.ts";

const states: Readonly<Record<RigState, string>> = {
  new: "New",
  hashing: "Hashing",
  low: "Low",
  tuning: "Tuning",
  paused: "Paused",
  hung: "Hung",
  fault: "Fault",
  offline: "Offline",
};
const stateMeans: Readonly<Record<RigState, string>> = {
  new: "announced, no reading yet",
  hashing: "at work",
  low: "hashes well below its nameplate",
  tuning: "its firmware is finding its settings",
  paused: "stopped on purpose",
  hung: "answers and does not hash",
  fault: "says that something is broken",
  offline: "nothing comes from it",
};
const stateCodes: Readonly<Record<RigState, string>> = {
  new: "NEW",
  hashing: "",
  low: "LOW",
  tuning: "TUN",
  paused: "PAU",
  hung: "HUN",
  fault: "FLT",
  offline: "OFF",
};
const severities: Readonly<Record<Severity, string>> = { info: "Info", minor: "Minor", major: "Major", critical: "Critical" };
const alarmKinds: Readonly<Record<AlarmKind, string>> = {
  offline: "Offline",
  hung: "Does not hash",
  fault: "Fault",
  "no-restart": "No restart",
  restarts: "Restarts",
  "low-hashrate": "Low hashrate",
  "below-own": "Below its own",
  "board-missing": "Board missing",
  "chips-missing": "Chips missing",
  "too-hot": "Too hot",
  "intake-hot": "Intake too hot",
  throttled: "Throttled",
  "fan-stopped": "Fan stopped",
  "fan-slow": "Fan slow",
  sensor: "Sensor",
  rejects: "Rejected shares",
  "pool-dead": "Pool dead",
  "pool-backup": "On backup pool",
  "wrong-pool": "Wrong pool",
  implausible: "Implausible",
  inefficient: "Inefficient",
  drifting: "Drifting",
  "clock-skewed": "Clock skewed",
  "command-ignored": "Command ignored",
  "gateway-silent": "Gateway silent",
  "meter-gap": "Meter gap",
  "ingest-stalled": "Ingest stalled",
  "store-away": "Store away",
  "chain-away": "Chain away",
  "anchor-late": "Anchor late",
  "proof-mismatch": "Proof mismatch",
  "disk-filling": "Disk filling",
  "rule-failed": "Rule failed",
};
const kinds: Readonly<Record<RecordKind, string>> = {
  registration: "Registration",
  installation: "Installation",
  inspection: "Inspection",
  cleaning: "Cleaning",
  "part-replaced": "Part replaced",
  firmware: "Firmware",
  "repair-sent": "Sent for repair",
  "repair-returned": "Back from repair",
  retired: "Retired",
};
const statuses: Readonly<Record<RecordStatus, string>> = { sealed: "Sealed", sent: "Sent", final: "Final", refused: "Refused" };
const parts: Readonly<Record<(typeof PARTS)[number], string>> = {
  board: "Hash board",
  psu: "Power supply",
  fan: "Fan",
  "control-board": "Control board",
  other: "Other",
};
const tiers: Readonly<Record<TrustTier, string>> = {
  "self-reported": "Self-reported",
  "gateway-signed": "Gateway-signed",
  "hardware-signed": "Hardware-signed",
};
const tierMeans: Readonly<Record<TrustTier, string>> = {
  "self-reported": "The machine said so; nobody vouches for it.",
  "gateway-signed": "The farm's gateway signed what the machine said.",
  "hardware-signed": "Signed inside the machine.",
};
const qualities: Readonly<Record<Quality, string>> = {
  ok: "plausible",
  missing: "not told",
  sentinel: "the machine's word for “no value”",
  frozen: "has not moved for too long",
  implausible: "outside what is possible",
  late: "came after a newer one",
};
const connections: Readonly<Record<Connection, string>> = {
  connecting: "Connecting",
  live: "Live",
  stale: "Stale",
  offline: "Offline",
  locked: "Locked",
  outside: "Twins only",
};
const sources: Readonly<Record<string, string>> = {
  grid: "Grid",
  solar: "Solar",
  wind: "Wind",
  hydro: "Hydro",
  gas: "Gas",
  battery: "Battery",
};

export const names = {
  states,
  stateMeans,
  stateCodes,
  severities,
  alarmKinds,
  kinds,
  statuses,
  parts,
  tiers,
  tierMeans,
  qualities,
  connections,
  sources,
} as const;
