/** What the HTTP edge is handed: plain functions. A handler that refuses throws Refused; anything else it throws is INTERNAL. */
import type { Incident } from "../../twin/alarms/incident.ts";
import type { AlarmActTold, AlarmRules, CommandPlan, CommandsQuery, NewCommands } from "../../twin/alarms/shapes.ts";
import type { ExpectedAnswer, ExpectedQuery, NewTrial, TrialAnswer } from "../../twin/alarms/watch-shapes.ts";
import type { Command, Ordered, Planned } from "../../twin/commands.ts";
import type { AlarmActs } from "../../twin/alarm-bulk.ts";
import type { z } from "zod";
import type * as access from "../../twin/access.ts";
import type * as curtail from "../../twin/curtail/shapes.ts";
import type * as notes from "../../twin/notes/shapes.ts";
import type * as push from "../../twin/notify/push.ts";
import type * as notify from "../../twin/notify/shapes.ts";
import type {
  acknowledge,
  AlarmsQuery,
  ChainInfo,
  energyTruth,
  healthAnswer,
  InboxAnswer,
  MappingPreview,
  DraftWish,
  NewRecord,
  NewTechnician,
  RecordDraft,
  TechnicianLine,
  PartChanges,
  PartChangesQuery,
  PartReason,
  RefusalLine,
  RigLine,
  RigsQuery,
  Status,
} from "../../twin/api.ts";
import type { DaysAnswer, ProvenDay, SignedPage } from "../../twin/bundle.ts";
import type { Mapping } from "../../twin/dialects/mapping.ts";
import type { Questions } from "../../twin/questions.ts";
import type { PartChange } from "../../twin/part-changes.ts";
import type { Principal } from "../../twin/rights.ts";
import type { TwinRecord } from "../../twin/record.ts";
import type { EnergyAnswer, RigSeriesQuery, SeriesAnswer, SiteSeriesAnswer, SiteSeriesQuery } from "../../twin/series.ts";
import type { Alarm, SiteTotals, Twin } from "../../twin/twin.ts";
import type { NewQuotes, Quote } from "../../twin/usage/quotes.ts";
import type { MonthReport, ReportQuery } from "../../twin/usage/report.ts";
import type { Usage, UsageQuery } from "../../twin/usage/shapes.ts";
import type { Media } from "../../twin/orders/image.ts";
import type { NewOrder, Order, OrderChange, OrdersQuery, PlanChange, Plans, Reliability } from "../../twin/orders/shapes.ts";
import type { NewSubstitute, SubstitutionLine } from "../../twin/substitution.ts";

export type Maybe<T> = T | Promise<T>;

export interface Passport {
  readonly tokenId: number;
  readonly owner: string | null;
  readonly tokenUri: string | null;
  readonly chain: ChainInfo;
  readonly twin: Twin;
  readonly records: readonly TwinRecord[];
  readonly partChanges: readonly PartChange[];
  readonly substitution: SubstitutionLine;
}

/** JSON-RPC 2.0. */
export interface RpcCall {
  readonly jsonrpc: "2.0";
  readonly id: string | number | null;
  readonly method: string;
  readonly params: readonly unknown[];
}
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
export type RpcAnswer = { readonly id: RpcCall["id"]; readonly jsonrpc: "2.0" } & (
  | { readonly result: unknown }
  | { readonly error: RpcError }
);

/** Everything /metrics shows that the edge does not count itself. */
export interface Metered {
  readonly version: string;
  readonly ingest: {
    readonly accepted: number;
    readonly refusedByCode: Readonly<Record<string, number>>;
    readonly duplicates: number;
    readonly late: number;
    readonly journalBytes: number;
    readonly headPos: number;
    readonly foldedPos: number;
    readonly storedPos: number;
    readonly storeLagS: number;
    /** Entries of the journal that were found damaged and set aside. */
    readonly damagedEntries: number;
  };
  /** By name, whether a part works: journal, mqtt, series, chain … */
  readonly parts: Readonly<Record<string, { readonly status: string }>>;
  readonly totals: SiteTotals;
  readonly twins: Iterable<Pick<Twin, "rig" | "modelId" | "identity" | "state" | "latest" | "position">>;
  readonly viewers: number;
  readonly chainAway: boolean;
  readonly provenance: {
    /** Days since 1970 UTC; null before the first. */
    readonly lastDay: number | null;
    readonly waitingDays: number;
    readonly checkedDays: number;
    readonly mismatchedDays: number;
  };
}

