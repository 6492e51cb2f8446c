/** One fake machine: a rig of the plant behind a firmware's API, and what it was ordered to do. */
import type { NativeMeasured } from "../plant/native.ts";
import type { RigPlan } from "../plant/layout.ts";

/** What was ordered over the API; the plant knows nothing of it. */
export interface Orders {
  paused: boolean;
  locating: boolean;
  powerLimitW: number | null;
  fanPct: number | null;
  pools: readonly { readonly url: string; readonly user: string }[] | null;
  /** When it was last told to restart, ms UTC. */
  rebootTs: number | null;
}
export const noOrders = (): Orders => ({ paused: false, locating: false, powerLimitW: null, fanPct: null, pools: null, rebootTs: null });

export interface Device {
  readonly host: string;
  readonly plan: RigPlan;
  readonly orders: Orders;
  /** What the firmware would tell now; null while the control board does not answer. */
  readonly shown: () => NativeMeasured | null;
  /** ms UTC. */
  readonly now: () => number;
}

/** A question on cgminer's port. */
export interface RpcQuestion {
  readonly command: string;
  readonly parameter: string;
  /** The whole object, for firmwares with words of their own. */
  readonly json: Readonly<Record<string, unknown>>;
}
export interface WebQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}
export interface WebAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** An answer over gRPC: the message's bytes, or a status that is not 0 (OK). */
export interface GrpcAnswer {
  readonly fields: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly status?: number;
}

/** How one firmware answers. What a firmware does not offer stays closed. */
export interface Dialect {
  readonly name: string;
  readonly rpc?: (question: RpcQuestion, device: Device, m: NativeMeasured) => string;
  /** MicroBT's framed API. */
  readonly framed?: (question: Readonly<Record<string, unknown>>, device: Device, m: NativeMeasured) => unknown;
  /** null: there is no such method. */
  readonly grpc?: (path: string, authorization: string, device: Device, m: NativeMeasured) => GrpcAnswer | null;
  readonly web?: (question: WebQuestion, device: Device, m: NativeMeasured) => WebAnswer;
}

const REBOOT_MS = 20_000;
const IDLE_W = 45;

/** What a machine tells under its orders: asleep it hashes nothing, after a restart it is silent for a while and counts anew. */
export const underOrders = (
  m: NativeMeasured | null,
  { paused, pools, rebootTs, fanPct, powerLimitW }: Orders,
  nowTs: number,
): NativeMeasured | null => {
  if (m === null || (rebootTs !== null && nowTs - rebootTs < REBOOT_MS)) return null;
  const share = powerLimitW === null || m.powerW <= powerLimitW ? 1 : powerLimitW / m.powerW;
  const told =
    pools === null
      ? m.pools
      : pools.map(({ url, user }, index) => ({ ...(m.pools[0] ?? POOL), index, url, worker: user, active: index === 0 }));
  const scaled = (value: number): number => Math.round((paused ? 0 : value * share) * 100) / 100;
  return {
    ...m,
    mode: paused ? "paused" : m.mode,
    hashrateThs: scaled(m.hashrateThs),
    powerW: paused ? IDLE_W : Math.round(m.powerW * share),
    fanPct: fanPct ?? m.fanPct,
    uptimeS: rebootTs === null ? m.uptimeS : Math.floor((nowTs - rebootTs - REBOOT_MS) / 1_000),
    boards: m.boards.map((board) => ({ ...board, hashrateThs: scaled(board.hashrateThs), frequencyMhz: paused ? 0 : board.frequencyMhz })),
    pools: told,
  };
};
const POOL = { index: 0, url: "", worker: null, active: true, alive: true, accepted: 0, rejected: 0, stale: 0 };
