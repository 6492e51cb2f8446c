import type { AlarmKind, AlarmScope, Severity } from "./alarms/kinds.ts";
import type { Identity, Measured, Position, Quality, TrustTier } from "./reading.ts";

/** One message as it came, before the journal gave it a place and a time. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  /** MQTT client id where the broker tells it, else "". */
  readonly client: string;
}

/** One thing that happened, as the journal keeps it. */
export interface Entry extends Message {
  /** 1-based, without gaps. */
  readonly pos: number;
  /** Journal clock, ms since 1970 UTC, never falls. */
  readonly receivedTs: number;
}

/**
 * What a rig is doing, as operators say it. `hung`: it answers and does not hash. `offline`: nothing came for the offline
 * threshold, or its Will said so. `new`: born, no reading yet.
 */
export const RIG_STATES = ["new", "hashing", "low", "tuning", "paused", "hung", "fault", "offline"] as const;
export type RigState = (typeof RIG_STATES)[number];

/** What the maker promises for a model, or the birth message states. */
export interface Nameplate {
  readonly hashrateThs: number;
  readonly powerW: number;
  readonly boards: number;
  /** On each board. */
  readonly chips: number;
  readonly fans: number;
}

export interface TwinCounts {
  /** Accepted readings. */
  readonly readings: number;
  /** Same boot and sequence, or same device time, seen before: changed nothing. */
  readonly duplicates: number;
  /** Came after a newer one. */
  readonly late: number;
  /** Sequence numbers that never came. */
  readonly missed: number;
}

/** The folded state of one rig. Plain JSON data: its canonical bytes are compared between runs. */
export interface Twin {
  readonly site: string;
  readonly rig: string;
  /** Place in the order of first sight; the row number on the wire. */
  readonly index: number;
  readonly state: RigState;
  /** Journal time at which `state` began. */
  readonly stateSinceTs: number;
  readonly identity: Identity;
  /** Catalogue id (models.ts), null where the model is not in it. */
  readonly modelId: string | null;
  readonly nameplate: Nameplate | null;
  readonly position: Position | null;
  readonly tokenId: number | null;
  readonly tier: TrustTier;
  readonly format: string | null;
  readonly firstSeenTs: number;
  /** Journal time of the newest accepted reading. */
  readonly lastSeenTs: number | null;
  readonly lastDeviceTs: number | null;
  /** Median-like running estimate of receive minus device time, ms. */
  readonly skewMs: number | null;
  readonly boot: string | null;
  readonly lastSeq: number | null;
  /** What its retained state topic says. */
  readonly announced: "online" | "offline" | "lost" | null;
  readonly latest: Measured;
  readonly quality: Readonly<Record<string, Quality>>;
  readonly counts: TwinCounts;
  /** Goes up with each change. */
  readonly rev: number;
}

export { ALARM_KINDS, SEVERITIES, type AlarmKind, type AlarmScope, type Severity } from "./alarms/kinds.ts";

/** One alarm per rig and kind. Four states: active or cleared, acknowledged or not. */
export interface Alarm {
  /** `{site}/{rig}/{kind}/{raisedTs}` */
  readonly id: string;
  readonly site: string;
  /** The rig; or the gateway, the site, or the part of this system that it is about (`scope`). */
  readonly rig: string;
  readonly scope: AlarmScope;
  readonly kind: AlarmKind;
  readonly severity: Severity;
  /** Event time from which the condition held. */
  readonly sinceTs: number;
  /** When the hold time was over. */
  readonly raisedTs: number;
  readonly clearedTs: number | null;
  readonly acknowledgedTs: number | null;
  readonly acknowledgedBy: string | null;
  readonly owner: string | null;
  readonly comments: readonly { readonly ts: number; readonly by: string; readonly text: string }[];
  /** No notification until then. */
  readonly snoozedUntilTs: number | null;
  /** The incident it belongs to. */
  readonly incident: string | null;
  /** One sentence with figures and units. */
  readonly message: string;
}

/** Site-wide figures, recomputed with each frame. */
/** Who told a figure of the site; null: nobody. `rigs`: the sum of what they report. */
export interface ToldBy {
  readonly mix: "meter" | "plan" | null;
  readonly carbon: "meter" | "feed" | "entered" | "setting" | null;
  readonly price: "meter" | "entered" | "setting" | null;
  readonly today: "meter" | "rigs" | null;
}
/** What the journal alone says of a site. */
export type BareTotals = Omit<SiteTotals, "told">;
export interface SiteTotals {
  readonly site: string;
  readonly rigs: number;
  readonly byState: Readonly<Record<RigState, number>>;
  readonly hashrateThs: number;
  readonly nameplateThs: number;
  /** What the rigs should give now: the nameplate, less where they are throttled on purpose, nothing where they are paused. */
  readonly targetThs: number;
  /** Sum of what rigs report. */
  readonly reportedW: number;
  /** What the site's meter says; null where no meter has spoken. */
  readonly meteredW: number | null;
  readonly meteredTs: number | null;
  readonly sourcesW: Readonly<Record<string, number>>;
  /** Mix-weighted, direct emissions of own sources counted as 0 except gas. */
  readonly gco2ePerKwh: number | null;
  readonly pricePerKwh: number | null;
  readonly currency: string | null;
  readonly ambientC: number | null;
  /** At the wall: metered where there is a meter, else reported. */
  readonly efficiencyJTh: number | null;
  readonly hottestBoardC: number | null;
  readonly hottestChipC: number | null;
  readonly activeAlarms: Readonly<Record<Severity, number>>;
  /** Since local midnight UTC of the newest entry. */
  readonly todayKwh: number;
  readonly todayCost: number | null;
  readonly todayKgco2e: number | null;
  readonly told: ToldBy;
  /** Journal time of the newest entry folded. */
  readonly asOfTs: number;
}
