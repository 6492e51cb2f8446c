/**
 * The path of a reading: journal → fold → whoever is concerned. The fold follows the journal in order and never waits for
 * anybody: the series store, the live feed and the relay take what is new and keep their own pace.
 */
import { openVersions } from "../twin/digest.ts";
import { farmOfLines, dirtyCells, restoreCells, snapshotTexts, untakeCells, type CellLine } from "../twin/snapshot.ts";
import { foldEntry, newFarm, nothingYet, type Farm, type Outcome } from "../twin/farm.ts";
import type { Verify } from "../twin/gateway.ts";
import type { RowSet } from "../twin/series.ts";
import type { Alarm, Entry } from "../twin/twin.ts";
import { OWN, TICK_MS } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";

export interface TelemetryNeeds {
  readonly site: string;
  readonly version: string;
  readonly clock: Clock;
  /** Resolves when the entry is on disk. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
  readonly subscribe: (to: (entries: readonly Entry[]) => void) => void;
  readonly loadSnapshot: (
    ts: number,
  ) => { readonly pos: number; readonly lines: Iterable<string>; readonly cells: Iterable<unknown> } | null;
  /** `texts`: see snapshotTexts; `isMoment`: it serves replays too, in place of a moment of its own; `open`: whose cells are still needed. */
  readonly saveSnapshot: (
    pos: number,
    ts: number,
    texts: Iterable<string>,
    cells: readonly unknown[],
    isMoment: boolean,
    open: ReturnType<typeof openVersions>,
  ) => Promise<void>;
  /** Keeps the farm for replays: see isMomentDue. */
  readonly saveMoment?: (pos: number, ts: number, texts: Iterable<string>) => Promise<void>;
  /** A faster check of signatures than the fold's own. */
  readonly verify?: Verify;
  /** Between two snapshots, ms. */
  readonly snapshotMs: number;
  readonly onError: (what: string, error: unknown) => void;
  /** The history of alarms, which has to be as far as a snapshot that is kept. */
  readonly history?: {
    readonly take: (alarms: readonly Alarm[]) => void;
    readonly settle: (pos: number) => void;
    readonly settledPos: () => number;
  };
  /** Whether the journal still has all its messages: only then can what is lost beside it be made anew from its beginning. */
  readonly isWhole?: () => boolean;
  /** Where the rows of readings go, asked for each batch; by default nowhere. */
  readonly rows?: () => RowSet;
}

/** A replay that jumps folds at most so many entries, a third of a second's work … */
const MOMENT_ENTRIES = 10_000;
/**
 * … and so many more for each rig beyond these: keeping a moment costs as much as the farm is large, and must stay a small part of its work. A
 * farm of several thousand has its snapshots for moments, and no others.
 */
const MOMENT_ENTRIES_A_RIG = 40;
const MOMENT_RIGS = 1_000;
/** From this part of the way on a snapshot serves for a moment: sooner, a day of moments would hold many more farms than it needs. */
const MOMENT_PART = 0.5;
/** What has come since the last moment was kept, as a part of what makes the farm worth keeping again. */
const momentPart = (farm: Farm, lastMomentPos: number): number =>
  (farm.asOfPos - lastMomentPos) / (MOMENT_ENTRIES + MOMENT_ENTRIES_A_RIG * Math.max(0, farm.twins.size - MOMENT_RIGS));
/** Whether so much has come since the last moment was kept that the farm is worth keeping again. */
export const isMomentDue = (farm: Farm, lastMomentPos: number): boolean => momentPart(farm, lastMomentPos) >= 1;

/** Takes what a batch of entries brought about; `farm` is the state after it. */
export type Taker = (out: Outcome, farm: Farm, batch: { readonly firstPos: number; readonly lastPos: number }) => void;

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The farm of a snapshot, or an empty one. */
export const restoreFarm = (site: string, saved: ReturnType<TelemetryNeeds["loadSnapshot"]>): Farm => {
  if (saved === null) return newFarm(site);
  const farm = farmOfLines(saved.lines);
  for (const lines of saved.cells) restoreCells(farm, lines as CellLine[]);
  return farm;
};

