/** Comments, mentions and handed-over notes as they were folded. The same entries give the same book. */
import { activeAlarms, type AlarmBook } from "../alarms/book.ts";
import { isLive, type WorkBook } from "../orders/fold.ts";
import type { Comment, Handover, NoteNews, Standing } from "./shapes.ts";

export interface NoteBook {
  /** Oldest first. */
  comments: Comment[];
  handovers: Handover[];
  /** Numbers given so far; older ones may have been let go. */
  commented: number;
  handedOver: number;
  /** Everything that was told so far, what was seen included: another number, and something is new. */
  told: number;
  /** By name in lower case: the newest comment that was seen. */
  readonly seen: Map<string, number>;
}
/** Of a farm what is looked at, and what is written into. */
interface Around {
  readonly alarms: AlarmBook;
  readonly work: WorkBook;
  readonly notes: NoteBook;
}
export const noNotes = (): NoteBook => ({ comments: [], handovers: [], commented: 0, handedOver: 0, told: 0, seen: new Map() });

const MOST_COMMENTS = 10_000;
const MOST_HANDOVERS = 2_000;
const MOST_MENTIONS = 20;
const MOST_NAMES = 5_000;
const MOST_INCIDENTS = 20;
const MOST_ORDERS = 50;

/** Names after an @ that begins a word, in lower case, each once. */
export const mentionsIn = (text: string): string[] => {
  const names = [...text.matchAll(/(?<![\p{L}\p{N}@])@([\p{L}\p{N}](?:[\p{L}\p{N}._-]{0,62}[\p{L}\p{N}])?)/gu)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
  return [...new Set(names)].slice(0, MOST_MENTIONS);
};

/** What stands open in the farm as it is now. */
export const standingIn = (farm: Pick<Around, "alarms" | "work">): Standing => {
  const alarms = { critical: 0, major: 0, minor: 0, info: 0 };
  for (const { severity } of activeAlarms(farm.alarms)) alarms[severity] += 1;
  const incidents = [...farm.alarms.incidents.values()]
    .filter(({ closedTs, mergedInto }) => closedTs === null && mergedInto === null)
    .toSorted((a, b) => b.openedTs - a.openedTs || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_INCIDENTS)
    .map(({ id, name, severity, members }) => ({ id, name, severity, rigs: members.length }));
  const orders = [...farm.work.orders.values()]
    .filter(isLive)
    .toSorted((a, b) => b.number - a.number)
    .slice(0, MOST_ORDERS)
    .map(({ id, title, state }) => ({ id, title, state }));
  return { alarms, incidents, orders };
};

/** Carries what somebody said into the farm's book. Changes `farm.notes`. */
export const foldNote = (farm: Around, news: NoteNews, ts: number): void => {
  const { notes } = farm;
  notes.told += 1;
  switch (news.what) {
    case "comment": {
      const { about, text, by } = news;
      notes.commented += 1;
      notes.comments.push({ number: notes.commented, about, text, by, ts, mentions: mentionsIn(text) });
      if (notes.comments.length > 1.2 * MOST_COMMENTS) notes.comments = notes.comments.slice(-MOST_COMMENTS);
      return;
    }
    case "handover": {
      const { shift, text, by } = news;
      notes.handedOver += 1;
      notes.handovers.push({ number: notes.handedOver, shift, text, by, ts, stood: standingIn(farm) });
      if (notes.handovers.length > 1.2 * MOST_HANDOVERS) notes.handovers = notes.handovers.slice(-MOST_HANDOVERS);
      return;
    }
    case "seen": {
      const name = news.by.toLowerCase();
      const to = Math.max(notes.seen.get(name) ?? 0, Math.min(news.to, notes.commented));
      notes.seen.delete(name);
      notes.seen.set(name, to);
      const [oldest] = notes.seen.keys();
      if (notes.seen.size > MOST_NAMES && oldest !== undefined) notes.seen.delete(oldest);
    }
  }
};

/** Comments that mention a name, newest first. */
export const mentionsOf = (notes: NoteBook, name: string): Comment[] => {
  const wanted = name.toLowerCase();
  return wanted === "" ? [] : notes.comments.filter(({ mentions }) => mentions.includes(wanted)).toReversed();
};
