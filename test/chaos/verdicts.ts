/** What must hold at the end, each a line of its own. */
import { canonicalBytes } from "../../server/twin/canonical.ts";
import type { Farm } from "../../server/twin/farm.ts";
import { plainMeasured } from "../../server/twin/packed-measured.ts";
import type { ExportPage, SeriesStore } from "../../server/twin/series.ts";
import { WINDOW_MS } from "../../server/twin/tiers.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import type { Entry, Twin } from "../../server/twin/twin.ts";
import { keyOf } from "../servers/device.ts";
import { compareSent, foldAll, numbersIn, savedFarm, wrongPoints } from "../servers/evidence.ts";
import { NONSENSE, type Reading } from "./devices.ts";

export interface Verdict {
  readonly what: string;
  /** Null where it holds, else what was found instead. */
  readonly wrong: string | null;
}

export const verdict = (what: string, wrong: string | null): Verdict => ({ what, wrong });
const listed = (what: string, found: readonly string[]): Verdict =>
  verdict(what, found.length === 0 ? null : `${found.length} times, first ${found.slice(0, 3).join(", ")}`);
const equal = (what: string, found: number | string, wanted: number | string): Verdict =>
  verdict(what, found === wanted ? null : `${found}, not ${wanted}`);

/** What of a twin follows from its readings alone, and not from when and in which order they came. */
const essenceOf = (twin: Twin): Readonly<Record<string, unknown>> => {
  const { rig, identity, modelId, nameplate, lastDeviceTs, boot, lastSeq, latest, quality, counts, tier, format } = twin;
  const { readings, missed } = counts;
  return {
    rig,
    identity,
    modelId,
    nameplate,
    lastDeviceTs,
    boot,
    lastSeq,
    latest: plainMeasured(latest),
    quality,
    tier,
    format,
    readings,
    missed,
  };
};
const textOf = (value: unknown): string => Buffer.from(canonicalBytes(value)).toString();

/** Twins that differ in what they must have in common, each with the fields in which it does. */
export const differing = (one: Farm, other: Farm): string[] => {
  const names = new Set([...one.twins.keys(), ...other.twins.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [one.twins.get(name), other.twins.get(name)];
    if (a === undefined || b === undefined) return [`${name} (${a === undefined ? "not" : "only"} in the first)`];
    const [left, right] = [essenceOf(a), essenceOf(b)];
    const fields = Object.keys(left).filter((field) => textOf(left[field] ?? null) !== textOf(right[field] ?? null));
    return fields.length === 0
      ? []
      : [
          `${name} (${fields.map((field) => `${field} ${textOf(left[field] ?? null).slice(0, 200)} / ${textOf(right[field] ?? null).slice(0, 200)}`).join("; ")})`,
        ];
  });
};

/** The figures of windows of readings, as the export of a tier has them. */
const windowsOf = (raw: ExportPage, widthMs: number): string[] => {
  const windows = new Map<string, number[]>();
  raw.ts.forEach((ts, i) => {
    const value = raw.values[i] ?? null;
    const key = `${Math.floor(ts / widthMs) * widthMs} ${raw.rig[i]}`;
    if (value !== null) windows.set(key, [...(windows.get(key) ?? []), value]);
  });
  return [...windows].map(([key, values]) => {
    const mean = values.reduce((sum, value) => sum + Math.round(value * 1_000), 0) / 1_000 / values.length;
    return `${key} ${values.length} ${values.length} ${Math.min(...values)} ${Number(mean.toFixed(5))} ${Math.max(...values)}`;
  });
};
const linesOf = ({ ts, rig, values }: ExportPage): string[] => {
  const width = values.length / Math.max(1, ts.length);
  return ts.map((at, i) => `${at} ${rig[i]} ${values.slice(i * width, (i + 1) * width).join(" ")}`);
};

