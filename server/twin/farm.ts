/**
 * The whole folded state of a site, and the one function that carries an entry of the journal into it. The state is changed in
 * place: a farm of 10,000 rigs is folded a thousand times a second. The same entries in the same order give the same farm.
 */
import { foldAlarmAct, isAlarmAct } from "./alarms/acts.ts";
import { noAlarms, standStill, type AlarmBook } from "./alarms/book.ts";
import { alarmsAtReading, alarmsAtTick, noteGateway, noteMessage, noteRefused } from "./alarms/farm-side.ts";
import type { Incident } from "./alarms/incident.ts";
import { isPlainlyHere } from "./alarms/rules-work.ts";
import type { PartHealth } from "./alarms/system.ts";
import type { Watch } from "./alarms/watch.ts";
import { foldCommandNews, foldCommandTick, foldResponse, type CommandNews, type Commands } from "./commands.ts";
import { dayOf, digestReading, forgetOldest, forgetVersions, type Digest } from "./digest.ts";
import { noForeign, type Foreign } from "./dialects/index.ts";
import { foldEnergy, isSetBack, noEnergy, type EnergyState } from "./energy.ts";
import {
  foldAnnounced,
  foldBirth,
  foldDuplicate,
  foldNewest,
  foldPosition,
  foldReading,
  foldTick,
  foldToken,
  newTwin,
  type KnownModel,
} from "./fold.ts";
import { dropMapping, foldMapping, isOwn, parseForeign, type Wish } from "./foreign.ts";
import { verifyPure, type GatewayKeys, type Verify } from "./gateway.ts";
import { beforeChange } from "./hold.ts";
import { foldAnchor, foldLedger, noLedger, recordsOf, type Ledger } from "./ledger.ts";
import { findModel } from "./models.ts";
import { nearly } from "./nearly.ts";
import { newestOf } from "./newest.ts";
import { parse, type Parsed } from "./parse.ts";
import { foldPartReason, foldPartRecords, foldParts, hasOtherSerial, noParts, type PartBook } from "./part-changes.ts";
import type { EnergyReading, Identity, Reading } from "./reading.ts";
import type { Act } from "./record.ts";
import type { Code, Refusal } from "./refusal.ts";
import { addEnergy, addReading } from "./rows.ts";
import { factsOf, openVersion, type RigFacts } from "./sealing.ts";
import { missed, note, nothingSeen, type Seen } from "./seen.ts";
import type { RowSet } from "./series.ts";
import type { Alarm, Entry, Twin } from "./twin.ts";
import { foldQuotes, type NewQuotes, type QuoteBook } from "./usage/quotes.ts";
import { foldCurtailNews, foldCurtailTick, foldTarget, noCurtailment, type CurtailBook, type CurtailNews } from "./curtail/book.ts";
import { foldNote, noNotes, type NoteBook } from "./notes/book.ts";
import type { NoteNews } from "./notes/shapes.ts";
import { foldNotifyNews, forgetNotices, noNotices, noteIncidents, type NotifyBook, type NotifyNews } from "./notify/book.ts";
import { OWN } from "./wire.ts";
import { foldSealed, foldWork, noWork, type WorkBook } from "./orders/fold.ts";
import { foldRunning, foldServed, noService, type ServiceBook } from "./orders/service.ts";
import type { Order, WorkAct } from "./orders/shapes.ts";
import { foldSubstitute } from "./substitution.ts";

/** A message that was not accepted; `sample` is its first bytes as text. */
export interface RefusedEntry {
  readonly pos: number;
  readonly receivedTs: number;
  readonly topic: string;
  readonly code: Code;
  readonly detail: string;
  readonly sample: string;
}

