import { describe, expect, test } from "@jest/globals";
import { createMonitor } from "../../server/flows/monitor.ts";
import type { PartHealth } from "../../server/twin/alarms/system.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { OWN } from "../../server/twin/wire.ts";
import type { ChainReader } from "../../server/twin/verify.ts";
import { make } from "../twin/proven.ts";
import { handClock } from "./hands.ts";

/** A monitor over three proven days; the chain and the days may be changed under it. */
const watched = (known: readonly string[] = []) => {
  const { bundle, chain } = make();
  const state = { chain: chain as ChainReader | null, days: bundle.days };
  const told: string[] = [];
  const health: PartHealth[] = [];
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
    known: () => known,
    tell: async (news) => void health.push(news),
    onError: (what) => told.push(what),
  });
  return { monitor, clock, state, told, health, bundle, chain };
};

describe("the monitor", () => {
  test("finds nothing wrong where nothing is", async () => {
    const { monitor, clock, told, health } = watched();
    monitor.start();
    await clock.pass(300_000);
    await monitor.stop();
    expect(health).toEqual([]);
    expect(monitor.status()).toMatchObject({ mismatches: [], lastTs: expect.any(Number) });
    expect(monitor.status().checked).toBeGreaterThanOrEqual(5);
    expect(told).toEqual([]);
  });

  test("a row that was changed afterwards is found, named, told once, and forgotten when it is put right", async () => {
    const { monitor, state, told, health, bundle } = watched();
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
    expect(health.map(({ ok }) => ok)).toEqual([false, true]);
    expect(health[0]).toMatchObject({ about: [`${bundle.tokenId}/${bundle.days.at(-1)?.day}`] });
  });

  test("a restart forgives nothing: what was known is looked at again, however much it is, and only then put right", async () => {
    const keys = make().bundle.days.map(({ day }) => `${make().bundle.tokenId}/${day}`);
    const honest = watched(keys);
    await honest.monitor.step();
    expect(honest.monitor.status().mismatches).toEqual([]);
    expect(honest.health).toMatchObject([{ ok: true, about: [] }]);
    const away = watched(keys);
    away.state.chain = null;
    await away.monitor.step();
    expect(away.health).toEqual([]);
  });

  test("what it tells raises a critical alarm out of the journal, and a replay of the journal raises the same", () => {
    const entered = (farm: ReturnType<typeof newFarm>) => {
      const raised: unknown[] = [];
      let pos = 0;
      const enter = (topic: string, value: object, receivedTs: number): void => {
        const out = nothingYet();
        const payload = new TextEncoder().encode(JSON.stringify(value));
        foldEntry(farm, { pos: ++pos, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" }, out);
        raised.push(...out.alarms.map(({ kind, severity, clearedTs, rig }) => ({ kind, severity, isOver: clearedTs !== null, rig })));
      };
      enter(OWN.tick, {}, 1_000);
      enter(OWN.part, { part: "proof", ok: false, detail: "token 2 on 2026-09-04: the rows lie.", about: ["2/20700"] }, 2_000);
      enter(OWN.tick, {}, 3_000);
      expect(farm.health.get("proof")?.about).toEqual(["2/20700"]);
      enter(OWN.part, { part: "proof", ok: true, detail: "", about: [] }, 4_000);
      enter(OWN.tick, {}, 5_000);
      return raised;
    };
    const raised = entered(newFarm("farm"));
    expect(raised).toMatchObject([
      { kind: "proof-mismatch", severity: "critical", isOver: false },
      { kind: "proof-mismatch", isOver: true },
    ]);
    expect(entered(newFarm("farm"))).toEqual(raised);
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
