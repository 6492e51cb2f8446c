/** One rig's twin, folded. Every function takes a twin and gives a new one; the old is left as it was. */
import { BOARD, boardsAt, packed, poolsAt, type PackedNumbers } from "./packed-measured.ts";
import { NO_IDENTITY, NOTHING_MEASURED, type Identity, type Position, type Reading } from "./reading.ts";
import type { Nameplate, RigState, Twin } from "./twin.ts";

/** Silence after which a rig counts as offline, ms. Six readings at the usual ten seconds. */
export const OFFLINE_MS = 60_000;
/** Part of the nameplate below which a mining rig is called low. */
export const LOW_PART = 0.8;
/** Part of the nameplate below which it is said to do no work at all. */
export const HUNG_PART = 0.01;

/** What the catalogue knows of a model. */
export interface KnownModel {
  readonly id: string;
  readonly nameplate: Nameplate;
}

export const newTwin = (site: string, rig: string, index: number, ts: number): Twin => ({
  site,
  rig,
  index,
  state: "new",
  stateSinceTs: ts,
  identity: NO_IDENTITY,
  modelId: null,
  nameplate: null,
  position: null,
  tokenId: null,
  tier: "self-reported",
  format: null,
  firstSeenTs: ts,
  lastSeenTs: null,
  lastDeviceTs: null,
  skewMs: null,
  boot: null,
  lastSeq: null,
  announced: null,
  latest: NOTHING_MEASURED,
  quality: {},
  counts: { readings: 0, duplicates: 0, late: 0, missed: 0 },
  rev: 0,
});

/** Whether so many boards are there, and all of them work. */
const isComplete = (numbers: PackedNumbers, boards: number): boolean => {
  const from = boardsAt(numbers);
  if ((numbers[from] as number) < boards) return false;
  const end = poolsAt(numbers);
  // NaN is not above 0.
  for (let at = from + 1 + BOARD.hashrateThs; at < end; at += BOARD.width) if (!((numbers[at] as number) > 0)) return false;
  return true;
};

/**
 * What a rig should give now, TH/s: the nameplate, or what the machine itself expects where it runs throttled on purpose with all
 * its boards at work. A machine that lost a board expects less too, and that is no excuse. null where nothing is known.
 */
export const targetThs = ({ nameplate, latest }: Twin): number | null => {
  const expected = latest.expectedThs !== null && latest.expectedThs > 0 ? latest.expectedThs : null;
  if (nameplate === null || expected === null) return nameplate?.hashrateThs ?? expected;
  return isComplete(packed(latest).numbers, nameplate.boards) ? Math.min(nameplate.hashrateThs, expected) : nameplate.hashrateThs;
};

/** What the rig is doing at `nowTs`. `resumedTs` is when this journal last began to listen: our own absence is not the rig's. */
export const stateAt = (twin: Twin, nowTs: number, resumedTs: number): RigState => {
  if (twin.lastSeenTs === null) return twin.announced === "lost" || twin.announced === "offline" ? "offline" : "new";
  if (twin.announced === "lost" || twin.announced === "offline") return "offline";
  if (nowTs - Math.max(twin.lastSeenTs, resumedTs) > OFFLINE_MS) return "offline";
  const { mode, hashrateThs } = twin.latest;
  if (mode === "paused" || mode === "fault" || mode === "tuning") return mode;
  const expected = targetThs(twin);
  if (hashrateThs === null) return "low";
  if (hashrateThs <= (expected ?? 0) * HUNG_PART) return "hung";
  return expected !== null && hashrateThs < expected * LOW_PART ? "low" : "hashing";
};

const withState = (twin: Twin, nowTs: number, resumedTs: number): Twin => {
  const state = stateAt(twin, nowTs, resumedTs);
  return state === twin.state ? twin : { ...twin, state, stateSinceTs: nowTs };
};

/** Lets time pass; gives the same twin where nothing changes. */
export const foldTick = (twin: Twin, nowTs: number, resumedTs: number): Twin => {
  const next = withState(twin, nowTs, resumedTs);
  return next === twin ? twin : { ...next, rev: twin.rev + 1 };
};

const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((value, i) => value === b[i]);

/** The identity with what is newly told put over what was known; the same object where nothing is new. */
export const mergeIdentity = (known: Identity, told: Partial<Identity>): Identity => {
  const merged: Record<string, unknown> = { ...known };
  let changed = false;
  for (const [name, value] of Object.entries(told)) {
    if (value === null || value === undefined) continue;
    const before = merged[name];
    if (Array.isArray(value) ? value.length === 0 || sameList(value, before as unknown[]) : value === before) continue;
    merged[name] = value;
    changed = true;
  }
  return changed ? (merged as unknown as Identity) : known;
};

