/** The path of what people tell each other: checked, at a pace a person can keep, into the journal, and back out of the folded book. */
import type { Farm } from "../twin/farm.ts";
import { mentionsOf, standingIn } from "../twin/notes/book.ts";
import type {
  Comment,
  CommentsQuery,
  Handover,
  Handovers,
  Mentions,
  NewComment,
  NewHandover,
  NoteNews,
  SeenMentions,
} from "../twin/notes/shapes.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";

export interface NotesNeeds {
  readonly now: () => number;
  readonly farm: () => Farm;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
}

/** Of one name, and of all together: what a busy shift writes, and what a program that ran wild may not. */
const PER_NAME = 20;
const OF_ALL = 200;
const WITHIN_MS = 60_000;
const MOST_MENTIONS = 100;

/** Builds it; changes are refused with TOO_MANY_REQUESTS, RIG_UNKNOWN, NOT_FOUND, JOURNAL_UNAVAILABLE, DISK_FULL. */
export const createNotes = ({ now, farm, write }: NotesNeeds) => {
  let newest: { readonly name: string; readonly ts: number }[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  const take = (name: string): void => {
    const nowTs = now();
    newest = newest.filter(({ ts }) => nowTs - ts < WITHIN_MS);
    if (newest.length >= OF_ALL || newest.filter((each) => each.name === name).length >= PER_NAME)
      throw new Refused("TOO_MANY_REQUESTS", `${PER_NAME} notes a minute are taken of one person; try again in a minute.`);
    newest.push({ name, ts: nowTs });
  };
  /** One after the other, so that each finds its own number. */
  const tell = <T>(news: NoteNews, found: () => T): Promise<T> => {
    const mine = turn.then(async () => {
      await write(OWN.note, new TextEncoder().encode(JSON.stringify(news)));
      return found();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const checkAbout = ({ about }: NewComment): void => {
    if (about.of === "rig" && !farm().twins.has(about.rig)) throw new Refused("RIG_UNKNOWN", `No rig "${about.rig}" has been seen.`);
    if (about.of === "incident" && !farm().alarms.incidents.has(about.incident))
      throw new Refused("NOT_FOUND", "There is no open incident of that id.");
    if (about.of === "moment" && about.ts > now() + WITHIN_MS) throw new Refused("REQUEST_INVALID", "body.about.ts is in the future.");
  };
  const mentions = (name: string): Mentions => {
    const { notes } = farm();
    const found = mentionsOf(notes, name);
    const seenTo = notes.seen.get(name.toLowerCase()) ?? 0;
    return { name, unseen: found.filter(({ number }) => number > seenTo).length, comments: found.slice(0, MOST_MENTIONS), seenTo };
  };

  return {
    comments: ({ rig, incident, limit }: CommentsQuery): { total: number; comments: Comment[] } => {
      const found = farm()
        .notes.comments.filter(
          ({ about }) =>
            (rig === undefined || (about.of === "rig" && about.rig === rig)) &&
            (incident === undefined || (about.of === "incident" && about.incident === incident)),
        )
        .toReversed();
      return { total: found.length, comments: found.slice(0, limit) };
    },
    addComment: async (told: NewComment): Promise<Comment> => {
      checkAbout(told);
      take(told.by);
      return tell({ what: "comment", ...told }, () => farm().notes.comments.at(-1) as Comment);
    },
    /** Of whoever has that name. */
    mentions,
    seeMentions: (told: SeenMentions): Promise<Mentions> => {
      take(told.by);
      return tell({ what: "seen", ...told }, () => mentions(told.by));
    },
    handovers: (limit: number): Handovers => {
      const { notes } = farm();
      return { total: notes.handovers.length, handovers: notes.handovers.slice(-limit).toReversed(), stands: standingIn(farm()) };
    },
    addHandover: async (told: NewHandover): Promise<Handover> => {
      take(told.by);
      return tell({ what: "handover", ...told }, () => farm().notes.handovers.at(-1) as Handover);
    },
  };
};
