/**
 * Curtailment folded from the journal: who wishes what, which rigs were told, which obeyed, and what it saved. With each tick the same
 * state comes out of the same entries; orders are given by the flow alone, so a replay gives none.
 */
import type { Command, Commands } from "../commands.ts";
import { energyNow, type EnergyState } from "../energy.ts";
import { refusal, type Refusal } from "../refusal.ts";
import type { Twin } from "../twin.ts";
import { quoteAt, quotesOf, type QuoteBook } from "../usage/quotes.ts";
import { inHours, wallTime } from "../wall-time.ts";
import {
  curtailSettings,
  MOST_WAKES,
  type CurtailAct,
  type CurtailSettings,
  type MemberState,
  type Target,
  type WishSource,
} from "./shapes.ts";

export interface Wish {
  readonly source: WishSource;
  readonly target: Target;
  readonly by: string;
  readonly why: string;
  readonly untilTs: number | null;
}
export interface Member {
  readonly rig: string;
  readonly state: MemberState;
  readonly stateTs: number;
  /** Before it was told to pause, W and TH/s: what savings are counted from. */
  readonly beforeW: number;
  readonly beforeThs: number;
  readonly tries: number;
  /** It was counted among those that paused. */
  readonly hasPaused: boolean;
  /** How often it woke by itself. */
  readonly wakes: number;
  readonly detail: string;
}
export interface Event {
  readonly id: string;
  readonly fromTs: number;
  endTs: number | null;
  doneTs: number | null;
  wishes: readonly Wish[];
  readonly baselineW: number;
  drawnW: number;
  readonly members: Map<string, Member>;
  /** Names of the batches of commands that were given for it. */
  readonly batches: Set<string>;
  /** Rigs that paused for it. */
  pausedRigs: number;
  lastTs: number;
  /** When rigs were last told something. */
  orderedTs: number;
  kwh: number;
  money: number | null;
  currency: string | null;
  kgco2e: number | null;
  thH: number;
}
export interface CurtailBook {
  settings: CurtailSettings;
  operator: Wish | null;
  /** Since when the price is above; null while it is not. */
  priceSinceTs: number | null;
  heard: { readonly pct: number | null; readonly mw: number | null; readonly saidTs: number; readonly heardTs: number } | null;
  event: Event | null;
  /** Oldest first. */
  past: Event[];
}
/** What is written of it, topic OWN.curtail. */
export type CurtailNews =
  | CurtailAct
  /** Rigs that are told to pause or wake, written before they are told. */
  | { readonly what: "orders"; readonly way: "down" | "up"; readonly rigs: readonly string[] }
  /** … and what became of it: the batch of commands, and those that could not be told. */
  | { readonly what: "told"; readonly batch: string; readonly held: readonly { readonly rig: string; readonly why: string }[] };

export const noCurtailment = (): CurtailBook => ({
  settings: curtailSettings.parse({}),
  operator: null,
  priceSinceTs: null,
  heard: null,
  event: null,
  past: [],
});

const MOST_PAST = 200;
/** After a command was carried out, so long for the rig to show it; then it is told again. */
const OBEY_MS = 40_000;
/** A rig may tune for a quarter of an hour; the model's own time is what the alarm "no restart" looks at. */
const WAKE_MS = 20 * 60_000;
const BACK_PART = 0.75;
/** Of telling a rig that does not answer, or that does not wake. */
export const MOST_TRIES = 3;
/** What nobody saw for longer is not counted. */
const MOST_STEP_MS = 60_000;
const MINUTE_MS = 60_000;

export interface CurtailSide {
  readonly curtail: CurtailBook;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly commands: Commands;
  readonly energy: EnergyState;
  readonly quotes: QuoteBook;
}

/** W that a rig reports; 0 where it is offline or says nothing. */
export const drawOf = ({ state, latest }: Twin): number => (state === "offline" ? 0 : (latest.powerW ?? 0));
export const drawOfAll = (twins: ReadonlyMap<string, Twin>): number => {
  let sumW = 0;
  for (const twin of twins.values()) sumW += drawOf(twin);
  return sumW;
};