/** From so much on a difference is no matter of the network's moods. */
const SKEW_STEP_MS = 2_000;
/**
 * EWMA of an eighth, but what says more than an average is taken at once. Downwards: nothing arrives before it is made, so that whatever came before
 * had lain somewhere, or the clock is another now. And where the two clocks agree: what lay for just as long as its clock is ahead is rare, and one
 * jump of a clock, ours among them, would be seen for hours. Any other step upwards is bounded, so that what lay in a spool for an hour does not look
 * like a wrong clock.
 */
const skewAfter = (before: number | null, skewMs: number): number => {
  if (before === null) return skewMs;
  const byMs = skewMs - before;
  const isPlain = byMs < -SKEW_STEP_MS || (byMs > SKEW_STEP_MS && Math.abs(skewMs) <= SKEW_STEP_MS);
  return isPlain ? skewMs : before + Math.round(Math.min(SKEW_STEP_MS, byMs) / 8);
};

/** Whether something newer was told before, where nothing but the twin is known (else newest.ts). */
const isOlder = ({ lastDeviceTs, boot, lastSeq }: Twin, reading: Reading): boolean => {
  if (boot === reading.boot && reading.seq !== null && lastSeq !== null) return reading.seq < lastSeq;
  return lastDeviceTs !== null && reading.deviceTs < lastDeviceTs;
};

/** The twin as a reading tells that it is now; nothing is counted. `model` is the catalogue's, if it knows it. */
export const foldNewest = (twin: Twin, reading: Reading, model: KnownModel | null, resumedTs: number, counts = twin.counts): Twin => {
  const lastSeenTs = Math.max(twin.lastSeenTs ?? 0, reading.receivedTs);
  // Every field by name: for an object of this size it is six times faster than spreading the old one.
  const next: Twin = {
    site: twin.site,
    rig: twin.rig,
    index: twin.index,
    state: twin.state,
    stateSinceTs: twin.stateSinceTs,
    identity: reading.identity === null ? twin.identity : mergeIdentity(twin.identity, reading.identity),
    modelId: model?.id ?? twin.modelId,
    nameplate: twin.nameplate ?? model?.nameplate ?? null,
    position: twin.position,
    tokenId: twin.tokenId,
    tier: reading.tier,
    format: reading.format,
    firstSeenTs: twin.firstSeenTs,
    lastSeenTs,
    lastDeviceTs: reading.deviceTs,
    skewMs: skewAfter(twin.skewMs, reading.receivedTs - reading.deviceTs),
    boot: reading.boot,
    lastSeq: reading.seq,
    // A reading that was made after the Will says more than the Will.
    announced: twin.announced === null ? null : "online",
    latest: packed(reading.measured),
    quality: reading.quality,
    counts,
    rev: twin.rev + 1,
  };
  return withState(next, lastSeenTs, resumedTs);
};

/** Folds an accepted reading. `missed` counts sequence numbers that never came; `late`: something newer was told before (newestOf). */
export const foldReading = (
  twin: Twin,
  reading: Reading,
  model: KnownModel | null,
  missed: number,
  resumedTs: number,
  late = isOlder(twin, reading),
): Twin => {
  const { readings, late: lates, duplicates } = twin.counts;
  const counts = { readings: readings + 1, duplicates, late: lates + (late ? 1 : 0), missed };
  // A late reading belongs into the series; what the rig does now is told by a newer one.
  return late ? { ...twin, counts, rev: twin.rev + 1 } : foldNewest(twin, reading, model, resumedTs, counts);
};

export const foldDuplicate = (twin: Twin): Twin => ({
  ...twin,
  counts: { ...twin.counts, duplicates: twin.counts.duplicates + 1 },
  rev: twin.rev + 1,
});

export interface Birth {
  readonly identity: Partial<Identity>;
  readonly nameplate: Nameplate | null;
  readonly position: Position | null;
}

/** Folds a birth message. A position that an operator assigned outranks the one the device was told. */
export const foldBirth = (twin: Twin, birth: Birth, model: KnownModel | null, assigned: boolean): Twin => ({
  ...twin,
  identity: mergeIdentity(twin.identity, birth.identity),
  modelId: model?.id ?? twin.modelId,
  nameplate: birth.nameplate ?? twin.nameplate ?? model?.nameplate ?? null,
  position: assigned ? twin.position : (birth.position ?? twin.position),
  rev: twin.rev + 1,
});

export const foldAnnounced = (twin: Twin, announced: "online" | "offline" | "lost", nowTs: number, resumedTs: number): Twin => ({
  ...withState({ ...twin, announced }, nowTs, resumedTs),
  rev: twin.rev + 1,
});

export const foldPosition = (twin: Twin, position: Position | null): Twin => ({ ...twin, position, rev: twin.rev + 1 });
export const foldToken = (twin: Twin, tokenId: number | null): Twin =>
  twin.tokenId === tokenId ? twin : { ...twin, tokenId, rev: twin.rev + 1 };
