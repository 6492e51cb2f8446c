import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { truthNow } from "../../server/flows/energy-truth.ts";
import { NOTHING_KNOWN, readEnergySettings } from "../../server/twin/energy-settings.ts";
import { foldQuotes } from "../../server/twin/usage/quotes.ts";
import { topicOf } from "../../server/twin/wire.ts";
import { listen, T0 } from "./dialects/folded.ts";

describe("the settings' file", () => {
  test("is read: lines of the day in order, models by any of their names", () => {
    const settings = readEnergySettings(
      JSON.stringify({
        plan: [
          { from: "18:30", shares: { grid: 1 } },
          { from: "06:00", shares: { solar: 60, grid: 40 } },
        ],
        pricePerKwh: 0.05,
        gridGco2ePerKwh: 320,
        rigsW: { "a-1": 3_400 },
        modelsW: { "Antminer S21": 3_500 },
      }),
    );
    expect(settings).toEqual({
      plan: [
        { fromMinute: 360, shares: { solar: 60, grid: 40 } },
        { fromMinute: 1_110, shares: { grid: 1 } },
      ],
      pricePerKwh: 0.05,
      gridGco2ePerKwh: 320,
      rigsW: { "a-1": 3_400 },
      modelsW: { "antminer-s21": 3_500 },
    });
  });
  test.each([
    ["{", /is no JSON/],
    ["[]", /must be a JSON object/],
    ['{"plans":[]}', /plans: there is plan, /],
    ['{"plan":{}}', /plan: must be a list/],
    ['{"plan":[{"from":"24:00","shares":{"grid":1}}]}', /plan\[0\]\.from/],
    ['{"plan":[{"from":"06:00","shares":{"coal":1}}]}', /shares\.coal: there is grid, /],
    ['{"plan":[{"from":"06:00","shares":{"grid":0}}]}', /at least one must be more than 0/],
    ['{"plan":[{"from":"06:00","shares":{"grid":1}},{"from":"06:00","shares":{"grid":1}}]}', /is there twice/],
    ['{"pricePerKwh":"0.1"}', /pricePerKwh: must be a number/],
    ['{"rigsW":{"a":-1}}', /rigsW\.a: must be W/],
    ['{"modelsW":{"Antminer Z99":1}}', /modelsW\.Antminer Z99: is not known/],
  ])("%s is refused with its reason", (text, reason) => expect(() => readEnergySettings(text)).toThrow(reason));
  test("tells all its faults at once", () => {
    expect(() => readEnergySettings('{"pricePerKwh":-1,"rigsW":{"a":"x"},"x":1}')).toThrow(/x: there is[\s\S]*pricePerKwh[\s\S]*rigsW\.a/);
  });
});

const DAY = Math.floor(T0 / 86_400_000) * 86_400_000;
const world = (rigs: readonly { readonly powerW: number | null; readonly ths: number }[], meteredW: number | null, ts = T0) => {
  const { hear, farm } = listen();
  const say = (name: string, channel: "birth" | "telemetry" | "energy", payload: object): void =>
    hear(topicOf("farm", name, channel), payload, ts);
  for (const [i, { powerW, ths }] of rigs.entries()) {
    say(`r-${i}`, "birth", {
      v: 1,
      ts,
      boot: "b",
      identity: { model: "Antminer S21" },
      position: { container: "C", rack: "R", slot: `${i}` },
    });
    say(`r-${i}`, "telemetry", {
      v: 1,
      ts: ts + 1,
      seq: 1,
      boot: "b",
      m: { mode: "mining", hashrateThs: ths, ...(powerW === null ? {} : { powerW }) },
    });
  }
  if (meteredW !== null) say("main", "energy", { v: 1, ts: ts + 1, seq: 1, boot: "m", m: { meteredW } });
  return farm;
};

