/** What a rig should have given beside what it gave: its model of the moment (alarms/drift.ts) over what the series store has of it. */
import { CHANNELS, driveFrom, expectedOf, LEAST, LIMIT } from "../twin/alarms/drift.ts";
import type { ExpectedAnswer, ExpectedQuery } from "../twin/alarms/watch-shapes.ts";
import type { Farm } from "../twin/farm.ts";
import { targetThs } from "../twin/fold.ts";
import { Refused } from "../twin/refusal.ts";
import type { SeriesStore } from "../twin/series.ts";
import type { Twin } from "../twin/twin.ts";

type Line = { measured: (number | null)[]; expected: (number | null)[]; deviation: (number | null)[] };

/** Below this part of its target it does not work as the model was taught. */
const WORKING_PART = 0.3;
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const FIELDS = ["hashrateThs", "expectedThs", "powerW", "intakeC", "boardC", "fanPct", "fanRpm"] as const;
const LINES = [
  { name: "hashrateThs", of: "hashrate", digits: 2 },
  { name: "powerW", of: "power", digits: 1 },
  { name: "boardC", of: "board", digits: 2 },
] as const;

/** Answers for one rig. Throws Refused RANGE_INVALID, STORE_UNAVAILABLE. */
export const expectedFor = async (
  farm: Farm,
  store: Pick<SeriesStore, "rigSeries">,
  twin: Twin,
  { from, to, points }: ExpectedQuery,
): Promise<ExpectedAnswer> => {
  if (from >= to) throw new Refused("RANGE_INVALID", "from must be before to.");
  const series = await store.rigSeries({ site: farm.site, rig: twin.rig, from, to, points, fields: FIELDS });
  const drift = farm.watches.get(twin.rig)?.drift;
  const { nameplate } = twin;
  const target = targetThs(twin);
  const lines = Object.fromEntries(LINES.map(({ name }) => [name, { measured: [], expected: [], deviation: [] }])) as unknown as Record<
    (typeof LINES)[number]["name"],
    Line
  >;
  // The store has the mean of the fans, the model the fastest of them: usual shares say how far they are apart.
  const shares = drift?.fanShares ?? [];
  const usual = shares.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const fastest = (meanRpm: number | null): number | null => (meanRpm === null ? null : meanRpm / usual);
  const at = (field: (typeof FIELDS)[number], i: number): number | null => series.fields[field]?.mean[i] ?? null;
  for (let i = 0; i < series.ts.length; i++) {
    const hashThs = at("hashrateThs", i);
    const intakeC = at("intakeC", i);
    const told = at("expectedThs", i);
    const aimedThs = told !== null && told > 0 && nameplate !== null ? Math.min(told, nameplate.hashrateThs) : target;
    const isWorking = hashThs !== null && aimedThs !== null && hashThs >= WORKING_PART * aimedThs;
    for (const { name, of, digits } of LINES) {
      const value = at(name, i);
      lines[name].measured.push(value === null ? null : rounded(value, digits));
      const hasInputs = intakeC !== null && (of === "hashrate" || at("powerW", i) !== null) && (of !== "power" || at("boardC", i) !== null);
      const expected =
        drift === undefined || nameplate === null || !isWorking || !hasInputs
          ? null
          : expectedOf(drift, of, {
              hashThs,
              powerW: at("powerW", i) ?? 0,
              intakeC,
              boardC: at("boardC", i) ?? 0,
              drive: driveFrom(at("fanPct", i), fastest(at("fanRpm", i))),
              targetThs: aimedThs,
              nominalThs: nameplate.hashrateThs,
              nominalW: nameplate.powerW,
            });
      lines[name].expected.push(expected === null ? null : rounded(expected.value, digits));
      lines[name].deviation.push(expected === null ? null : rounded(expected.deviation, digits + 1));
    }
  }
  return {
    ts: [...series.ts],
    bucketMs: series.bucketMs,
    lines,
    learntMinutes: Math.max(0, ...LINES.map(({ of }) => drift?.channels[of].line?.n ?? 0)),
    drifting:
      drift === undefined
        ? []
        : CHANNELS.filter((name) => drift.channels[name].sum >= LIMIT && drift.channels[name].off >= LEAST[name].matters),
  };
};