export interface Farm {
  readonly site: string;
  /** By rig name, in the order of first sight. */
  readonly twins: Map<string, Twin>;
  readonly seen: Map<string, Seen>;
  /** Rigs whose position an operator set. */
  readonly assigned: Set<string>;
  readonly retained: Map<string, Uint8Array>;
  readonly alarms: AlarmBook;
  /** The recent past of each rig, for the rules. */
  readonly watches: Map<string, Watch>;
  /** Rigs whose clock, or whose messages' way, may be off. */
  readonly unclear: Set<string>;
  readonly commands: Commands;
  /** What is to be told, was told, and is on its way. */
  readonly notify: NotifyBook;
  readonly curtail: CurtailBook;
  /** What gateways say on their state topics. */
  readonly gateways: Map<string, { state: string; heardTs: number }>;
  /** How the parts of this system are doing. */
  readonly health: Map<string, PartHealth>;
  /** Journal time of the last message of any device. */
  deviceTs: number;
  readonly energy: EnergyState;
  /** Sequence numbers of the meters. */
  readonly meterSeen: Map<string, Seen>;
  readonly digest: Digest;
  /** Versions of a day that are frozen and not yet on disk, `{day}/{version}`: whose rows they have. */
  readonly frozen: Map<string, readonly RigFacts[]>;
  readonly ledger: Ledger;
  readonly work: WorkBook;
  /** How long each rig ran, and what was last done to it. */
  readonly service: ServiceBook;
  /** What people tell each other. */
  readonly notes: NoteBook;
  /** Prices that were entered. */
  readonly quotes: QuoteBook;
  readonly gatewayKeys: GatewayKeys;
  /** Serial numbers of parts, and which of them changed. */
  readonly parts: PartBook;
  /** What is remembered of those who speak another dialect than ours. */
  readonly foreign: Foreign;
  /** The newest refused messages, oldest first. */
  inbox: RefusedEntry[];
  readonly refusedByCode: Map<Code, number>;
  accepted: number;
  duplicates: number;
  late: number;
  /** Position and time of the newest entry folded. */
  asOfPos: number;
  asOfTs: number;
  /** When this journal last began to listen. */
  resumedTs: number;
  /** The UTC day of the journal's first entry (days since 1970); what devices tell of earlier days is not digested. 0: none yet. */
  firstDay: number;
}

/** What one or more entries brought about; collected by the caller and emptied by it. */
export interface Outcome {
  /** For the series store, where one takes them. */
  readonly rows: RowSet | null;
  /** Readings of the site's meters among them. */
  metered: number;
  /** Rigs whose live figures changed. */
  readonly touched: Set<string>;
  /** Rigs whose roster line (identity, position, token …) changed. */
  readonly roster: Set<string>;
  alarms: Alarm[];
  /** Opened, changed or closed. */
  incidents: Incident[];
  refused: RefusedEntry[];
  /** Work orders that changed, as they are now. */
  readonly orders: Map<string, Order>;
  /** Entries of the ledger among them: the relay looks again. */
  ledger: boolean;
  /** To be published: what a device must be asked for. */
  readonly wishes: Wish[];
}

const MOST_INBOX = 1_000;
const SAMPLE_BYTES = 200;
/** A day is let go when it is sealed and on disk; where that fails for so many days, all the same. */
const DIGEST_DAYS = 40;

export const newFarm = (site: string): Farm => ({
  site,
  twins: new Map(),
  seen: new Map(),
  assigned: new Set(),
  retained: new Map(),
  alarms: noAlarms(),
  watches: new Map(),
  unclear: new Set(),
  commands: new Map(),
  notify: noNotices(),
  curtail: noCurtailment(),
  gateways: new Map(),
  health: new Map(),
  deviceTs: 0,
  energy: noEnergy(),
  meterSeen: new Map(),
  digest: new Map(),
  frozen: new Map(),
  ledger: noLedger(),
  work: noWork(),
  service: noService(),
  notes: noNotes(),
  quotes: new Map(),
  gatewayKeys: new Map(),
  parts: noParts(),
  foreign: noForeign(),
  inbox: [],
  refusedByCode: new Map(),
  accepted: 0,
  duplicates: 0,
  late: 0,
  asOfPos: 0,
  asOfTs: 0,
  resumedTs: 0,
  firstDay: 0,
});

/** `rows`: the set into which the readings' rows go, in which others' may stand already. */
export const nothingYet = (rows: RowSet | null = null): Outcome => ({
  rows,
  metered: 0,
  touched: new Set(),
  roster: new Set(),
  alarms: [],
  incidents: [],
  refused: [],
  orders: new Map(),
  ledger: false,
  wishes: [],
});

