import { beforeEach, describe, expect, test } from "@jest/globals";
import { createUsage } from "../../server/flows/usage.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import type { EnergyAnswer } from "../../server/twin/series.ts";
import { OWN } from "../../server/twin/wire.ts";
import { T0, telemetry } from "./hands.ts";

const FIRST = Math.floor(T0 / DAY_MS) * DAY_MS;
const HOUR_MS = 3_600_000;
/** Three days later: the first day is long past. */
const LATER = FIRST + 3 * DAY_MS;

describe("the use of a day that is past", () => {
  let farm: Farm;
  let nowTs: number;
  let meterW: number;
  /** Of how many days the store was asked. */
  let asked: number;
  let usage: ReturnType<typeof createUsage>;
  const put = (topic: string, payload: Uint8Array, receivedTs: number): Promise<void> => {
    const rest = { qos: 1, retain: false, dup: false, client: "" } as const;
    foldEntry(farm, { ...rest, pos: farm.asOfPos + 1, receivedTs, topic, payload }, nothingYet());
    return Promise.resolve();
  };
  /** A reading of the first day, `hour` hours into it. */
  const reading = (seq: number, hour: number, receivedTs: number): void => {
    const { topic, payload } = telemetry("r1", FIRST + hour * HOUR_MS, seq);
    void put(topic, payload, receivedTs);
  };
  /** One meter that says the same all day. */
  const energySeries = ({ from, points }: { readonly from: number; readonly points: number }): Promise<EnergyAnswer> => {
    const column = <T>(value: T): T[] => Array.from({ length: points }, () => value);
    asked += 1;
    return Promise.resolve({
      ts: column(0).map((_, i) => from + i * 300_000),
      bucketMs: 300_000,
      sourcesW: {},
      meteredW: column(meterW),
      gco2ePerKwh: column(null),
      pricePerKwh: column(null),
    });
  };
  const price = (value: number): Promise<unknown> =>
    usage.addQuotes({ of: "power", currency: "USD", source: "the bill", by: "anna", lines: [{ fromTs: FIRST, value }] });
  /** As somebody sees it who looks again at once, or after a quarter of an hour. */
  const seen = async (afterMs = 0): Promise<{ readonly wallKwh: number; readonly cost: number | null }> => {
    nowTs += afterMs;
    const { total } = await usage.usage({ from: FIRST, to: FIRST + DAY_MS, by: "site" });
    return { wallKwh: total.wallKwh, cost: total.cost };
  };

  /** A farm that has one reading of the first day, and a price. */
  const begin = async (): Promise<void> => {
    farm = newFarm("farm");
    void put(OWN.start, new TextEncoder().encode("{}"), FIRST);
    reading(0, 1, FIRST + HOUR_MS);
    await price(0.1);
  };

  beforeEach(async () => {
    [nowTs, meterW, asked] = [LATER, 3_600_000, 0];
    usage = createUsage({
      site: "farm",
      now: () => nowTs,
      farm: () => farm,
      days: { version: () => [] },
      energySeries,
      write: (topic, payload) => put(topic, payload, nowTs),
      breathe: () => Promise.resolve(),
    });
    await begin();
  });

  test("follows a price that is entered anew for the same moment", async () => {
    expect(await seen()).toEqual({ wallKwh: 300, cost: 30 });
    nowTs += 1;
    await price(0.2);
    expect(await seen()).toEqual({ wallKwh: 300, cost: 60 });
  });

  test("follows what its meter tells late", async () => {
    expect(await seen()).toEqual({ wallKwh: 300, cost: 30 });
    meterW = 7_200_000;
    expect(await seen(900_000)).toEqual({ wallKwh: 600, cost: 60 });
  });

  test("follows what its rigs tell late, before that is sealed", async () => {
    expect(await seen()).toEqual({ wallKwh: 300, cost: 30 });
    reading(1, 2, LATER);
    expect(await seen(900_000)).toEqual({ wallKwh: 600, cost: 60 });
  });

  test("is asked of the store only where rigs told something of the day", async () => {
    await usage.usage({ from: FIRST, to: LATER, by: "site" });
    expect(asked).toBe(1);
  });

  test("goes back with whoever goes back in a replay, or with a clock that is set back", async () => {
    const early = farm;
    await begin();
    reading(1, 2, FIRST + 2 * HOUR_MS);
    expect(await seen()).toEqual({ wallKwh: 600, cost: 60 });
    farm = early;
    expect(await seen(FIRST + 1.5 * HOUR_MS - LATER)).toEqual({ wallKwh: 300, cost: 30 });
  });
});
