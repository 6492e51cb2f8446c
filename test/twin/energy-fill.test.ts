import { describe, expect, test } from "@jest/globals";
import { createEnergySeries, createTotals } from "../../server/flows/site-totals.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { filledSeries } from "../../server/twin/energy-fill.ts";
import { NOTHING_KNOWN, readEnergySettings, type EnergyKnown } from "../../server/twin/energy-settings.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import type { EnergyAnswer, SiteSeriesAnswer } from "../../server/twin/series.ts";
import type { QuoteBook } from "../../server/twin/usage/quotes.ts";
import { energy, handJournal, telemetry, tick } from "../flows/hands.ts";

const NOON = 20_000 * DAY_MS + DAY_MS / 2;
const FIVE_MIN = 300_000;
const PLAN: EnergyKnown = {
  settings: readEnergySettings(
    JSON.stringify({
      plan: [
        { from: "00:00", shares: { grid: 1 } },
        { from: "12:05", shares: { solar: 3, grid: 1 } },
      ],
      pricePerKwh: 0.05,
      gridGco2ePerKwh: 400,
    }),
  ),
  feed: [],
};
const NO_QUOTES: QuoteBook = new Map();
const unmetered: EnergyAnswer = {
  ts: [NOON, NOON + FIVE_MIN],
  bucketMs: FIVE_MIN,
  sourcesW: {},
  meteredW: [null, null],
  gco2ePerKwh: [null, null],
  pricePerKwh: [null, null],
};
const reported: SiteSeriesAnswer = {
  ts: unmetered.ts,
  bucketMs: FIVE_MIN,
  hashrateThs: [1, 1],
  powerW: [1_000, 4_000],
  boardMaxC: [null, null],
  boardMeanC: [null, null],
  rigs: [1, 1],
};

describe("the energy series with what stands in", () => {
  test("a site without a meter has its plan's shares of what the rigs report, its price and carbon, and no meter", () => {
    expect(filledSeries(unmetered, reported, PLAN, NO_QUOTES)).toEqual({
      ...unmetered,
      sourcesW: { grid: [1_000, 1_000], solar: [null, 3_000] },
      gco2ePerKwh: [400, 400],
      pricePerKwh: [0.05, 0.05],
    });
  });

  test("what a meter told stays as it was, in its own buckets only", () => {
    const partly: EnergyAnswer = {
      ...unmetered,
      sourcesW: { hydro: [900, null] },
      meteredW: [900, 2_000],
      gco2ePerKwh: [10, null],
      pricePerKwh: [null, 0.09],
    };
    expect(filledSeries(partly, reported, PLAN, NO_QUOTES)).toEqual({
      ...partly,
      sourcesW: { hydro: [900, null], grid: [null, 500], solar: [null, 1_500] },
      gco2ePerKwh: [10, 400],
      pricePerKwh: [0.05, 0.09],
    });
  });

  test("a feed outranks what was entered, what was entered outranks the settings", () => {
    const line = { currency: "EUR", source: "bill", by: "a", enteredTs: 0 };
    const quotes: QuoteBook = new Map([
      ["power/0", { of: "power", fromTs: 0, value: 0.2, ...line }],
      ["carbon/0", { of: "carbon", fromTs: 0, value: 300, ...line }],
    ]);
    const fed = { ...PLAN, feed: [{ ts: NOON + FIVE_MIN, gco2ePerKwh: 77 }] };
    const filled = filledSeries(unmetered, null, fed, quotes);
    expect(filled.gco2ePerKwh).toEqual([300, 77]);
    expect(filled.pricePerKwh).toEqual([0.2, 0.2]);
    expect(filled.sourcesW).toEqual({});
  });

  test("the rigs' series are asked for only where a plan shares them out", async () => {
    let asked = 0;
    const store = {
      energySeries: () => Promise.resolve(unmetered),
      siteSeries: () => {
        asked += 1;
        return Promise.resolve(reported);
      },
    };
    const query = { site: "farm", from: NOON, to: NOON + 2 * FIVE_MIN, points: 2 };
    await createEnergySeries(
      store,
      () => NOTHING_KNOWN,
      () => NO_QUOTES,
    )(query);
    expect(asked).toBe(0);
    const filled = await createEnergySeries(
      store,
      () => PLAN,
      () => NO_QUOTES,
    )(query);
    expect([asked, filled.sourcesW.solar]).toEqual([1, [null, 3_000]]);
  });
});