/** Asks the store itself: each reading with its value, and minutes and hours that follow from the readings. */
export const judgeStore = async (store: SeriesStore, site: string, readings: readonly Reading[]): Promise<readonly Verdict[]> => {
  const timely = readings.filter(({ isAhead }) => !isAhead);
  const hour = WINDOW_MS["1h"];
  const times = timely.map(({ ts }) => ts);
  const [from, to] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), 0)];
  const range = {
    site,
    rigs: null,
    from: Math.floor(from / hour) * hour,
    to: (Math.floor(to / hour) + 1) * hour,
    fields: ["hashrateThs"],
  } as const;
  const raw = await store.rows({ ...range, tier: "raw" });
  const wanted = timely.map(({ rig, ts, seq }) => `${ts} ${rig} ${100 + (seq % 10)}`);
  const different = (found: readonly string[], expected: readonly string[]): string[] => {
    const all = new Set(expected);
    const there = new Set(found);
    return [...found.filter((line) => !all.has(line)), ...expected.filter((line) => !there.has(line)).map((line) => `no ${line}`)];
  };
  const verdicts = [
    listed("every reading in the series has its own value", different(linesOf(raw), wanted)),
    equal("there are as many points as readings", raw.ts.length, timely.length),
  ];
  for (const tier of ["1m", "1h"] as const)
    verdicts.push(
      listed(
        `${tier === "1m" ? "minutes" : "hours"} follow from the readings`,
        different(linesOf(await store.rows({ ...range, tier })), windowsOf(raw, WINDOW_MS[tier])),
      ),
    );
  return verdicts;
};

const isNonsense = ({ topic, payload }: Entry): boolean => topic.startsWith("rigtwin/") && Buffer.from(payload).includes(NONSENSE);

/** Readings that were published and are not in the journal. */
export const missingIn = (readings: readonly Reading[], entries: readonly Entry[]): Reading[] => {
  const numbers = numbersIn(entries);
  return readings.filter((reading) => !numbers.has(keyOf(reading)));
};

/** Judges a stopped server's folder: journal, fold, counters and series against what was published. */
export const judge = async (
  readings: readonly Reading[],
  found: {
    readonly dataDir: string;
    readonly site: string;
    readonly entries: readonly Entry[];
    readonly points: ReadonlyMap<string, ReadonlyMap<number, number>>;
  },
): Promise<{ readonly verdicts: readonly Verdict[]; readonly farm: Farm }> => {
  const { dataDir, site, entries, points } = found;
  const numbers = numbersIn(entries.filter((entry) => !isNonsense(entry)));
  const compared = compareSent(readings, numbers);
  const timely = readings.filter(({ isAhead }) => !isAhead);
  const saved = await savedFarm(dataDir, site);
  // What was sent again while the server stopped is in the journal, and folded at the next start.
  const folded = entries.filter(({ pos }) => pos <= saved.asOfPos);
  const foldedNumbers = numbersIn(folded.filter((entry) => !isNonsense(entry)));
  const timelyCame = timely.reduce((sum, reading) => sum + (foldedNumbers.get(keyOf(reading)) ?? 0), 0);
  const refused = [...saved.refusedByCode.values()].reduce((sum, n) => sum + n, 0);
  const toRefuse =
    folded.filter(isNonsense).length +
    readings.filter(({ isAhead }) => isAhead).reduce((sum, reading) => sum + (foldedNumbers.get(keyOf(reading)) ?? 0), 0);
  return {
    farm: saved,
    verdicts: [
      listed("every acknowledged reading is in the journal", compared.lostAcknowledged),
      listed("every published reading is in the journal, once after boot and number", compared.lost),
      listed("nothing is in the journal that nobody published", compared.invented),
      equal("every reading is counted once", saved.accepted, timely.length),
      equal("every further copy is counted as a duplicate", saved.duplicates, timelyCame - timely.length),
      equal("all nonsense is refused, and nothing else", refused, toRefuse),
      listed("every reading is in the series, once", wrongPoints(timely, points)),
      equal("the journal folded from nothing gives the same farm", farmHash(foldAll(site, entries, saved.asOfPos)), farmHash(saved)),
    ],
  };
};
