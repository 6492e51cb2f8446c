/** The sections that all children of cgminer answer alike. */
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, RpcQuestion } from "../device.ts";

export type Section = Readonly<Record<string, unknown>>;

export const seconds = (device: Device): number => Math.floor(device.now() / 1_000);

const statusOf = (device: Device, code: number, message: string, description: string, status = "S"): Section => ({
  STATUS: status,
  When: seconds(device),
  Code: code,
  Msg: message,
  Description: description,
});

/** One answer of cgminer's API, with the zero byte at its end. */
export const answer = (device: Device, description: string, code: number, message: string, sections: Section = {}, status = "S"): string =>
  `${JSON.stringify({ STATUS: [statusOf(device, code, message, description, status)], ...sections, id: 1 })}\0`;

export const noCommand = (device: Device, description: string): string => answer(device, description, 14, "Invalid command", {}, "E");

/** `a+b` asks several at once; each then stands in a list under its name. */
export const joined = (question: RpcQuestion, one: (question: RpcQuestion) => string): string => {
  const commands = question.command.split("+");
  if (commands.length === 1) return one(question);
  const parts = commands.map((command) => `${JSON.stringify(command)}:[${one({ ...question, command }).replace(/\0$/, "")}]`);
  return `{${parts.join(",")},"id":1}\0`;
};

export const poolRows = (m: NativeMeasured): Section[] =>
  m.pools.map((pool) => ({
    POOL: pool.index,
    URL: pool.url,
    Status: pool.alive === false ? "Dead" : "Alive",
    Priority: pool.index,
    Quota: 1,
    "Long Poll": "N",
    Getworks: (pool.accepted ?? 0) + 10,
    Accepted: pool.accepted ?? 0,
    Rejected: pool.rejected ?? 0,
    Works: (pool.accepted ?? 0) * 6,
    Discarded: 0,
    Stale: pool.stale ?? 0,
    "Get Failures": 0,
    "Remote Failures": 0,
    User: pool.worker ?? "",
    "Last Share Time": "0:00:03",
    Diff: "262K",
    "Diff1 Shares": 0,
    "Proxy Type": "",
    Proxy: "",
    "Difficulty Accepted": (pool.accepted ?? 0) * 262_144,
    "Difficulty Rejected": (pool.rejected ?? 0) * 262_144,
    "Difficulty Stale": 0,
    "Last Share Difficulty": 262_144,
    "Has Stratum": true,
    "Stratum Active": pool.active,
    "Stratum URL": pool.active ? pool.url.replace(/^[^/]*\/\//, "") : "",
    "Has GBT": false,
    "Best Share": 12_904_207_043,
    "Pool Rejected%": 0,
    "Pool Stale%%": 0,
  }));

const round2 = (value: number): number => Math.round(value * 100) / 100;
/** TH/s in the unit of a field's name. */
export const ghs = (ths: number): number => round2(ths * 1e3);
export const mhs = (ths: number): number => round2(ths * 1e6);

const counts = (m: NativeMeasured): Section => ({
  Accepted: m.accepted,
  Rejected: m.rejected,
  Stale: m.stale,
  "Hardware Errors": m.hwErrors,
  "Device Hardware%": m.hwErrorPct,
  "Device Rejected%": 0,
  "Pool Rejected%": 0,
  "Pool Stale%": 0,
  "Get Failures": 1,
  Getworks: m.accepted + 10,
  Discarded: 0,
  "Found Blocks": 0,
  "Local Work": m.accepted * 6,
  "Remote Failures": 0,
  "Network Blocks": 82,
  "Best Share": 12_904_207_043,
  Utility: 4.82,
  "Last getwork": 0,
});
export const summaryGhs = (m: NativeMeasured): Section => ({
  Elapsed: m.uptimeS,
  "GHS 5s": ghs(m.hashrateThs),
  "GHS av": ghs(m.averageThs),
  "GHS 30m": ghs(m.averageThs),
  ...counts(m),
});
export const summaryMhs = (m: NativeMeasured): Section => ({
  Elapsed: m.uptimeS,
  "MHS av": mhs(m.averageThs),
  "MHS 5s": mhs(m.hashrateThs),
  "MHS 1m": mhs(m.hashrateThs),
  "MHS 5m": mhs(m.hashrateThs),
  "MHS 15m": mhs(m.averageThs),
  ...counts(m),
});

/** A rounded sensor, and what firmware writes where it has none. */
export const degrees = (value: number | null | undefined, none = 0): number =>
  value === null || value === undefined ? none : Math.round(value);