/** Where a request comes from, for sessions and the audit. */
export interface From {
  readonly address: string;
  readonly agent: string;
}
type Shape<T extends z.ZodType> = z.infer<T>;

/** What stands behind the door's own routes. `who` is never null where the right wants somebody. */
export interface AccessHandlers {
  /** Gives the secret of a new session, null where the proof is wrong. */
  readonly login: (said: Shape<typeof access.login>, from: From) => Promise<string | null>;
  readonly logout: (secret: string, from: From) => void;
  readonly nonce: () => string;
  readonly walletLogin: (said: Shape<typeof access.walletLogin>, domain: string, from: From) => Promise<string | null>;
  readonly me: (who: Principal | null) => Shape<typeof access.me>;
  readonly ownTwins: (who: Principal) => Promise<Shape<typeof access.ownTwins>>;
  readonly changePassword: (who: Principal, said: Shape<typeof access.newPassword>, from: From) => Promise<void>;
  readonly sessions: (who: Principal) => Shape<typeof access.sessions>;
  readonly endSession: (who: Principal, id: string, from: From) => void;
  readonly tokens: (who: Principal) => Shape<typeof access.tokens>;
  readonly addToken: (who: Principal, said: Shape<typeof access.newToken>, from: From) => Shape<typeof access.madeToken>;
  readonly endToken: (who: Principal, id: string, from: From) => void;
  readonly startTotp: (who: Principal) => Shape<typeof access.totp>;
  readonly confirmTotp: (who: Principal, code: string, from: From) => Shape<typeof access.recoveryCodes>;
  readonly endTotp: (who: Principal, password: string, from: From) => Promise<void>;
  readonly people: () => Shape<typeof access.people>;
  readonly addPerson: (who: Principal, said: Shape<typeof access.newPerson>, from: From) => Promise<Shape<typeof access.person>>;
  readonly changePerson: (
    who: Principal,
    person: number,
    said: Shape<typeof access.personNews>,
    from: From,
  ) => Promise<Shape<typeof access.person>>;
  readonly devices: () => Shape<typeof access.devices>;
  readonly addDevice: (who: Principal, said: Shape<typeof access.newDevice>, from: From) => Shape<typeof access.madeDevice>;
  readonly rotateDevice: (who: Principal, device: string, from: From) => Shape<typeof access.madeDevice>;
  readonly endDevice: (who: Principal, device: string, from: From) => void;
  /** The rules of the embedded broker in another broker's words. */
  readonly deviceRules: (query: Shape<typeof access.rulesQuery>) => string;
  readonly audit: (limit: number) => Shape<typeof access.audit>;
  /** Lines as their exact bytes, oldest first, a page at a time. */
  readonly auditLines: () => Iterable<readonly { readonly bytes: string; readonly hash: string }[]>;
}

/** Notifications. What is set is written into the audit with who did it. */
export interface NotifyHandlers {
  readonly notifications: () => notify.Notifications;
  /** Throws NOT_FOUND, DISK_FULL, JOURNAL_UNAVAILABLE. */
  readonly setNotifyRules: (who: Principal, rules: notify.NotifyRules, from: From) => Promise<notify.Notifications>;
  /** Throws REQUEST_INVALID, DISK_FULL, JOURNAL_UNAVAILABLE. */
  readonly setChannel: (who: Principal, channel: notify.NewChannel, from: From) => Promise<notify.Notifications>;
  /** Throws NOT_FOUND. */
  readonly endChannel: (who: Principal, channel: string, from: From) => Promise<notify.Notifications>;
  readonly pushDevices: () => push.PushAnswer;
  /** Throws REQUEST_INVALID, DISK_FULL, JOURNAL_UNAVAILABLE. */
  readonly addPushDevice: (who: Principal, device: push.NewPushDevice, from: From) => Promise<push.PushAnswer>;
  /** Throws NOT_FOUND, FORBIDDEN, DISK_FULL, JOURNAL_UNAVAILABLE. */
  readonly endPushDevice: (who: Principal, device: string, from: From) => Promise<push.PushAnswer>;
  /** Throws NOT_FOUND. */
  readonly testChannel: (who: Principal, channel: string, from: From) => Promise<Shape<typeof notify.testAnswer>>;
}

