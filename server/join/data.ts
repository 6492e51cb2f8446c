/** The data folder: its lock, the journal, and what lies beside it. */
import { openDays } from "../edge/journal/days.ts";
import { createJournal } from "../edge/journal/journal.ts";
import { lockFolder } from "../edge/journal/lock.ts";
import { openPruned } from "../edge/journal/pruned.ts";
import { openSnapshots } from "../edge/journal/snapshots.ts";
import type { House } from "./house.ts";

const KIND = "SQLite and files";

export type Data = Awaited<ReturnType<typeof openData>>;

/** Opens everything. Throws Refused DATA_DIR_IN_USE. */
export const openData = async ({ config, clock, status, runs }: House) => {
  const folder = config.dataDir;
  runs("the lock", lockFolder(folder));
  const journal = createJournal({
    folder,
    now: clock.now,
    onHealth: (failure) => status.say("journal", KIND, "writing", failure?.detail ?? null, true),
  });
  await journal.start();
  runs("the journal", journal.stop);
  status.say("journal", KIND, "writing", null, true);
  const snapshots = openSnapshots(folder);
  runs("the snapshots", snapshots.close);
  const days = openDays(folder);
  runs("the sealed days", days.close);
  const pruned = openPruned(folder, journal);
  runs("what was pruned", pruned.close);
  return { journal, snapshots, days, pruned };
};
