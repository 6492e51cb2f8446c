/**
 * Parts that changed under our eyes: a serial number that a machine told is another one than before. A record that names both explains it;
 * until there is one, or somebody says why, it stays an open question to the operator, and strangers see it as unexplained.
 */
import { BOARD, boardsAt, packed, poolsAt, textAt } from "./packed-measured.ts";
import type { BoardReading, Identity, Measured } from "./reading.ts";
import type { RecordBody, ReplacedPart } from "./record.ts";
import { usableSerial } from "./seal.ts";

/** How a change was explained. `by`: a pseudonym. */
export type Explanation =
  | { readonly how: "record"; readonly hash: `0x${string}` }
  | { readonly how: "reason"; readonly reason: string; readonly by: string; readonly ts: number };

export interface PartChange {
  /** 1 for the rig's first change, then without gaps. */
  readonly number: number;
  readonly part: "board" | "psu" | "control-board";
  /** 0-based place, null where there is only one. */
  readonly index: number | null;
  readonly oldSerial: string;
  readonly newSerial: string;
  /** Journal time at which the new serial was first told, ms UTC. */
  readonly seenTs: number;
  readonly explained: Explanation | null;
}

/** The serial numbers a rig was last known to have. */
export interface KnownParts {
  psu: string | null;
  controlBoard: string | null;
  /** By place. */
  readonly boards: (string | null)[];
}
/** By rig. Plain JSON data; changed in place. */
export interface PartBook {
  readonly known: Map<string, KnownParts>;
  readonly changes: Map<string, PartChange[]>;
}

/** Of one rig; a machine that changes its mind all the time is not believed for ever. */
const MOST_CHANGES = 200;
const MOST_BOARDS = 16;

export const noParts = (): PartBook => ({ known: new Map(), changes: new Map() });
export const changesOf = (book: PartBook, rig: string): readonly PartChange[] => book.changes.get(rig) ?? [];

/** Whether a record tells of this very change. A part's old serial may be left out, its new one may not. */
const tellsOf =
  (change: Pick<PartChange, "part" | "oldSerial" | "newSerial">) =>
  ({ part, oldSerial, newSerial }: ReplacedPart): boolean =>
    part === change.part && newSerial === change.newSerial && (oldSerial === null || oldSerial === change.oldSerial);

interface Record {
  readonly hash: `0x${string}`;
  readonly body: Pick<RecordBody, "parts">;
}
const explainedBy = (change: Pick<PartChange, "part" | "oldSerial" | "newSerial">, records: readonly Record[]): Explanation | null => {
  const record = records.findLast(({ body }) => body.parts.some(tellsOf(change)));
  return record === undefined ? null : { how: "record", hash: record.hash };
};

type Found = Pick<PartChange, "part" | "index" | "oldSerial" | "newSerial">;

/** Boards that were not in the machine before, each against the one whose place it took. A board that moved within the machine is none. */
const boardChanges = (known: readonly (string | null)[], told: readonly (string | null)[]): Found[] => {
  const gone = known.filter((serial) => serial !== null && !told.includes(serial));
  return told.flatMap((newSerial, index): Found[] => {
    if (newSerial === null || known.includes(newSerial)) return [];
    const before = known[index] ?? null;
    const at = before !== null && gone.includes(before) ? gone.indexOf(before) : 0;
    const [oldSerial] = gone.splice(at, 1);
    return oldSerial === undefined || oldSerial === null ? [] : [{ part: "board", index, oldSerial, newSerial }];
  });
};

const singleChange = (part: "psu" | "control-board", oldSerial: string | null, newSerial: string | null): Found[] =>
  oldSerial === null || newSerial === null || oldSerial === newSerial ? [] : [{ part, index: null, oldSerial, newSerial }];

/**
 * Takes what a rig tells of its parts now; gives whether a change was found. `records`: of the rig. Changes `book`. What is not told is as
 * it was: a machine that is starting leaves its boards out.
 */
export const foldParts = (
  book: PartBook,
  rig: string,
  identity: Pick<Identity, "psuSerial" | "controlBoardSerial" | "boardSerials">,
  boards: readonly Pick<BoardReading, "index" | "serial">[],
  nowTs: number,
  records: readonly Record[],
): boolean => {
  const told: (string | null)[] = identity.boardSerials.slice(0, MOST_BOARDS).map(usableSerial);
  for (const { index, serial } of boards) {
    if (index >= MOST_BOARDS) continue;
    while (told.length <= index) told.push(null);
    told[index] = usableSerial(serial) ?? told[index] ?? null;
  }
  const psu = usableSerial(identity.psuSerial);
  const controlBoard = usableSerial(identity.controlBoardSerial);
  let known = book.known.get(rig);
  if (known === undefined) {
    known = { psu: null, controlBoard: null, boards: [] };
    book.known.set(rig, known);
  }
  const found = [
    ...boardChanges(known.boards, told),
    ...singleChange("psu", known.psu, psu),
    ...singleChange("control-board", known.controlBoard, controlBoard),
  ];
  known.psu = psu ?? known.psu;
  known.controlBoard = controlBoard ?? known.controlBoard;
  for (const [index, serial] of told.entries()) {
    while (known.boards.length <= index) known.boards.push(null);
    known.boards[index] = serial ?? known.boards[index] ?? null;
  }
  const changes = book.changes.get(rig) ?? [];
  for (const change of found.slice(0, MOST_CHANGES - changes.length))
    changes.push({ number: changes.length + 1, ...change, seenTs: nowTs, explained: explainedBy(change, records) });
  if (changes.length > 0) book.changes.set(rig, changes);
  return found.length > 0;
};

/** Looks whether the rig's records explain what is open; gives whether they did. Changes `book`. */
export const foldPartRecords = (book: PartBook, rig: string, records: readonly Record[]): boolean => {
  let changed = false;
  const changes = book.changes.get(rig) ?? [];
  for (const [i, change] of changes.entries()) {
    const explained = change.explained === null ? explainedBy(change, records) : null;
    if (explained === null) continue;
    changes[i] = { ...change, explained };
    changed = true;
  }
  return changed;
};

/** Takes a reason for a change that is open; gives whether there was one. Changes `book`. */
export const foldPartReason = (book: PartBook, rig: string, number: number, reason: string, by: string, ts: number): boolean => {
  const changes = book.changes.get(rig) ?? [];
  const change = changes[number - 1];
  if (change === undefined || change.explained !== null) return false;
  changes[number - 1] = { ...change, explained: { how: "reason", reason, by, ts } };
  return true;
};

/** Whether a board of `b` tells another serial number than that of `a` in its place. */
export const hasOtherSerial = (a: Measured, b: Measured): boolean => {
  const [before, after] = [packed(a), packed(b)];
  const { numbers, texts } = after;
  if (texts.length === 0) return false;
  const end = poolsAt(numbers);
  const step = boardsAt(before.numbers) - boardsAt(numbers);
  const most = poolsAt(before.numbers);
  for (let at = boardsAt(numbers) + 1 + BOARD.serial; at < end; at += BOARD.width) {
    const serial = textAt(numbers, texts, at);
    if (serial !== null && (at + step >= most || serial !== textAt(before.numbers, before.texts, at + step))) return true;
  }
  return false;
};