const models = new Map<string, ReturnType<typeof findModel>>();
/** findModel is a search; a farm asks for the same few names a thousand times a second. */
const modelOf = (identity: Identity): ReturnType<typeof findModel> => {
  if (identity.model === null) return null;
  const key = `${identity.make ?? ""}\n${identity.model}`;
  let found = models.get(key);
  if (found === undefined) {
    if (models.size > 10_000) models.clear();
    found = findModel(identity.make, identity.model);
    models.set(key, found);
  }
  return found;
};

const knownOf = (identity: Identity): KnownModel | null => modelOf(identity);

const seenOf = (all: Map<string, Seen>, name: string): Seen => {
  let seen = all.get(name);
  if (seen === undefined) {
    seen = nothingSeen();
    all.set(name, seen);
  }
  return seen;
};

/** By the number of the twin, as watches are (alarms/farm-side.ts). */
const nearSeen = nearly((_all: Farm["seen"]): Seen[] => []);
/** Whoever asks for one may change it. */
const seenOfTwin = ({ seen }: Farm, { rig, index }: Twin): Seen => {
  const near = nearSeen(seen);
  const own = (near[index] ??= seenOf(seen, rig));
  beforeChange(seen, own);
  return own;
};

const twinOf = (farm: Farm, rig: string, ts: number, out: Outcome): Twin => {
  const known = farm.twins.get(rig);
  if (known !== undefined) return known;
  const twin = newTwin(farm.site, rig, farm.twins.size, ts);
  farm.twins.set(rig, twin);
  out.roster.add(rig);
  return twin;
};

const rosterChanged = (a: Twin, b: Twin): boolean =>
  a.identity !== b.identity || a.nameplate !== b.nameplate || a.position !== b.position || a.tokenId !== b.tokenId || a.tier !== b.tier;

const toldOtherParts = (a: Twin, b: Twin): boolean =>
  a.identity !== b.identity || (a.latest !== b.latest && hasOtherSerial(a.latest, b.latest));

const keep = (farm: Farm, before: Twin, after: Twin, out: Outcome): void => {
  if (before === after) return;
  if (toldOtherParts(before, after))
    foldParts(farm.parts, after.rig, after.identity, after.latest.boards, farm.asOfTs, recordsOf(farm.ledger, after.rig));
  farm.twins.set(after.rig, after);
  out.touched.add(after.rig);
  if (rosterChanged(before, after)) out.roster.add(after.rig);
};

const refuse = (farm: Farm, entry: Entry, { code, detail }: Refusal, out: Outcome): void => {
  const sample = new TextDecoder().decode(entry.payload.subarray(0, SAMPLE_BYTES));
  const line: RefusedEntry = {
    pos: entry.pos,
    receivedTs: entry.receivedTs,
    topic: entry.topic.slice(0, SAMPLE_BYTES),
    code,
    detail,
    sample,
  };
  farm.inbox.push(line);
  if (farm.inbox.length > 2 * MOST_INBOX) farm.inbox = farm.inbox.slice(-MOST_INBOX);
  farm.refusedByCode.set(code, (farm.refusedByCode.get(code) ?? 0) + 1);
  noteRefused(farm, entry.topic, code, detail, entry.receivedTs);
  out.refused.push(line);
};

/** Whether a boot's next reading bears a time that one before it bore: its clock was set back, or is too coarse for its pace. */
const isNextOfItsBoot = ({ boot, lastSeq }: Twin, reading: Reading): boolean =>
  reading.seq !== null && lastSeq !== null && reading.boot === boot && reading.seq > lastSeq;

/** A reading whose moment has its point already. Of two that bear one time the first counts; what the rig does now the next one tells all the same. */
const carryAgain = (farm: Farm, before: Twin, reading: Reading, out: Outcome, gateway: string | null): void => {
  farm.duplicates += 1;
  const counted = foldDuplicate(before);
  if (isNextOfItsBoot(before, reading)) {
    const after = foldNewest(counted, reading, knownOf(reading.identity ?? before.identity), farm.resumedTs);
    keep(farm, before, after, out);
    alarmsAtReading(farm, after, reading, modelOf(after.identity), gateway, out);
  } else {
    noteMessage(farm, before, reading.receivedTs);
    keep(farm, before, counted, out);
  }
};

