/**
 * A past window, played at any speed into a view of its own: the nearest snapshot before it, then the journal through the same
 * fold, with the journal's times as the clock. It reads and folds; there is nothing it could write to.
 */
import type { ShownIn, ViewClock } from "../twin/delta.ts";
import { foldEntry, nothingYet, type Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import type { Entry, SiteTotals } from "../twin/twin.ts";
import { FRAME_MS } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";
import { createFrames, type Frame, type Whole } from "./frames.ts";
import { restoreFarm, type TelemetryNeeds } from "./telemetry.ts";

export interface ReplayNeeds {
  readonly shownIn?: ShownIn;
  /** Its name, which nobody can guess. */
  readonly room: string;
  readonly site: string;
  readonly clock: Clock;
  /** A farm's figures as they are shown. */
  readonly totals: (farm: Farm) => SiteTotals;
  readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
  readonly loadSnapshot: TelemetryNeeds["loadSnapshot"];
  /** A faster check of signatures than the fold's own. */
  readonly verify?: TelemetryNeeds["verify"];
  /** Where the journal begins, ms UTC; null while it is empty. */
  readonly oldestTs: () => number | null;
}
export interface ReplayWish {
  /** ms UTC. */
  readonly from: number;
  readonly to: number;
  readonly speed: number;
}
export interface Control {
  readonly playing?: boolean;
  readonly speed?: number;
  /** Jump to this moment, ms UTC. */
  readonly at?: number;
}
export interface Replay {
  readonly whole: () => Whole;
  /** Resolves when the view stands where it was asked to; gives true where the viewer needs the whole. */
  readonly control: (control: Control) => Promise<boolean>;
  readonly farm: () => Farm;
  readonly close: () => void;
}

export const MOST_SPEED = 10_000;
/** Entries folded in one go before others get a turn. */
const SLICE = 2_000;

const checked = ({ from, to, speed }: ReplayWish, oldest: number | null, nowTs: number): void => {
  if (![from, to, speed].every(Number.isFinite)) throw new Refused("REQUEST_INVALID", "from, to and speed must be numbers.");
  if (speed <= 0 || speed > MOST_SPEED) throw new Refused("REQUEST_INVALID", `speed must be above 0 and at most ${MOST_SPEED}.`);
  if (from >= to) throw new Refused("RANGE_INVALID", "from must be before to.");
  if (oldest === null || to < oldest || from > nowTs) throw new Refused("RANGE_INVALID", "Nothing was recorded in that window.");
};

/** The nearest kept farm before; of what an older program kept in another way nothing can be read, then the journal from its begin. */
const restored = ({ site, loadSnapshot }: ReplayNeeds, ts: number): Farm => {
  try {
    return restoreFarm(site, loadSnapshot(ts));
  } catch {
    return restoreFarm(site, null);
  }
};

/** Opens a replay that stands, paused or playing, at `from`. Throws Refused. */
export const openReplay = async (needs: ReplayNeeds, wish: ReplayWish, emit: (frame: Frame) => void): Promise<Replay> => {
  checked(wish, needs.oldestTs(), needs.clock.now());
  let { speed } = wish;
  let playing = true;
  let atTs = wish.from;
  let farm: Farm = restoreFarm(needs.site, null);
  let reader: AsyncIterator<readonly Entry[]> | null = null;
  let waiting: readonly Entry[] = [];
  let closed = false;
  let busy: Promise<void> = Promise.resolve();
  let lastStepTs = needs.clock.now();

  const viewClock = (): ViewClock => ({ view: "replay", nowTs: atTs, playing, speed, from: wish.from, to: wish.to, room: needs.room });
  const frames = createFrames(() => farm, needs.totals, viewClock, needs.shownIn);

  /** Folds everything received up to and with `ts`. */
  const foldUpTo = async (ts: number): Promise<void> => {
    const out = nothingYet();
    while (!closed) {
      let i = 0;
      for (const entry of waiting) {
        if (entry.receivedTs > ts || i >= SLICE) break;
        foldEntry(farm, entry, out, needs.verify);
        i += 1;
      }
      waiting = waiting.slice(i);
      frames.take(out);
      Object.assign(out, nothingYet());
      if (waiting.length > 0 && (waiting[0]?.receivedTs ?? 0) > ts) return;
      if (waiting.length > 0) continue;
      const next = await reader?.next();
      if (next === undefined || next.done === true) {
        reader = null;
        return;
      }
      waiting = next.value;
    }
  };

  const seek = async (ts: number): Promise<void> => {
    farm = restored(needs, ts);
    waiting = [];
    reader = needs.read(farm.asOfPos + 1)[Symbol.asyncIterator]();
    await foldUpTo(ts);
    atTs = ts;
  };

  const step = async (): Promise<void> => {
    const nowTs = needs.clock.now();
    const passedMs = nowTs - lastStepTs;
    lastStepTs = nowTs;
    if (!playing || closed) return;
    const targetTs = Math.min(wish.to, atTs + passedMs * speed);
    // A window that reaches into the present is read on as the journal grows.
    reader ??= needs.read(farm.asOfPos + 1)[Symbol.asyncIterator]();
    await foldUpTo(targetTs);
    atTs = targetTs;
    if (atTs >= wish.to) playing = false;
    if (!closed) emit(frames.next());
  };

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    busy = busy.then(work, work);
    return busy;
  };

  await seek(wish.from);
  lastStepTs = needs.clock.now();
  const stop = needs.clock.every(FRAME_MS, () => inTurn(step));

  return {
    whole: () => frames.whole(),
    farm: () => farm,
    async control({ playing: play, speed: wished, at }: Control): Promise<boolean> {
      if (wished !== undefined && !(wished > 0 && wished <= MOST_SPEED))
        throw new Refused("REQUEST_INVALID", `speed must be above 0 and at most ${MOST_SPEED}.`);
      if (at !== undefined && !(at >= wish.from && at <= wish.to)) throw new Refused("RANGE_INVALID", "at must lie within the window.");
      if (wished !== undefined) speed = wished;
      if (at !== undefined) await inTurn(() => seek(at));
      if (play !== undefined) playing = play;
      return at !== undefined;
    },
    close(): void {
      closed = true;
      stop();
    },
  };
};