describe("the site's figures of now", () => {
  /** Ten minutes; `meter` gives a meter's message, `aheadMs` is by how much the journal's time is ahead of what is told. */
  const farmOf = (metered: boolean, aheadMs = 0, meter: typeof energy = energy) => {
    const farm = newFarm("farm");
    const journal = handJournal(() => NOON);
    journal.put(tick);
    for (let s = 0; s < 600; s += 10) {
      const ts = NOON + s * 1_000;
      journal.put(telemetry("r1", ts, s / 10, { powerW: 3_600 }), ts + aheadMs);
      if (metered) journal.put(meter(ts, s / 10, 4_000), ts + aheadMs);
    }
    for (const entry of journal.entries) foldEntry(farm, entry, nothingYet());
    return farm;
  };

  test("without a meter the day is what the rigs report, at the plan's sources, and it is said who told it", () => {
    const totals = createTotals(() => PLAN)(farmOf(false));
    expect(totals).toMatchObject({
      meteredW: null,
      sourcesW: { solar: 2_700, grid: 900 },
      gco2ePerKwh: 100,
      pricePerKwh: 0.05,
      told: { mix: "plan", carbon: "setting", price: "setting", today: "rigs" },
    });
    // two slots of 3.6 kW: 0.3 kWh each, the second bought for a quarter
    expect(totals.todayKwh).toBeCloseTo(0.6, 6);
    expect(totals.todayCost).toBeCloseTo(0.3 * 0.05 * 1.25, 6);
    expect(totals.todayKgco2e).toBeCloseTo(0.3 * 0.4 * 1.25, 6);
  });

  test("with a meter that tells everything nothing stands in", () => {
    const farm = farmOf(true);
    const [bare, known] = [createTotals(() => NOTHING_KNOWN)(farm), createTotals(() => PLAN)(farm)];
    expect(known).toEqual(bare);
    expect(known.told).toEqual({ mix: "meter", carbon: "meter", price: "meter", today: "meter" });
  });

  test("a meter that has not spoken since midnight says nothing of today: yesterday's energy is not today's", () => {
    const farm = farmOf(true);
    const entered = (day: number) => ({ qos: 1, retain: false, dup: false, client: "", receivedTs: NOON + day * DAY_MS }) as const;
    expect(createTotals(() => PLAN)(farm).todayKwh).toBeGreaterThan(0);
    foldEntry(farm, { ...entered(1), ...tick, pos: farm.asOfPos + 1 }, nothingYet());
    const silent = createTotals(() => PLAN)(farm);
    expect(silent).toMatchObject({ todayKwh: 0, todayCost: null, todayKgco2e: null, told: { today: null } });
    // Then the rigs have their word.
    const reading = telemetry("r1", NOON + DAY_MS, 60, { powerW: 3_600 });
    foldEntry(farm, { ...entered(1), ...reading, pos: farm.asOfPos + 1 }, nothingYet());
    const totals = createTotals(() => PLAN)(farm);
    expect(totals.todayKwh).toBeCloseTo(0.3, 6);
    expect(totals.todayCost).toBeCloseTo(0.3 * 0.05, 6);
    expect(totals.told.today).toBe("rigs");
  });

  test("what a meter counts goes on where a clock was once ahead, and the journal's time is still days ahead of all who tell", () => {
    const totals = createTotals(() => PLAN)(farmOf(true, 3 * DAY_MS));
    const { asOfTs: _late, ...ahead } = totals;
    expect(createTotals(() => PLAN)(farmOf(true))).toMatchObject({ ...ahead, meteredTs: totals.meteredTs });
    expect([totals.todayKwh, totals.todayCost]).not.toContain(0);
    // One that tells no price: the plan's, shared over the same day.
    const bare: typeof energy = (ts, seq, meteredW) => ({
      ...energy(ts, seq, meteredW),
      payload: new TextEncoder().encode(JSON.stringify({ v: 1, ts, seq, boot: "b1", m: { meteredW } })),
    });
    const [known, late] = [0, 3 * DAY_MS].map((ms) => createTotals(() => PLAN)(farmOf(true, ms, bare)));
    expect(known?.todayCost).toBeGreaterThan(0);
    expect(late?.todayCost).toBe(known?.todayCost);
  });

  test("where nobody tells anything, nothing is told", () => {
    expect(createTotals(() => NOTHING_KNOWN)(newFarm("farm"))).toMatchObject({
      gco2ePerKwh: null,
      pricePerKwh: null,
      todayKwh: 0,
      todayCost: null,
      told: { mix: null, carbon: null, price: null, today: null },
    });
  });
});
