/** What all children of cgminer say alike: pools, shares, averages. */
import { dig, get, num, rate, rowsOf, truth, txt, type Answers, type Json } from "./answers.ts";
import type { Draft, PoolDraft } from "./draft.ts";

const poolOf = (row: Json): PoolDraft => {
  const status = txt(get(row, "Status", "status"));
  return {
    url: txt(get(row, "URL", "url", "Stratum URL"), 512),
    worker: txt(get(row, "User", "user", "account"), 256),
    active: truth(get(row, "Stratum Active", "stratum-active")),
    alive: status === null ? null : /^(?:alive|working|active)$/i.test(status),
    accepted: num(get(row, "Accepted", "accepted")),
    rejected: num(get(row, "Rejected", "rejected")),
    stale: num(get(row, "Stale", "stale")),
  };
};

/** Pools in the machine's own order. A firmware without "Stratum Active" gives shares to the living pool of least priority number. */
export const poolsOf = (answers: Answers): readonly PoolDraft[] => {
  const rows = rowsOf(answers, "POOLS").filter((row) => (txt(get(row, "URL", "url"), 512) ?? txt(get(row, "User", "user"))) !== null);
  const pools = rows.map(poolOf);
  if (pools.some((pool) => pool.active !== null)) return pools;
  const first = pools
    .map((pool, index) => ({ alive: pool.alive === true, index, priority: num(get(rows[index], "Priority", "priority")) ?? index }))
    .filter(({ alive }) => alive)
    .sort((a, b) => a.priority - b.priority)[0];
  return pools.map((pool, index) => ({ ...pool, active: index === first?.index }));
};

/** Shares, errors, averages and uptime of SUMMARY; `now` in TH/s over its shortest window. */
export const summaryOf = (answers: Answers): Omit<Draft, "mode"> => {
  const row = rowsOf(answers, "SUMMARY")[0];
  return {
    hashrateThs: rate(row, "GHS 5s", "MHS 5s", "KHS 5s", "THS 5s", "MHS 20s", "MHS 30s", "GHS 30s", "MHS 1m", "GHS 1m"),
    averageThs: rate(row, "GHS av", "MHS av", "KHS av", "THS av"),
    accepted: num(get(row, "Accepted")),
    rejected: num(get(row, "Rejected")),
    stale: num(get(row, "Stale")),
    hwErrors: num(get(row, "Hardware Errors")),
    hwErrorPct: num(get(row, "Device Hardware%")),
    uptimeS: num(get(row, "Elapsed")),
  };
};

/** "cgminer 4.11.1", "LUXminer 2025.4.8…", "BOSer boser-buildroot 0.1.0…": what answers on the port. */
export const descriptionsOf = (answers: Answers): readonly string[] =>
  [
    ...rowsOf(answers, "STATUS").map((row) => txt(get(row, "Description"))),
    ...answers.parts.map((part) => txt(dig(part, "Description"))),
  ].filter((text): text is string => text !== null);