const carryReading = (farm: Farm, reading: Reading, out: Outcome, gateway: string | null): void => {
  const before = twinOf(farm, reading.rig, reading.receivedTs, out);
  const seen = seenOfTwin(farm, before);
  if (!note(seen, reading.boot, reading.seq, reading.deviceTs, before.boot)) return carryAgain(farm, before, reading, out, gateway);
  farm.accepted += 1;
  const newest = newestOf(seen, before, reading);
  const late = newest !== reading;
  if (late) farm.late += 1;
  const model = before.modelId === null || reading.identity !== null ? knownOf(reading.identity ?? before.identity) : null;
  const after = foldReading(before, reading, model, missed(seen), farm.resumedTs, late);
  keep(farm, before, after, out);
  if (late) {
    noteMessage(farm, before, reading.receivedTs);
    if (newest !== null) keep(farm, after, foldNewest(after, newest, knownOf(newest.identity ?? after.identity), farm.resumedTs), out);
  } else {
    foldRunning(farm.service, before, after);
    alarmsAtReading(farm, after, reading, modelOf(after.identity), gateway, out);
  }
  if (out.rows !== null) addReading(out.rows, reading, after.rig, after.modelId ?? after.identity.model);
  const day = dayOf(reading.deviceTs);
  if (day < farm.firstDay) return;
  const { rig, deviceTs, boot, seq, tier, measured } = reading;
  digestReading(farm.digest, { rig, deviceTs, boot, seq, signed: tier !== "self-reported" }, measured, openVersion(farm.ledger.days, day));
};

const carryEnergy = (farm: Farm, energy: EnergyReading, out: Outcome): void => {
  const isNew = note(seenOf(farm.meterSeen, energy.meter), energy.boot, energy.seq, energy.deviceTs);
  if (isNew) farm.accepted += 1;
  else farm.duplicates += 1;
  if (!isNew && !isSetBack(farm.energy, energy)) return;
  if (!foldEnergy(farm.energy, energy)) farm.late += 1;
  out.metered += 1;
  if (isNew && out.rows !== null) addEnergy(out.rows, energy);
};

const carryTick = (farm: Farm, entry: Entry, out: Outcome): void => {
  const quiet: Twin[] = [];
  for (const twin of farm.twins.values()) {
    const after = foldTick(twin, entry.receivedTs, farm.resumedTs);
    keep(farm, twin, after, out);
    if (!isPlainlyHere(after, entry.receivedTs)) quiet.push(after);
  }
  if (farm.commands.size > 0) foldCommandTick(farm.commands, entry.receivedTs);
  foldCurtailTick(farm, entry.receivedTs);
  const told = out.incidents.length;
  alarmsAtTick(farm, quiet, entry.receivedTs, out);
  noteIncidents(farm.notify, out.incidents.slice(told));
  if (farm.notify.noted.size > 0) forgetNotices(farm.notify, entry.receivedTs);
  forgetOldest(farm.digest, DIGEST_DAYS);
};

const carryAct = (farm: Farm, entry: Entry, out: Outcome): void => {
  const act = JSON.parse(new TextDecoder().decode(entry.payload)) as Act;
  if (isAlarmAct(act)) {
    out.alarms.push(...foldAlarmAct(farm.alarms, farm.watches, act, entry.receivedTs));
    return;
  }
  if (act.what === "gateway-key") {
    const { gateway, publicKey, fromTs, toTs } = act;
    farm.gatewayKeys.set(gateway, [...(farm.gatewayKeys.get(gateway) ?? []), { publicKey, fromTs, toTs }]);
    return;
  }
  if (act.what === "map") {
    const mapping = { ...act.mapping, by: act.by, atTs: entry.receivedTs };
    for (const parsed of foldMapping(mapping, farm.site, farm.foreign, out.wishes)) carryParsed(farm, entry, parsed, out);
    return;
  }
  if (act.what === "unmap") return dropMapping(act.topic, farm.foreign);
  if (act.what === "technician") return void farm.ledger.technicians.set(act.address, { badge: act.badge, isActive: act.isActive });
  if (act.what === "substitute") {
    foldSubstitute(farm.ledger, act);
    out.touched.add(act.rig).add(act.substitute);
    return;
  }
  if (act.what === "part-reason") {
    if (foldPartReason(farm.parts, act.rig, act.number, act.reason, act.by, entry.receivedTs)) out.touched.add(act.rig);
    return;
  }
  const places =
    act.what === "places" ? act.places : [{ rig: act.rig, position: { container: act.container, rack: act.rack, slot: act.slot } }];
  for (const { rig, position } of places) {
    const before = farm.twins.get(rig);
    if (before === undefined) continue;
    farm.assigned.add(rig);
    keep(farm, before, foldPosition(before, position), out);
  }
};

