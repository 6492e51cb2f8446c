/** The data folder: its lock, the journal, and what lies beside it. */
import { openAlarmHistory } from "../edge/alarm-history.ts";
import { openDays } from "../edge/journal/days.ts";
import { createJournal } from "../edge/journal/journal.ts";
import { lockFolder } from "../edge/journal/lock.ts";
import { openMoments } from "../edge/journal/moments.ts";
import { openPruned } from "../edge/journal/pruned.ts";
import { openSnapshots } from "../edge/journal/snapshots.ts";
import type { House } from "./house.ts";

const KIND = "SQLite and files";
const HEALTH_MS = 10_000;
/** A chunk each time: a gigabyte in hours, at a thousandth of a core. */
const CHECK_MS = 2_000;

export type Data = Awaited<ReturnType<typeof openData>>;

/** Opens everything. Throws Refused DATA_DIR_IN_USE. */
export const openData = async ({ config, clock, status, runs }: House) => {
  const folder = config.dataDir;
  runs("the lock", lockFolder(folder));
  const journal = createJournal({
    folder,
    now: clock.now,
    onHealth: (failure) => sayHealth(failure?.detail ?? null),
  });
  /** Damage is no reason not to go on: what is sound is read, and what is not is named until somebody has looked. */
  const sayHealth = (away: string | null): void => {
    const damaged = journal.stats().damaged;
    const named = damaged
      .slice(0, 3)
      .map(({ firstPos, count, reason }) => `entries ${firstPos} to ${firstPos + count - 1} are set aside: ${reason}`);
    const more = damaged.length > named.length ? [`and ${damaged.length - named.length} chunks more`] : [];
    status.say("journal", KIND, ["writing", ...named, ...more].join("; "), away, true);
  };
  await journal.start();
  runs("the journal", journal.stop);
  sayHealth(null);
  runs("the journal's check", clock.every(CHECK_MS, journal.checkNext));
  runs(
    "the journal's health",
    clock.every(HEALTH_MS, () => {
      if (journal.stats().failure === null) sayHealth(null);
    }),
  );
  const snapshots = openSnapshots(folder);
  runs("the snapshots", snapshots.close);
  const moments = openMoments(folder);
  runs("the moments", moments.close);
  const alarms = openAlarmHistory(folder);
  runs("the history of alarms", alarms.close);
  const days = openDays(folder);
  runs("the sealed days", days.close);
  const pruned = openPruned(folder, journal);
  runs("what was pruned", pruned.close);
  return { journal, snapshots, moments, alarms, days, pruned };
};