/** What a kWh costs and emits at `ts`: the meter's word, else what was entered. */
export const worthAt = ({ energy, quotes }: Pick<CurtailSide, "energy" | "quotes">, ts: number) => {
  const now = energyNow(energy, ts);
  const price = quoteAt(quotesOf(quotes, "power"), ts);
  const isMetered = now?.pricePerKwh !== null && now?.pricePerKwh !== undefined;
  return {
    pricePerKwh: isMetered ? now.pricePerKwh : (price?.value ?? null),
    currency: isMetered ? now.currency : (price?.currency ?? null),
    gco2ePerKwh: now?.gco2ePerKwh ?? quoteAt(quotesOf(quotes, "carbon"), ts)?.value ?? null,
  };
};

/** Reads a message of the target's topic: `{"target": %, "timestamp": s}` as MaestroOS has it, or `{"mw": MW, …}`. */
export const readTarget = (
  payload: Uint8Array,
): { readonly pct: number | null; readonly mw: number | null; readonly saidTs: number } | Refusal => {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return refusal("PAYLOAD_NOT_JSON", "A curtailment target is JSON.");
  }
  const { target: pct, mw, timestamp } = (typeof said === "object" && said !== null ? said : {}) as Record<string, unknown>;
  if (typeof timestamp !== "number" || !(timestamp > 1.5e9 && timestamp < 1e11))
    return refusal("PAYLOAD_INVALID", "timestamp: must be s since 1970 UTC.");
  if (typeof mw === "number" && mw >= 0 && mw <= 10_000) return { pct: null, mw, saidTs: timestamp * 1_000 };
  if (typeof pct === "number" && pct >= 0 && pct <= 100) return { pct, mw: null, saidTs: timestamp * 1_000 };
  return refusal("PAYLOAD_INVALID", "target: must be a number from 0 to 100 (%), or mw: MW.");
};

/** Takes such a message at journal time `ts`; one that is older than the last changes nothing. Changes `book`. */
export const foldTarget = (book: CurtailBook, payload: Uint8Array, ts: number): Refusal | null => {
  const read = readTarget(payload);
  if ("code" in read) return read;
  if (book.heard === null || read.saidTs >= book.heard.saidTs) book.heard = { ...read, heardTs: ts };
  return null;
};

/** It was told the same before, and did not do it. */
const isAgain = (before: Member | undefined, way: "down" | "up"): boolean =>
  before !== undefined && (way === "up" ? before.state === "waking" : before.state === "back" && !before.hasPaused);

/** Carries what was written. Changes `side.curtail`. */
export const foldCurtailNews = ({ curtail: book, twins }: CurtailSide, news: CurtailNews, ts: number): void => {
  const { event } = book;
  switch (news.what) {
    case "target":
      book.operator = { source: "operator", target: news.target, by: news.by, why: news.why, untilTs: news.untilTs };
      return;
    case "end":
      book.operator = null;
      return;
    case "settings":
      book.settings = news.settings;
      if (news.settings.price === null) book.priceSinceTs = null;
      if (news.settings.mqtt === null) book.heard = null;
      return;
    case "orders":
      if (event === null) return;
      event.orderedTs = ts;
      for (const rig of news.rigs) {
        const before = event.members.get(rig);
        const twin = twins.get(rig);
        const isFirst = before === undefined || before.state === "back";
        event.members.set(rig, {
          rig,
          state: news.way === "down" ? "ordered" : "waking",
          stateTs: ts,
          beforeW: isFirst && news.way === "down" && twin !== undefined ? drawOf(twin) : (before?.beforeW ?? 0),
          beforeThs: isFirst && news.way === "down" ? (twin?.latest.hashrateThs ?? 0) : (before?.beforeThs ?? 0),
          tries: isAgain(before, news.way) ? (before?.tries ?? 0) + 1 : 1,
          hasPaused: before?.hasPaused ?? false,
          wakes: before?.wakes ?? 0,
          detail: "",
        });
      }
      return;
    case "told":
      if (event === null) return;
      event.batches.add(news.batch);
      for (const { rig, why } of news.held) {
        const member = event.members.get(rig);
        if (member !== undefined)
          event.members.set(rig, { ...member, state: member.state === "ordered" ? "refused" : "missing", stateTs: ts, detail: why });
      }
  }
};