describe("where no meter tells", () => {
  test("a schedule gives the mix, a feed the grid's carbon, settings price and power; each says so", () => {
    const settings = readEnergySettings(
      JSON.stringify({
        plan: [{ from: "00:00", shares: { solar: 1, grid: 3 } }],
        pricePerKwh: 0.08,
        gridGco2ePerKwh: 500,
        rigsW: { "r-1": 3_000 },
        modelsW: { "antminer-s21": 3_600 },
      }),
    );
    const farm = world(
      [
        { powerW: null, ths: 200 },
        { powerW: null, ths: 180 },
        { powerW: 3_450, ths: 200 },
      ],
      null,
    );
    const truth = truthNow(farm, { settings, feed: [{ ts: T0 - 3_600_000, gco2ePerKwh: 400 }] });
    expect(truth.rigs.map(({ powerW, source }) => [powerW, source])).toEqual([
      [3_600, "custom"],
      [3_000, "custom"],
      [3_450, "miner"],
    ]);
    expect(truth.from).toEqual({ mix: "plan", carbon: "feed", price: "setting" });
    expect(truth.mix).toEqual({ grid: 0.75, solar: 0.25 });
    expect(truth.gco2ePerKwh).toBe(300);
    expect(truth.perThh?.cost).toBeCloseTo((10.05 / 580) * 0.75 * 0.08, 9);
    const old = truthNow(farm, { settings, feed: [{ ts: T0 - 2 * 86_400_000, gco2ePerKwh: 400 }] });
    expect([old.from.carbon, old.gco2ePerKwh]).toEqual(["setting", 375]);
    const lines = (value: number) => [{ fromTs: T0 - 3_600_000, value }];
    foldQuotes(farm.quotes, { of: "power", currency: "EUR", source: "contract", by: "owner", lines: lines(0.2) }, T0);
    foldQuotes(farm.quotes, { of: "carbon", currency: null, source: "contract", by: "owner", lines: lines(600) }, T0);
    const entered = truthNow(farm, { settings, feed: [] });
    expect(entered.from).toEqual({ mix: "plan", carbon: "entered", price: "entered" });
    expect([entered.gco2ePerKwh, entered.perThh?.cost]).toEqual([450, expect.closeTo((10.05 / 580) * 0.75 * 0.2, 9)]);
    expect(truthNow(farm, { settings, feed: [{ ts: T0 - 3_600_000, gco2ePerKwh: 400 }] }).from.carbon).toBe("feed");
    farm.quotes.clear();
    const nothing = truthNow(farm, NOTHING_KNOWN);
    expect(nothing.from).toEqual({ mix: null, carbon: null, price: null });
    expect(nothing.rigs.map(({ source }) => source)).toEqual(["nameplate", "nameplate", "miner"]);
  });
  test("the line of the schedule holds that the hour is in", () => {
    const settings = readEnergySettings('{"plan":[{"from":"06:00","shares":{"solar":1}},{"from":"20:00","shares":{"wind":1}}]}');
    const at = (hour: number) => truthNow(world([{ powerW: 1, ths: 1 }], null, DAY + hour * 3_600_000), { settings, feed: [] }).mix;
    expect([at(3), at(7), at(21)]).toEqual([{ wind: 1 }, { solar: 1 }, { wind: 1 }]);
  });
});

test("whatever the rigs and the settings say, the rigs' sum is the site's meter", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ powerW: fc.option(fc.integer({ min: 1, max: 9_000 })), ths: fc.integer({ min: 0, max: 400 }) }), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.integer({ min: 1, max: 500_000 }),
      fc.dictionary(fc.constantFrom("r-0", "r-1", "r-2", "r-9"), fc.integer({ min: 0, max: 100_000 })),
      (rigs, meteredW, rigsW) => {
        const settings = readEnergySettings(JSON.stringify({ rigsW }));
        const truth = truthNow(world(rigs, meteredW), { settings, feed: [] });
        expect(truth.siteMw).toBe(meteredW * 1_000);
        expect(truth.rigs.reduce((sum, { attributedMw }) => sum + attributedMw, 0)).toBe(meteredW * 1_000);
      },
    ),
    { numRuns: 60 },
  );
});
