/**
 * The bounded recent past of one rig, as far as rules need it: plain JSON data of constant size, changed in place with each reading and
 * kept in the snapshot, so that a rule that was at minute nine of ten is at minute nine after a kill -9.
 */
import type { Model } from "../models.ts";
import { BOARD, boardsAt, FAN, FANS, packed } from "../packed-measured.ts";
import type { Reading } from "../reading.ts";
import type { Twin } from "../twin.ts";
import { noFigures, type Figures } from "./figures.ts";
import { lookAtPools, type PoolWatch } from "./pool-watch.ts";
import { lookAtSensors } from "./sensor-watch.ts";
import { lookAtDrift, noDrift, type Drift } from "./drift.ts";
import { lookAtOwn } from "./own.ts";

export interface Watch {
  /** Journal time of the newest reading, and of anything at all that came from it. */
  readTs: number;
  heardTs: number;
  /** Usual time between two readings, ms; null until there were two. */
  gapMs: number | null;
  /** The newest reading came after an unusual gap, so that nothing is known of the time between. */
  isBroken: boolean;
  /** Receive minus device time of the newest reading, ms. */
  lagMs: number;
  /** Since when it has been in its present mode. */
  modeSinceTs: number;
  mode: string;
  /** When it was last seen paused, and when it was woken from that and has not come back since. */
  pausedTs: number | null;
  wokenTs: number | null;
  uptimeS: number | null;
  /** Journal times of its last starts, newest last, at most RESTARTS of them. */
  starts: number[];
  /** Most boards, turning fans and chips on each board that it ever showed. */
  mostBoards: number;
  mostFans: number;
  mostChips: number[];
  /** When a message of it was last refused for its clock, and what was said. */
  clockTs: number | null;
  clockSays: string;
  /** The gateway it comes by, where that is told. */
  gateway: string | null;
  pool: PoolWatch | null;
  /** Its sensors tell fractions of a degree. Whole degrees may stand still for hours under a good fan control, fractions may not. */
  isFine: boolean;
  /** What it gave in the half hours of the last day, as shares of what it should (own.ts). */
  halfHours: number[];
  figures: Figures;
  drift: Drift;
}

const RESTARTS = 6;

export const newWatch = (ts: number): Watch => ({
  readTs: 0,
  heardTs: ts,
  gapMs: null,
  isBroken: false,
  lagMs: 0,
  modeSinceTs: ts,
  mode: "unknown",
  pausedTs: null,
  wokenTs: null,
  uptimeS: null,
  starts: [],
  mostBoards: 0,
  mostFans: 0,
  mostChips: [],
  clockTs: null,
  clockSays: "",
  gateway: null,
  pool: null,
  isFine: false,
  halfHours: [],
  figures: noFigures(),
  drift: noDrift(),
});

/** Part of its target from which on a rig that was woken counts as back. */
const BACK_PART = 0.75;

const lookAtMode = (watch: Watch, { latest }: Twin, targetThs: number | null, nowTs: number): void => {
  if (latest.mode === "paused") {
    watch.pausedTs = nowTs;
    watch.wokenTs = null;
  } else if (watch.mode === "paused") watch.wokenTs = nowTs;
  if (watch.wokenTs !== null && latest.hashrateThs !== null && latest.hashrateThs >= (targetThs ?? 0.1) * BACK_PART) watch.wokenTs = null;
  if (latest.mode !== watch.mode) {
    watch.mode = latest.mode;
    watch.modeSinceTs = nowTs;
  }
};

const lookAtStart = (watch: Watch, uptimeS: number | null, nowTs: number): void => {
  if (uptimeS === null) return;
  // Uptime that fell by more than jitter is a start.
  if (watch.uptimeS !== null && uptimeS < watch.uptimeS - 20) {
    watch.starts.push(nowTs);
    if (watch.starts.length > RESTARTS) watch.starts.shift();
  }
  watch.uptimeS = uptimeS;
};

const lookAtParts = (watch: Watch, latest: Twin["latest"]): void => {
  const { numbers } = packed(latest);
  const from = boardsAt(numbers);
  const boards = numbers[from] as number;
  if (boards > watch.mostBoards) watch.mostBoards = boards;
  let turning = 0;
  for (let at = FANS + 1 + FAN.rpm; at < from; at += FAN.width) if ((numbers[at] as number) > 0) turning += 1;
  if (turning > watch.mostFans) watch.mostFans = turning;
  for (let i = 0; i < boards; i++) {
    const at = from + 1 + i * BOARD.width;
    const index = numbers[at] as number;
    const chips = numbers[at + BOARD.chips] as number;
    if (chips > (watch.mostChips[index] ?? 0)) watch.mostChips[index] = chips;
  }
  // Holes would become null in the snapshot and undefined here.
  for (let i = 0; i < watch.mostChips.length; i++) watch.mostChips[i] ??= 0;
};

/** Of a rig of which one reading is known: it may report every few minutes, and is not called gone before the second had its time. */
const FIRST_GAP_MS = 200_000;
/** Two readings in a burst say nothing of the usual. */
const LEAST_FIRST_GAP_MS = 10_000;
export const usualGapMs = ({ gapMs }: Watch): number => gapMs ?? FIRST_GAP_MS;

/** An unusual gap: three times the usual one, and a minute at least. */
const isUnusual = (watch: Watch, nowTs: number, resumedTs: number): boolean =>
  nowTs - Math.max(watch.readTs, resumedTs) > Math.max(60_000, 3 * usualGapMs(watch));

/** Takes an accepted reading that is newer than the last; `twin` is folded with it. Changes `watch`. */
export const lookAtReading = (
  watch: Watch,
  twin: Twin,
  { deviceTs, receivedTs }: Reading,
  around: { readonly model: Model | null; readonly targetThs: number | null; readonly isSettled: boolean; readonly resumedTs: number },
): void => {
  const { latest } = twin;
  watch.isBroken = watch.readTs !== 0 && isUnusual(watch, receivedTs, around.resumedTs);
  if (watch.readTs !== 0 && !watch.isBroken) {
    const gapMs = receivedTs - Math.max(watch.readTs, around.resumedTs);
    watch.gapMs = watch.gapMs === null ? Math.max(LEAST_FIRST_GAP_MS, gapMs) : watch.gapMs + (gapMs - watch.gapMs) / 8;
  } else if (watch.isBroken) watch.gapMs = Math.min(3_600_000, usualGapMs(watch) * 1.5);
  watch.readTs = receivedTs;
  watch.heardTs = receivedTs;
  watch.lagMs = receivedTs - deviceTs;
  watch.clockTs = null;
  lookAtMode(watch, twin, around.targetThs, receivedTs);
  lookAtStart(watch, latest.uptimeS, receivedTs);
  lookAtParts(watch, latest);
  lookAtPools(watch, twin, receivedTs);
  const { figures } = watch;
  if (lookAtSensors(figures, twin, receivedTs)) watch.isFine = true;
  lookAtOwn(figures, watch.halfHours, around.isSettled ? latest.hashrateThs : null, around.targetThs, receivedTs);
  lookAtDrift(watch.drift, figures, twin, around, receivedTs);
};