/** What is wished at `ts`. Changes the price's part of `book`, which remembers that it was above. */
const wishesAt = (book: CurtailBook, pricePerKwh: number | null, ts: number): Wish[] => {
  const { settings, operator, heard } = book;
  const wishes: Wish[] = [];
  if (operator !== null && (operator.untilTs === null || ts < operator.untilTs)) wishes.push(operator);
  if (settings.schedule.length > 0) {
    const wall = wallTime(ts, settings.zone);
    for (const line of settings.schedule)
      if (inHours(line, wall))
        wishes.push({ source: "schedule", target: line.target, by: "schedule", why: `${line.from} to ${line.to}`, untilTs: null });
  }
  const { price } = settings;
  if (price !== null) {
    const sinceTs = book.priceSinceTs;
    if (pricePerKwh !== null) {
      if (sinceTs === null && pricePerKwh >= price.above) book.priceSinceTs = ts;
      else if (sinceTs !== null && pricePerKwh < price.back && ts - sinceTs >= price.leastMin * MINUTE_MS) book.priceSinceTs = null;
    }
    if (book.priceSinceTs !== null)
      wishes.push({ source: "price", target: price.target, by: "price", why: `at ${price.above} per kWh and above`, untilTs: null });
  }
  if (settings.mqtt !== null && heard !== null && (heard.mw !== null || (heard.pct ?? 100) < 100)) {
    const target: Target = heard.mw !== null ? { of: "mw", value: heard.mw } : { of: "pct", value: heard.pct ?? 100 };
    wishes.push({ source: "mqtt", target, by: "mqtt", why: settings.mqtt.topic, untilTs: null });
  }
  return wishes;
};

/** The strictest of what is wished: at most so many W, and the rigs that are named. No wish: no limit. */
export const limitOf = ({
  wishes,
  baselineW,
  endTs,
}: Pick<Event, "wishes" | "baselineW" | "endTs">): { limitW: number; named: ReadonlySet<string> } => {
  const named = new Set<string>();
  let limitW = Infinity;
  if (endTs !== null) return { limitW, named };
  for (const { target } of wishes) {
    if (target.of === "rigs") target.rigs.forEach((rig) => named.add(rig));
    else limitW = Math.min(limitW, target.of === "mw" ? target.value * 1e6 : (baselineW * target.value) / 100);
  }
  return { limitW, named };
};

const commandsOf = (commands: Commands, batches: ReadonlySet<string>): Map<string, Command> => {
  const newest = new Map<string, Command>();
  for (const command of commands.values()) if (batches.has(command.batch)) newest.set(command.rig, command);
  return newest;
};
const FAILED: ReadonlySet<string> = new Set(["FAILED", "TIMEOUT", "EXPIRED"]);

const lookAt = (member: Member, twin: Twin | undefined, command: Command | undefined, ts: number): Member => {
  const to = (state: MemberState, detail: string): Member => ({ ...member, state, stateTs: ts, detail });
  const mode = twin === undefined || twin.state === "offline" ? null : twin.latest.mode;
  const isOwn = command !== undefined && command.queuedTs >= member.stateTs - 5_000;
  switch (member.state) {
    case "ordered":
    case "refused":
      if (member.wakes >= MOST_WAKES) return member;
      if (mode === "paused") return to("paused", "");
      if (member.state === "refused") return member;
      // That it was to be told is on disk, and not that it was: a server that was killed in between, or had no room for the command, told nobody.
      if (!isOwn && ts - member.stateTs > OBEY_MS) return to(member.tries < MOST_TRIES ? "back" : "refused", "It was not told.");
      // One that nobody answered may not have been heard, as when this server was stopped: it is told again.
      if (isOwn && command.method === "pause" && FAILED.has(command.state))
        return to(command.state !== "FAILED" && member.tries < MOST_TRIES ? "back" : "refused", command.detail);
      // One that took it and restarted, or does not do what it says, is told again as well: to be paused twice is to be paused once.
      if (
        isOwn &&
        ((command.state === "SUCCESSFUL" && ts - command.stateTs > OBEY_MS) || (command.state === "DELIVERED" && ts >= command.expiresTs))
      )
        return to(member.tries < MOST_TRIES ? "back" : "refused", "It took the command and goes on.");
      return member;
    case "paused":
      if (mode !== "mining" && mode !== "tuning") return member;
      // After a power cut or a reboot, for instance: it is told again like any other, but not for ever.
      return member.wakes + 1 < MOST_WAKES
        ? { ...to("back", "It woke by itself."), wakes: member.wakes + 1 }
        : { ...to("refused", `It woke by itself ${member.wakes + 1} times and is left alone.`), wakes: member.wakes + 1 };
    case "waking":
    case "missing":
      if (mode === "mining" && (twin?.latest.hashrateThs ?? 0) >= member.beforeThs * BACK_PART) return to("back", "");
      if (member.state === "missing") return member;
      if (isOwn && command.method === "resume" && FAILED.has(command.state) && member.tries >= MOST_TRIES)
        return to("missing", command.detail);
      return ts - member.stateTs > WAKE_MS ? to("missing", "It does not hash as before.") : member;
    case "back":
      return member;
  }
};

