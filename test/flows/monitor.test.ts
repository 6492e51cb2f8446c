import { describe, expect, test } from "@jest/globals";
import { createMonitor } from "../../server/flows/monitor.ts";
import type { ChainReader } from "../../server/twin/verify.ts";
import { make } from "../twin/proven.ts";
import { handClock } from "./hands.ts";

/** A monitor over three proven days; the chain and the days may be changed under it. */
const watched = () => {
  const { bundle, chain } = make();
  const state = { chain: chain as ChainReader | null, days: bundle.days };
  const told: string[] = [];
  const clock = handClock();
  const { days: _days, context: _context, madeTs: _madeTs, ...head } = bundle;
  let turn = 0;
  const monitor = createMonitor({
    clock,
    // Goes round, so that every day has its turn.
    chance: () => (turn++ % 3) / 3,
    everyMs: 60_000,
    tokens: () => [bundle.tokenId],
    days: () => bundle.days.map(({ day }) => day),
    day: (_tokenId, day) => {
      const found = state.days.find((one) => one.day === day);
      if (found === undefined) throw new Error("no such day");
      return found;
    },
    head: () => Promise.resolve(head),
    reader: () => state.chain,
    onError: (what) => told.push(what),
  });
  return { monitor, clock, state, told, bundle, chain };
};

describe("the monitor", () => {
  test("finds nothing wrong where nothing is", async () => {
    const { monitor, clock, told } = watched();
    monitor.start();
    await clock.pass(300_000);
    await monitor.stop();
    expect(monitor.status()).toMatchObject({ mismatches: [], lastTs: expect.any(Number) });
    expect(monitor.status().checked).toBeGreaterThanOrEqual(5);
    expect(told).toEqual([]);
  });

  test("a row that was changed afterwards is found, named, told once, and forgotten when it is put right", async () => {
    const { monitor, state, told, bundle } = watched();
    const changed = structuredClone(bundle.days);
    const row = changed.at(-1)?.rows.find(({ n }) => n > 0) as { n: number };
    row.n += 1;
    state.days = changed;
    for (let round = 0; round < 3; round++) await monitor.step();
    expect(monitor.status().mismatches).toHaveLength(1);
    expect(monitor.status().mismatches[0]).toContain(bundle.days.at(-1)?.date);
    expect(told).toHaveLength(1);
    state.days = bundle.days;
    await monitor.step();
    expect(monitor.status().mismatches).toEqual([]);
  });

  test("another root on the chain is a mismatch; a chain that is away is none", async () => {
    const { monitor, state, chain } = watched();
    const anchorOf: ChainReader["anchorOf"] = async (day) => {
      const anchor = await chain.anchorOf(day);
      return anchor === null ? null : { ...anchor, root: `0x${"ee".repeat(32)}` };
    };
    state.chain = { ...chain, anchorOf };
    await monitor.step();
    expect(monitor.status().mismatches.length).toBeGreaterThan(0);
    const quiet = watched();
    quiet.state.chain = null;
    await quiet.monitor.step();
    expect(quiet.monitor.status()).toEqual({ checked: 0, mismatches: [], lastTs: null });
  });

  test("a day that cannot be looked at is told and keeps no other from being looked at", async () => {
    const { monitor, state, told, bundle } = watched();
    state.days = bundle.days.slice(0, -1);
    for (let round = 0; round < 3; round++) await monitor.step();
    expect(told.length).toBeGreaterThan(0);
    expect(monitor.status().checked).toBeGreaterThan(0);
    expect(monitor.status().mismatches).toEqual([]);
  });
});