const carryWork = (farm: Farm, entry: Entry, out: Outcome): void => {
  const order = foldWork(farm.work, JSON.parse(new TextDecoder().decode(entry.payload)) as WorkAct, entry.receivedTs);
  if (order !== null) out.orders.set(order.id, order);
};

const carryLedger = (farm: Farm, entry: Entry, out: Outcome): void => {
  for (const rig of foldLedger(farm.ledger, entry)) {
    const newest = entry.topic === OWN.record ? recordsOf(farm.ledger, rig).at(-1) : undefined;
    const order = newest === undefined ? null : foldSealed(farm.work, newest.hash, newest.body, entry.receivedTs);
    if (order !== null) out.orders.set(order.id, order);
    if (newest !== undefined) {
      foldServed(farm.service, rig, newest.body.kind, entry.receivedTs);
      foldPartRecords(farm.parts, rig, recordsOf(farm.ledger, rig));
    }
    const before = farm.twins.get(rig);
    if (before !== undefined) keep(farm, before, foldToken(before, farm.ledger.tokens.get(rig)?.tokenId ?? null), out);
    out.touched.add(rig);
  }
  out.ledger = true;
};

const carryDay = (farm: Farm, entry: Entry): void => {
  const news = foldAnchor(farm.ledger, entry);
  if (news === null || news.what === "anchored") return;
  const { day, version } = news;
  const key = `${day}/${version}`;
  if (news.what === "seal") {
    farm.frozen.set(
      key,
      factsOf(farm.twins.values(), (rig) => farm.digest.has(`${key}/${rig}`), day, version),
    );
    return;
  }
  farm.frozen.delete(key);
  forgetVersions(farm.digest, day, version);
};

/** What the server itself wrote. */
const carryOwn = (farm: Farm, entry: Entry, awayMs: number, out: Outcome): void => {
  switch (entry.topic) {
    case OWN.tick:
      return carryTick(farm, entry, out);
    case OWN.start: {
      const { lastTs = 0 } = JSON.parse(new TextDecoder().decode(entry.payload) || "{}") as { lastTs?: number };
      // Where the entry had to wait for a full disk, others may have come before it.
      standStill(farm.alarms, lastTs === 0 ? awayMs : Math.max(0, entry.receivedTs - lastTs));
      farm.resumedTs = entry.receivedTs;
      return;
    }
    case OWN.command:
      foldCommandNews(farm.commands, JSON.parse(new TextDecoder().decode(entry.payload)) as CommandNews, entry.receivedTs);
      return;
    case OWN.curtail:
      return foldCurtailNews(farm, JSON.parse(new TextDecoder().decode(entry.payload)) as CurtailNews, entry.receivedTs);
    case OWN.notify:
      return foldNotifyNews(farm.notify, JSON.parse(new TextDecoder().decode(entry.payload)) as NotifyNews, entry.receivedTs);
    case OWN.note:
      return foldNote(farm, JSON.parse(new TextDecoder().decode(entry.payload)) as NoteNews, entry.receivedTs);
    case OWN.part: {
      const { part, ...health } = JSON.parse(new TextDecoder().decode(entry.payload)) as PartHealth & { part: string };
      farm.health.set(part, health);
      return;
    }
    case OWN.act:
      return carryAct(farm, entry, out);
    case OWN.quote:
      return foldQuotes(farm.quotes, JSON.parse(new TextDecoder().decode(entry.payload)) as NewQuotes, entry.receivedTs);
    case OWN.work:
      return carryWork(farm, entry, out);
    case OWN.record:
    case OWN.onChain:
      return carryLedger(farm, entry, out);
    case OWN.anchor:
      return carryDay(farm, entry);
    default:
  }
};

