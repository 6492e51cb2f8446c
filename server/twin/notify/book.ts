/**
 * What is known of incidents that may have to be told, what was told of them to whom, and the messages on their way. Folded from the
 * journal alone: what was told before a kill -9 is known after it, and a replay sends nothing.
 */
import type { Incident } from "../alarms/incident.ts";
import type { Severity } from "../alarms/kinds.ts";
import type { NOTICE_EVENTS, NOTICE_STATES } from "./shapes.ts";

export type NoticeEvent = (typeof NOTICE_EVENTS)[number];
export type NoticeState = (typeof NOTICE_STATES)[number];

/** An incident as notifications know it. */
export interface Noted {
  readonly id: string;
  readonly site: string;
  readonly severity: Severity;
  readonly says: string;
  readonly openedTs: number;
  readonly closedTs: number | null;
  readonly isMerged: boolean;
  /** Names of the first of its rigs, and how many they are. */
  readonly rigs: readonly string[];
  readonly rigCount: number;
  /** By channel: when it was last told there, how grave it was then, and whether its end was told. */
  readonly told: Readonly<Record<string, { readonly ts: number; readonly severity: Severity; readonly isEnded: boolean }>>;
}
export interface NewNotice {
  /** The same for the same thing told to the same channel: who gets it twice can tell. */
  readonly id: string;
  readonly channel: string;
  readonly event: NoticeEvent;
  readonly severity: Severity;
  readonly title: string;
  readonly lines: readonly string[];
  /** Incidents it tells of, and whether it tells their end. */
  readonly about: readonly { readonly incident: string; readonly isEnd: boolean }[];
}
export interface Notice extends NewNotice {
  readonly queuedTs: number;
  readonly state: NoticeState;
  readonly stateTs: number;
  readonly tries: number;
  /** Tries of which nobody knows whether they got through. */
  readonly unknown: number;
  readonly nextTs: number;
  readonly detail: string;
}
/** What the server writes of notifications, topic OWN.notify. */
export type NotifyNews =
  | { readonly what: "queued"; readonly notices: readonly NewNotice[] }
  | { readonly what: "trying"; readonly id: string }
  | { readonly what: "sent"; readonly id: string; readonly detail: string }
  | {
      readonly what: "failed";
      readonly id: string;
      readonly detail: string;
      /** Nobody knows whether it got through. */
      readonly isUnknown: boolean;
      /** When to try again; null: not at all. */
      readonly nextTs: number | null;
    };
export interface ChannelResult {
  readonly lastOkTs: number | null;
  readonly lastFailTs: number | null;
  readonly detail: string;
  readonly isOk: boolean;
}
export interface NotifyBook {
  readonly noted: Map<string, Noted>;
  /** By id, oldest first. */
  readonly notices: Map<string, Notice>;
  readonly results: Map<string, ChannelResult>;
  /** By channel: when its last digest was made. */
  readonly digested: Map<string, number>;
}
export const noNotices = (): NotifyBook => ({ noted: new Map(), notices: new Map(), results: new Map(), digested: new Map() });

const MOST_NOTED = 5_000;
const MOST_DONE = 300;
const NAMED_RIGS = 12;
/** A daily digest still finds what was closed so long ago. */
const KEPT_MS = 50 * 3_600_000;

/** Incidents that were opened, changed or closed. Changes `book`. */
export const noteIncidents = (book: NotifyBook, incidents: readonly Incident[]): void => {
  for (const incident of incidents) {
    const rigs = [...new Set(incident.members.map(({ rig }) => rig))];
    book.noted.set(incident.id, {
      id: incident.id,
      site: incident.site,
      severity: incident.severity,
      says: incident.says,
      openedTs: incident.openedTs,
      closedTs: incident.closedTs,
      isMerged: incident.mergedInto !== null,
      rigs: rigs.slice(0, NAMED_RIGS),
      rigCount: rigs.length,
      told: book.noted.get(incident.id)?.told ?? {},
    });
  }
};

/** Lets go of what nobody will ask for any more. Changes `book`. */
export const forgetNotices = (book: NotifyBook, nowTs: number): void => {
  for (const [id, { closedTs }] of book.noted) if (closedTs !== null && nowTs - closedTs > KEPT_MS) book.noted.delete(id);
  for (const id of book.noted.keys()) {
    if (book.noted.size <= MOST_NOTED) break;
    book.noted.delete(id);
  }
  let done = 0;
  for (const { state } of book.notices.values()) if (state !== "waiting" && state !== "trying") done += 1;
  for (const [id, { state }] of book.notices) {
    if (done <= MOST_DONE) break;
    if (state === "waiting" || state === "trying") continue;
    book.notices.delete(id);
    done -= 1;
  }
};

const queue = (book: NotifyBook, notice: NewNotice, ts: number): void => {
  if (book.notices.has(notice.id)) return;
  book.notices.set(notice.id, { ...notice, queuedTs: ts, state: "waiting", stateTs: ts, tries: 0, unknown: 0, nextTs: ts, detail: "" });
  if (notice.event === "digest") book.digested.set(notice.channel, ts);
  for (const { incident, isEnd } of notice.about) {
    const noted = book.noted.get(incident);
    if (noted === undefined) continue;
    const told = { ts, severity: noted.severity, isEnded: isEnd };
    book.noted.set(incident, { ...noted, told: { ...noted.told, [notice.channel]: told } });
  }
};

const result = (book: NotifyBook, channel: string, isOk: boolean, detail: string, ts: number): void => {
  const before = book.results.get(channel);
  book.results.set(channel, {
    isOk,
    detail,
    lastOkTs: isOk ? ts : (before?.lastOkTs ?? null),
    lastFailTs: isOk ? (before?.lastFailTs ?? null) : ts,
  });
};

/** Carries news at journal time `ts`. Changes `book`. */
export const foldNotifyNews = (book: NotifyBook, news: NotifyNews, ts: number): void => {
  if (news.what === "queued") {
    for (const notice of news.notices) queue(book, notice, ts);
    return forgetNotices(book, ts);
  }
  const before = book.notices.get(news.id);
  if (before === undefined) return;
  if (news.what === "trying") {
    book.notices.set(news.id, { ...before, state: "trying", stateTs: ts, tries: before.tries + 1 });
    return;
  }
  if (news.what === "sent") {
    book.notices.set(news.id, { ...before, state: "sent", stateTs: ts, detail: news.detail });
    return result(book, before.channel, true, news.detail, ts);
  }
  const unknown = before.unknown + (news.isUnknown ? 1 : 0);
  const state: NoticeState = news.nextTs !== null ? "waiting" : unknown > 0 ? "uncertain" : "given-up";
  book.notices.set(news.id, { ...before, state, stateTs: ts, unknown, nextTs: news.nextTs ?? ts, detail: news.detail });
  result(book, before.channel, false, news.detail, ts);
};
