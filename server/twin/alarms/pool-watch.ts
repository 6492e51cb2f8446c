/** Where the shares go, and what becomes of them. */
import { packed, POOL, poolsAt, textAt } from "../packed-measured.ts";
import type { PoolReading } from "../reading.ts";
import type { Twin } from "../twin.ts";
import {
  LAST_ACCEPTED,
  NONE,
  QUIET_SINCE_TS,
  REJECTED_PART,
  SHARES_A_MINUTE,
  WINDOW_ACCEPTED,
  WINDOW_REJECTED,
  WINDOW_TS,
  type Figures,
} from "./figures.ts";

/** `host account` of the pool that gets the shares, and of all that were set when the rig was first seen. */
export interface PoolWatch {
  known: string[];
  now: string;
  isKnown: boolean;
  /** What `now` was made of, as it was told last. */
  url: string;
  worker: string | null;
}

const WINDOW_MS = 300_000;
const FEWEST_SHARES = 40;
const LONGEST_WINDOW_MS = 3_600_000;

/** "stratum+tcp://Pool.example:3333" and "farm.rig-1" → "pool.example farm". Workers of one account differ behind its first dot. */
export const poolKey = ({ url, worker }: Pick<PoolReading, "url" | "worker">): string => {
  const host = url
    .replace(/^[a-z0-9+]+:\/\//i, "")
    .replace(/[:/].*$/, "")
    .toLowerCase();
  const account = (worker ?? "").split(".")[0] ?? "";
  return `${host} ${account}`;
};

const countShares = (figures: Figures, accepted: number, rejected: number, nowTs: number): void => {
  if (accepted !== figures[LAST_ACCEPTED] || figures[QUIET_SINCE_TS] === 0) {
    figures[QUIET_SINCE_TS] = nowTs;
    figures[LAST_ACCEPTED] = accepted;
  }
  const acceptedBefore = figures[WINDOW_ACCEPTED] as number;
  const rejectedBefore = figures[WINDOW_REJECTED] as number;
  const isNew = acceptedBefore === NONE || accepted < acceptedBefore || rejected < rejectedBefore;
  if (!isNew) {
    const all = accepted - acceptedBefore + rejected - rejectedBefore;
    const lasted = nowTs - (figures[WINDOW_TS] as number);
    if (lasted < WINDOW_MS || (all < FEWEST_SHARES && lasted < LONGEST_WINDOW_MS)) return;
    figures[REJECTED_PART] = all >= FEWEST_SHARES / 2 ? (rejected - rejectedBefore) / all : NONE;
    figures[SHARES_A_MINUTE] = (all * 60_000) / lasted;
  }
  figures[WINDOW_ACCEPTED] = accepted;
  figures[WINDOW_REJECTED] = rejected;
  figures[WINDOW_TS] = nowTs;
};

/** Takes a reading. Changes `watch`. The pools that a rig is first seen with are taken for the ones it belongs to. */
export const lookAtPools = (watch: { readonly figures: Figures; pool: PoolWatch | null }, { latest }: Twin, nowTs: number): void => {
  if (latest.accepted !== null) countShares(watch.figures, latest.accepted, latest.rejected ?? 0, nowTs);
  const { numbers, texts } = packed(latest);
  const from = poolsAt(numbers);
  for (let i = 0; i < (numbers[from] as number); i++) {
    const at = from + 1 + i * POOL.width;
    const url = textAt(numbers, texts, at + POOL.url) ?? "";
    if (numbers[at + POOL.active] !== 1 || url === "") continue;
    const worker = textAt(numbers, texts, at + POOL.worker);
    const pool = { url, worker };
    const before = watch.pool;
    if (before === null) watch.pool = { known: [...new Set(latest.pools.map(poolKey))], now: poolKey(pool), isKnown: true, url, worker };
    else if (before.url !== url || before.worker !== worker) {
      const now = poolKey(pool);
      watch.pool = { known: before.known, now, isKnown: before.known.includes(now), url, worker };
    }
    return;
  }
};
