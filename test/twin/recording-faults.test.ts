import { describe, expect, test } from "@jest/globals";
import type { Row } from "../../server/twin/recording.ts";
import { createNetwork, networkFaultsOf, NO_NETWORK_FAULTS, type NetworkFaults } from "../../server/twin/recording-faults.ts";

const rowOf = (n: number, topic = `rigtwin/v1/farm/rig-${n % 5}/telemetry`): Row => ({
  n,
  us: n * 100_000,
  topic,
  payload: new TextEncoder().encode(`{"v":1,"ts":${1_795_000_000_000 + n * 100},"seq":${n}}`),
  qos: 1,
  retain: false,
  dup: false,
  client: "",
  properties: null,
});
const ROWS = Array.from({ length: 4_000 }, (_, i) => rowOf(i + 1));
const END_US = 400_000_000;
const through = (faults: Partial<NetworkFaults>, rows: readonly Row[] = ROWS): Row[] => {
  const network = createNetwork({ ...NO_NETWORK_FAULTS, ...faults });
  return [...rows.flatMap((row) => network.take(row)), ...network.rest(END_US)];
};
const tsOf = (row: Row): number => (JSON.parse(new TextDecoder().decode(row.payload)) as { ts: number }).ts;

describe("a network that misbehaves", () => {
  test("without faults passes every row as it is", () => {
    expect(through({})).toEqual(ROWS);
  });
  test("does the same with the same seed, and something else with another", () => {
    const faults = { loss: 0.1, dup: 0.1, reorder: 0.1, skewMs: 5_000 };
    expect(through({ seed: 7, ...faults })).toEqual(through({ seed: 7, ...faults }));
    expect(through({ seed: 8, ...faults })).not.toEqual(through({ seed: 7, ...faults }));
  });
  test("loses and doubles about the share that was wished", () => {
    expect(Math.abs(through({ loss: 0.1 }).length - 3_600)).toBeLessThan(100);
    expect(Math.abs(through({ dup: 0.1 }).length - 4_400)).toBeLessThan(100);
    expect(through({ loss: 1 })).toEqual([]);
  });
  test("holds rows back, but never out of the recording's time, and loses none", () => {
    const out = through({ reorder: 0.2 });
    expect(out.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(ROWS.map(({ n }) => n));
    expect(out.some((row, i) => row.n < (out[i - 1]?.n ?? 0))).toBe(true);
    for (const [i, row] of out.entries()) expect(row.us).toBeGreaterThanOrEqual(out[i - 1]?.us ?? 0);
    expect(out.at(-1)?.us).toBeLessThanOrEqual(END_US);
  });
  test("puts each device's clock off by one amount within the limit", () => {
    const offsets = new Map<string, Set<number>>();
    for (const row of through({ skewMs: 2_000 })) {
      const of = offsets.get(row.topic) ?? new Set();
      offsets.set(row.topic, of.add(tsOf(row) - (1_795_000_000_000 + row.n * 100)));
    }
    expect([...offsets.values()].map((of) => of.size)).toEqual([1, 1, 1, 1, 1]);
    const all = [...offsets.values()].flatMap((of) => [...of]);
    expect(new Set(all).size).toBeGreaterThan(1);
    for (const by of all) expect(Math.abs(by)).toBeLessThanOrEqual(2_000);
  });
  test("leaves alone what the server wrote itself", () => {
    const ticks = [rowOf(1, "$rigtwin/tick"), rowOf(2, "$rigtwin/tick")];
    expect(through({ loss: 1, dup: 1 }, ticks)).toEqual(ticks);
  });
});

describe("its settings", () => {
  const duration = (text: string): number | null => (text === "2s" ? 2_000 : null);
  test("are read", () => {
    expect(networkFaultsOf("seed:7,loss:0.01,dup:0.02,reorder:0.03,hold:2s,skew:2s", duration)).toEqual({
      seed: 7,
      loss: 0.01,
      dup: 0.02,
      reorder: 0.03,
      holdMs: 2_000,
      skewMs: 2_000,
    });
  });
  test.each(["", "seed:", "seed:-1", "seed:x", "loss:1.1", "loss:", "skew:2", "rain:1", "loss"])('"%s" is refused', (text) => {
    expect(typeof networkFaultsOf(text, duration)).toBe("string");
  });
});