export interface Handlers {
  readonly access: AccessHandlers;
  readonly notify: NotifyHandlers;
  readonly health: () => Maybe<z.infer<typeof healthAnswer>>;
  readonly status: () => Maybe<Status>;
  readonly site: () => Maybe<SiteTotals>;
  readonly rigs: (query: RigsQuery) => Maybe<{ readonly total: number; readonly rigs: readonly RigLine[] }>;
  /** Throws RIG_UNKNOWN. */
  readonly rig: (rig: string) => Maybe<Twin>;
  /** Throws RIG_UNKNOWN, STORE_UNAVAILABLE. */
  readonly rigSeries: (query: Omit<RigSeriesQuery, "site">) => Maybe<SeriesAnswer>;
  readonly siteSeries: (query: Omit<SiteSeriesQuery, "site">) => Maybe<SiteSeriesAnswer>;
  readonly questions: Questions;
  readonly energy: (query: Omit<SiteSeriesQuery, "site">) => Maybe<EnergyAnswer>;
  /** Throws RIG_UNKNOWN. */
  readonly records: (rig: string) => Maybe<readonly TwinRecord[]>;
  /** Throws RIG_UNKNOWN, JOURNAL_UNAVAILABLE. */
  readonly addRecord: (rig: string, record: NewRecord) => Maybe<TwinRecord>;
  /** Throws RIG_UNKNOWN, SIGNER_UNKNOWN, CHAIN_UNAVAILABLE. */
  readonly draftRecord: (rig: string, wish: DraftWish) => Maybe<RecordDraft>;
  /** Throws RIG_UNKNOWN. */
  readonly substitution: (rig: string) => Maybe<SubstitutionLine>;
  /** Throws RIG_UNKNOWN, REQUEST_INVALID, JOURNAL_UNAVAILABLE. */
  readonly addSubstitute: (rig: string, told: NewSubstitute) => Maybe<SubstitutionLine>;
  readonly technicians: () => Maybe<readonly TechnicianLine[]>;
  /** Throws JOURNAL_UNAVAILABLE. */
  readonly setTechnician: (technician: NewTechnician) => Maybe<readonly TechnicianLine[]>;
  /** Throws TOKEN_UNKNOWN. */
  readonly twinByToken: (tokenId: number) => Maybe<Passport>;
  /** Throws TOKEN_UNKNOWN. Times in ms UTC, half-open. */
  readonly days: (tokenId: number, from: number, to: number) => Maybe<DaysAnswer>;
  /** Throws TOKEN_UNKNOWN, NOT_FOUND where the day (since 1970 UTC) is not sealed. */
  readonly day: (tokenId: number, day: number) => Maybe<ProvenDay>;
  /** What gateways signed of a day, in parts. Throws TOKEN_UNKNOWN, NOT_FOUND. */
  readonly signed: (tokenId: number, day: number, after: number) => Maybe<SignedPage>;
  /** Pieces of one JSON text of a Bundle. Throws TOKEN_UNKNOWN, CHAIN_UNAVAILABLE, RANGE_INVALID. */
  readonly bundle: (tokenId: number, from: number, to: number, withSigned: boolean) => AsyncIterable<string>;
  readonly alarms: (
    query: AlarmsQuery,
  ) => Maybe<{ readonly total: number; readonly alarms: readonly Alarm[]; readonly next: string | null }>;
  /** Throws NOT_FOUND where there is no such alarm. */
  readonly energyTruth: () => Maybe<z.infer<typeof energyTruth>>;
  readonly inbox: () => Maybe<InboxAnswer>;
  /** Throws REQUEST_INVALID, JOURNAL_UNAVAILABLE. */
  readonly map: (mapping: Mapping, by: string) => Maybe<InboxAnswer>;
  /** Throws REQUEST_INVALID. */
  readonly previewMapping: (mapping: Mapping) => Maybe<MappingPreview>;
  /** Throws NOT_FOUND, JOURNAL_UNAVAILABLE. */
  readonly unmap: (topic: string, by: string) => Maybe<InboxAnswer>;
  readonly acknowledge: (act: z.infer<typeof acknowledge>) => Maybe<Alarm>;
  /** Throws RANGE_INVALID, STORE_UNAVAILABLE. */
  readonly usage: (query: UsageQuery) => Maybe<Usage>;
  /** Throws RANGE_INVALID, STORE_UNAVAILABLE. */
  readonly reliability: (query: UsageQuery) => Maybe<Reliability>;
  /** Throws STORE_UNAVAILABLE. */
  readonly report: (query: ReportQuery) => Maybe<MonthReport>;
  readonly quotes: () => Maybe<readonly Quote[]>;
  readonly addQuotes: (told: NewQuotes) => Maybe<readonly Quote[]>;
  readonly incidents: () => Maybe<{ readonly total: number; readonly incidents: readonly Incident[] }>;
  readonly alarmRules: () => Maybe<AlarmRules>;
  readonly ruleTrial: () => Maybe<TrialAnswer>;
  /** Throws REQUEST_INVALID, RANGE_INVALID. */
  readonly tryRule: (wish: NewTrial) => Maybe<TrialAnswer>;
  readonly endTrial: () => Maybe<TrialAnswer>;
  /** Throws RIG_UNKNOWN, RANGE_INVALID, STORE_UNAVAILABLE. */
  readonly expected: (rig: string, query: ExpectedQuery) => Maybe<ExpectedAnswer>;
  /** Throws NOT_FOUND, RIG_UNKNOWN, RANGE_INVALID, REQUEST_INVALID. */
  readonly alarmAct: (act: AlarmActTold) => Maybe<AlarmRules>;
  /** Throws NOT_FOUND. */
  readonly alarmActs: (acts: AlarmActs) => Maybe<{ readonly alarms: number; readonly unknown: number }>;
  readonly commands: (
    query: CommandsQuery,
  ) => Maybe<{ readonly total: number; readonly open: number; readonly commands: readonly Command[] }>;
  /** Throws REQUEST_INVALID. */
  readonly planCommands: (plan: CommandPlan) => Maybe<Planned>;
  /** Throws REQUEST_INVALID, TOO_MANY_REQUESTS. */
  readonly orderCommands: (order: NewCommands) => Maybe<Ordered>;
  readonly curtailment: () => curtail.Curtailment;
  /** Throws RIG_UNKNOWN, RANGE_INVALID, REQUEST_INVALID. */
  readonly curtail: (act: curtail.CurtailAct) => Maybe<curtail.Curtailment>;
  readonly planCurtailment: (plan: { readonly target: curtail.Target }) => Shape<typeof curtail.curtailPlanned>;
  readonly comments: (query: notes.CommentsQuery) => Maybe<{ readonly total: number; readonly comments: readonly notes.Comment[] }>;
  /** Throws RIG_UNKNOWN, NOT_FOUND, REQUEST_INVALID, TOO_MANY_REQUESTS. */
  readonly addComment: (told: notes.NewComment) => Maybe<notes.Comment>;
  readonly mentions: (name: string) => Maybe<notes.Mentions>;
  readonly seeMentions: (told: notes.SeenMentions) => Maybe<notes.Mentions>;
  readonly handovers: (limit: number) => Maybe<notes.Handovers>;
  /** Throws TOO_MANY_REQUESTS. */
  readonly addHandover: (told: notes.NewHandover) => Maybe<notes.Handover>;
  readonly orders: (query: OrdersQuery) => Maybe<{ readonly total: number; readonly orders: readonly Order[] }>;
  /** Throws RIG_UNKNOWN, NOT_FOUND. */
  readonly openOrder: (told: NewOrder) => Maybe<Order>;
  /** Throws ORDER_UNKNOWN. */
  readonly order: (id: string) => Maybe<Order>;
  /** Throws ORDER_UNKNOWN, ORDER_CHANGED. */
  readonly changeOrder: (id: string, change: OrderChange) => Maybe<Order>;
  /** Throws ORDER_UNKNOWN, ORDER_CHANGED, IMAGE_INVALID. */
  readonly addPhoto: (id: string, by: string, caption: string, bytes: Uint8Array) => Maybe<Order>;
  /** Throws NOT_FOUND. */
  readonly photo: (hash: string) => Maybe<{ readonly media: Media; readonly bytes: Uint8Array }>;
  readonly plans: () => Maybe<Plans>;
  /** Throws NOT_FOUND. */
  readonly changePlan: (told: PlanChange) => Maybe<Plans>;
  /** Throws REQUEST_INVALID with the faults by line. */
  readonly setPositions: (csv: string, by: string, checkOnly: boolean) => Maybe<{ readonly changed: number; readonly same: number }>;
  readonly partChanges: (query: PartChangesQuery) => Maybe<PartChanges>;
  /** Throws NOT_FOUND where that question is not open. */
  readonly explainPart: (told: PartReason) => Maybe<PartChange>;
  readonly refusals: (
    limit: number,
  ) => Maybe<{ readonly total: number; readonly byCode: Readonly<Record<string, number>>; readonly refusals: readonly RefusalLine[] }>;
  /** Throws CHAIN_UNAVAILABLE where nothing is known of the chain yet. */
  readonly chainInfo: () => Maybe<ChainInfo>;
  /** Passes one call to the chain; only methods of RPC_METHODS arrive here. */
  readonly rpc: (call: RpcCall) => Promise<RpcAnswer>;
  readonly metered: () => Metered;
}