/** A view would hold all that came over the network with it; what has its bytes for itself is kept as it is, shared with who else keeps it. */
const alone = (payload: Uint8Array): Uint8Array =>
  payload.byteLength === payload.buffer.byteLength ? new Uint8Array(payload.buffer) : Uint8Array.from(payload);

const carryMessage = (farm: Farm, entry: Entry, out: Outcome, verify: Verify, reading: Reading | null): void => {
  if (entry.retain) {
    if (entry.payload.length === 0) farm.retained.delete(entry.topic);
    else farm.retained.set(entry.topic, alone(entry.payload));
  }
  farm.deviceTs = entry.receivedTs;
  if (farm.curtail.settings.mqtt?.topic === entry.topic) {
    const refused = foldTarget(farm.curtail, entry.payload, entry.receivedTs);
    if (refused === null) farm.accepted += 1;
    else refuse(farm, entry, refused, out);
    return;
  }
  if (reading !== null) return carryReading(farm, reading, out, null);
  if (isOwn(entry.topic)) return carryParsed(farm, entry, parse(entry, farm.site, { keys: farm.gatewayKeys, verify }), out);
  for (const parsed of parseForeign(entry, farm.site, farm.foreign, out.wishes)) carryParsed(farm, entry, parsed, out);
};

const carryParsed = (farm: Farm, entry: Entry, parsed: Parsed, out: Outcome, gateway: string | null = null): void => {
  switch (parsed.kind) {
    case "batch":
      for (const part of parsed.parts) carryParsed(farm, { ...entry, topic: part.topic }, part.parsed, out, entry.topic.split("/")[3]);
      return;
    case "reading":
      return carryReading(farm, parsed.reading, out, gateway);
    case "repeated":
      farm.duplicates += 1;
      return;
    case "energy":
      return carryEnergy(farm, parsed.energy, out);
    case "birth": {
      const before = twinOf(farm, parsed.rig, entry.receivedTs, out);
      const identity = { ...before.identity, ...parsed.birth.identity };
      return keep(farm, before, foldBirth(before, parsed.birth, knownOf(identity), farm.assigned.has(parsed.rig)), out);
    }
    case "state": {
      // A gateway's own state is told on a name that is no rig; it makes no twin.
      const before = farm.twins.get(parsed.rig);
      if (before === undefined) noteGateway(farm, parsed.rig, parsed.state, entry.receivedTs);
      else keep(farm, before, foldAnnounced(before, parsed.state, entry.receivedTs, farm.resumedTs), out);
      return;
    }
    case "forgotten":
    case "command":
      return;
    case "response":
      foldResponse(farm.commands, parsed.rig, parsed.response, entry.receivedTs);
      return;
    case "refused":
      return refuse(farm, entry, parsed.refusal, out);
  }
};

/**
 * Folds one entry into `farm` and adds to `out` what it brought about. An entry at or before farm.asOfPos changes nothing. `verify` may
 * be another implementation of the same check; `reading` is what parse.ts makes of the entry for this site, where that was done already.
 */
export const foldEntry = (farm: Farm, entry: Entry, out: Outcome, verify: Verify = verifyPure, reading: Reading | null = null): void => {
  if (entry.pos <= farm.asOfPos) return;
  farm.asOfPos = entry.pos;
  const sinceLastMs = Math.max(0, entry.receivedTs - farm.asOfTs);
  farm.asOfTs = Math.max(farm.asOfTs, entry.receivedTs);
  if (farm.resumedTs === 0) farm.resumedTs = entry.receivedTs;
  if (farm.firstDay === 0) farm.firstDay = dayOf(entry.receivedTs);
  if (entry.topic.startsWith("$rigtwin/")) carryOwn(farm, entry, sinceLastMs, out);
  else carryMessage(farm, entry, out, verify, reading);
};