export const createTelemetry = (needs: TelemetryNeeds) => {
  let farm = newFarm(needs.site);
  const takers: Taker[] = [];
  const stops: (() => void)[] = [];
  let lastSnapshotPos = 0;
  let lastMomentPos = 0;
  let savingMoment = false;
  let hasBegun = false;
  let keeping: Promise<void> = Promise.resolve();
  let saving: Promise<void> = Promise.resolve();

  const keepMoment = async (): Promise<void> => {
    if (needs.saveMoment === undefined || savingMoment || !isMomentDue(farm, lastMomentPos)) return;
    savingMoment = true;
    lastMomentPos = farm.asOfPos;
    const texts = snapshotTexts(farm);
    try {
      await needs.saveMoment(farm.asOfPos, farm.asOfTs, texts);
    } catch (error) {
      needs.onError("a moment for replays was not kept", error);
    } finally {
      texts.return(undefined);
      savingMoment = false;
    }
  };

  const carry = (entries: readonly Entry[]): void => {
    const first = entries[0];
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    const out = nothingYet(needs.rows?.());
    for (const entry of entries) foldEntry(farm, entry, out, needs.verify);
    needs.history?.take(out.alarms);
    for (const take of takers) {
      try {
        take(out, farm, { firstPos: first.pos, lastPos: last.pos });
      } catch (error) {
        needs.onError("a reader of the fold failed", error);
      }
    }
    const before = keeping;
    keeping = keepMoment().then(() => before);
  };

  const saveNow = async (): Promise<void> => {
    if (farm.asOfPos === lastSnapshotPos) return;
    const pos = farm.asOfPos;
    needs.history?.settle(pos);
    const isMoment = momentPart(farm, lastMomentPos) >= MOMENT_PART;
    if (isMoment) lastMomentPos = pos;
    const cells = dirtyCells(farm.digest);
    const texts = snapshotTexts(farm);
    try {
      await needs.saveSnapshot(pos, farm.asOfTs, texts, cells, isMoment, openVersions(farm.digest));
    } catch (error) {
      untakeCells(farm.digest, cells);
      throw error;
    } finally {
      // A disk that refuses before the first is taken leaves them as they are, and with them all that they hold of the farm.
      texts.return(undefined);
    }
    lastSnapshotPos = pos;
  };
  /** One after the other: a later one lacks the cells that an earlier one has taken and may yet give back. */
  const snapshot = (): Promise<void> => {
    const run = saving.then(saveNow);
    saving = run.catch(() => undefined);
    return run;
  };

  return {
    farm: (): Farm => farm,
    /** Whether the journal has the entry of this start: what devices say belongs behind it. */
    hasBegun: (): boolean => hasBegun,
    /** Adds a reader; call before start. */
    tell: (taker: Taker): void => {
      takers.push(taker);
    },
    /** Restores the state, folds what the snapshot lacks, then follows the journal. `onProgress` is told positions folded. */
    async start(onProgress: (pos: number) => void = () => undefined): Promise<void> {
      try {
        const saved = needs.loadSnapshot(Number.MAX_SAFE_INTEGER);
        const isBehind = saved !== null && needs.history !== undefined && needs.history.settledPos() < saved.pos;
        const isAnew = isBehind && needs.isWhole?.() === true;
        if (isBehind)
          needs.onError("past alarms are missing on disk", isAnew ? "the journal is folded from its beginning" : "the journal is cut off");
        farm = restoreFarm(needs.site, isAnew ? null : saved);
      } catch (error) {
        needs.onError("the snapshot cannot be read; folding the journal from its beginning", error);
        farm = newFarm(needs.site);
      }
      lastSnapshotPos = farm.asOfPos;
      lastMomentPos = farm.asOfPos;
      const out = nothingYet();
      for await (const entries of needs.read(farm.asOfPos + 1)) {
        for (const entry of entries) foldEntry(farm, entry, out, needs.verify);
        needs.history?.take(out.alarms);
        Object.assign(out, nothingYet());
        await keepMoment();
        onProgress(farm.asOfPos);
      }
      needs.subscribe(carry);
      const begin = bytesOf({ version: needs.version, lastTs: farm.asOfTs });
      // While the journal refuses, as on a full disk, time stands still for the fold; it says so itself on the status page.
      const tick = async (): Promise<void> => {
        try {
          await (hasBegun ? needs.write(OWN.tick, bytesOf({})) : needs.write(OWN.start, begin));
          hasBegun = true;
        } catch {
          // Tried again with the next.
        }
      };
      await tick();
      stops.push(needs.clock.every(TICK_MS, tick));
      stops.push(
        needs.clock.every(needs.snapshotMs, () => snapshot().catch((error: unknown) => needs.onError("the snapshot was not saved", error))),
      );
    },
    async stop(): Promise<void> {
      for (const stop of stops.splice(0)) stop();
      await keeping;
      await snapshot().catch((error: unknown) => needs.onError("the snapshot was not saved", error));
    },
  };
};
