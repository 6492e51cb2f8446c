/** Where the shares go, and what becomes of them. */
import type { PoolReading } from "../reading.ts";
import type { Twin } from "../twin.ts";

export interface ShareWatch {
  /** Start of the window and the counters then; null before the first. */
  ts: number;
  accepted: number | null;
  rejected: number;
  /** Of the last full window: rejected ÷ all, and shares a minute; null before there is one. */
  rejectedPart: number | null;
  perMinute: number | null;
  /** Since when no share was accepted, journal time. */
  quietSinceTs: number;
  lastAccepted: number;
}
/** `host account` of the pool that gets the shares, and of all that were set when the rig was first seen. */
export interface PoolWatch {
  known: string[];
  now: string;
}

export const NO_SHARES: ShareWatch = {
  ts: 0,
  accepted: null,
  rejected: 0,
  rejectedPart: null,
  perMinute: null,
  quietSinceTs: 0,
  lastAccepted: 0,
};

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

const countShares = (shares: ShareWatch, accepted: number, rejected: number, nowTs: number): void => {
  if (accepted !== shares.lastAccepted || shares.quietSinceTs === 0) {
    shares.quietSinceTs = nowTs;
    shares.lastAccepted = accepted;
  }
  if (shares.accepted === null || accepted < shares.accepted || rejected < shares.rejected) {
    shares.accepted = accepted;
    shares.rejected = rejected;
    shares.ts = nowTs;
    return;
  }
  const all = accepted - shares.accepted + rejected - shares.rejected;
  const lasted = nowTs - shares.ts;
  if (lasted < WINDOW_MS || (all < FEWEST_SHARES && lasted < LONGEST_WINDOW_MS)) return;
  shares.rejectedPart = all >= FEWEST_SHARES / 2 ? (rejected - shares.rejected) / all : null;
  shares.perMinute = (all * 60_000) / lasted;
  shares.accepted = accepted;
  shares.rejected = rejected;
  shares.ts = nowTs;
};

/** Takes a reading. Changes `watch`. The pools that a rig is first seen with are taken for the ones it belongs to. */
export const lookAtPools = (watch: { readonly shares: ShareWatch; pool: PoolWatch | null }, { latest }: Twin, nowTs: number): void => {
  if (latest.accepted !== null) countShares(watch.shares, latest.accepted, latest.rejected ?? 0, nowTs);
  for (const pool of latest.pools) {
    if (!pool.active || pool.url === "") continue;
    if (watch.pool === null) watch.pool = { known: [...new Set(latest.pools.map(poolKey))], now: poolKey(pool) };
    else watch.pool.now = poolKey(pool);
    return;
  }
};
