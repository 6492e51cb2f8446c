/** What must hold at the end, each a line of its own. */
import { canonicalBytes } from "../../server/twin/canonical.ts";
import type { Farm } from "../../server/twin/farm.ts";
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
const essenceOf = ({
  rig,
  identity,
  modelId,
  nameplate,
  lastDeviceTs,
  boot,
  lastSeq,
  latest,
  quality,
  counts,
  tier,
  format,
}: Twin): string =>
  Buffer.from(
    canonicalBytes({
      rig,
      identity,
      modelId,
      nameplate,
      lastDeviceTs,
      boot,
      lastSeq,
      latest,
      quality,
      tier,
      format,
      readings: counts.readings,
      missed: counts.missed,
    }),
  ).toString();

/** Twins that differ in what they must have in common. */
export const differing = (one: Farm, other: Farm): string[] => {
  const names = new Set([...one.twins.keys(), ...other.twins.keys()]);
  return [...names].filter((name) => {
    const [a, b] = [one.twins.get(name), other.twins.get(name)];
    return a === undefined || b === undefined || essenceOf(a) !== essenceOf(b);
  });
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
  const timelyCame = timely.reduce((sum, reading) => sum + (numbers.get(keyOf(reading)) ?? 0), 0);
  const saved = await savedFarm(dataDir, site);
  const refused = [...saved.refusedByCode.values()].reduce((sum, n) => sum + n, 0);
  const toRefuse =
    entries.filter(isNonsense).length +
    readings.filter(({ isAhead }) => isAhead).reduce((sum, reading) => sum + (numbers.get(keyOf(reading)) ?? 0), 0);
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