const countSaved = (side: CurtailSide, event: Event, ts: number): void => {
  const h = Math.min(ts - event.lastTs, MOST_STEP_MS) / 3_600_000;
  if (h <= 0) return;
  let kwh = 0;
  for (const { rig, state, beforeW, beforeThs } of event.members.values()) {
    const twin = side.twins.get(rig);
    if ((state !== "paused" && state !== "waking") || twin === undefined || twin.state === "offline") continue;
    kwh += (Math.max(0, beforeW - drawOf(twin)) / 1_000) * h;
    event.thH += Math.max(0, beforeThs - (twin.latest.hashrateThs ?? 0)) * h;
  }
  if (kwh === 0) return;
  const { pricePerKwh, currency, gco2ePerKwh } = worthAt(side, ts);
  event.kwh += kwh;
  event.currency ??= currency;
  event.money = event.money === null || pricePerKwh === null || currency !== event.currency ? null : event.money + kwh * pricePerKwh;
  event.kgco2e = event.kgco2e === null || gco2ePerKwh === null ? null : event.kgco2e + (kwh * gco2ePerKwh) / 1_000;
};

/** All is as it was: nobody wishes anything, and each rig is back, or is known not to come. */
const isOver = ({ endTs, members }: Event): boolean =>
  endTs !== null && [...members.values()].every(({ state }) => state === "back" || state === "missing" || state === "refused");

/** Lets time pass. Changes `side.curtail`. */
export const foldCurtailTick = (side: CurtailSide, ts: number): void => {
  const { curtail: book, twins } = side;
  const { settings } = book;
  if (book.event === null && book.operator === null && settings.schedule.length === 0 && settings.price === null && settings.mqtt === null)
    return;
  const wishes = wishesAt(book, worthAt(side, ts).pricePerKwh, ts);
  if (book.event === null) {
    const drawnW = drawOfAll(twins);
    // Nothing is known to be drawn: there is nothing to curtail, and no baseline to count from.
    if (wishes.length === 0 || drawnW === 0) return;
    book.event = {
      id: `C-${ts}`,
      fromTs: ts,
      endTs: null,
      doneTs: null,
      wishes,
      baselineW: drawnW,
      drawnW: 0,
      members: new Map(),
      batches: new Set(),
      pausedRigs: 0,
      lastTs: ts,
      orderedTs: 0,
      kwh: 0,
      money: 0,
      currency: null,
      kgco2e: 0,
      thH: 0,
    };
  }
  const { event } = book;
  if (wishes.length > 0) {
    event.wishes = wishes;
    event.endTs = null;
  } else event.endTs ??= ts;
  const commands = commandsOf(side.commands, event.batches);
  for (const member of event.members.values()) {
    const next = lookAt(member, twins.get(member.rig), commands.get(member.rig), ts);
    if (next === member) continue;
    if (next.state === "paused" && !next.hasPaused) event.pausedRigs += 1;
    event.members.set(member.rig, next.state === "paused" ? { ...next, hasPaused: true } : next);
  }
  countSaved(side, event, ts);
  event.lastTs = ts;
  event.drawnW = drawOfAll(twins);
  if (!isOver(event)) return;
  event.doneTs = ts;
  book.past = [...book.past, event].slice(-MOST_PAST);
  for (const [rig, { state }] of event.members) if (state === "back") event.members.delete(rig);
  event.batches.clear();
  book.event = null;
};
