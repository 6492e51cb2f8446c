/** The data folder: its lock, the journal, and what lies beside it. */
import { basename, join } from "node:path";
import { openAlarmHistory } from "../edge/alarm-history.ts";
import { openDays } from "../edge/journal/days.ts";
import { createJournal } from "../edge/journal/journal.ts";
import { lockFolder } from "../edge/journal/lock.ts";
import { openMoments } from "../edge/journal/moments.ts";
import { openPast } from "../edge/journal/past.ts";
import { openPruned } from "../edge/journal/pruned.ts";
import { openSnapshots } from "../edge/journal/snapshots.ts";
import { isUnreadable, setAside } from "../edge/journal/wal.ts";
import { Refused } from "../twin/refusal.ts";
import { complain, type House } from "./house.ts";

const KIND = "SQLite and files";
const HEALTH_MS = 10_000;
/** The journal's time never goes back (steady.ts); from here on it is said that it is ahead. */
const CLOCK_BACK_MS = 10_000;
/** A chunk each time, some 20 ms of work: a gigabyte in a day and a half, at a thousandth of a core. */
const CHECK_MS = 15_000;

export type Data = Awaited<ReturnType<typeof openData>>;

/** How far something has got that is made of the journal; 0 where it cannot be read, for then it is made anew. */
const positionOf = (position: () => number): number => {
  try {
    return position();
  } catch (error) {
    complain("what was made of the journal cannot be read", error);
    return 0;
  }
};

/** Whether the journal still has all its messages. */
const isWhole = async (folder: string): Promise<boolean> => {
  const past = openPast(folder);
  try {
    return ((await past?.oldest())?.pos ?? 1) <= 1;
  } finally {
    past?.close();
  }
};

/** Opens everything. Throws Refused DATA_DIR_IN_USE, DATA_DAMAGED, DISK_FULL, JOURNAL_UNAVAILABLE. */
export const openData = async ({ config, clock, status, runs }: House) => {
  const folder = config.dataDir;
  runs("the lock", lockFolder(folder));
  const setAsides: string[] = [];
  /** What is made of the journal is made anew where its file is damaged; `fromAll`: only all the messages there ever were make it what it was. */
  const openMade = async <T>(name: string, open: (folder: string) => T, fromAll: boolean): Promise<T> => {
    try {
      return open(folder);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (fromAll && !(await isWhole(folder)))
        throw new Refused(
          "DATA_DAMAGED",
          `${join(folder, name)} is damaged, and the journal no longer has the old messages it was made of. Put it back from a backup; or move it away, and start with what the journal still has.`,
          { cause: error },
        );
      const says = `${name} was damaged and is made anew; what was there is ${basename(setAside(join(folder, name), clock.now()))}`;
      setAsides.push(says);
      complain(says, error);
      return open(folder);
    }
  };
  const snapshots = await openMade("state.db", openSnapshots, true);
  runs("the snapshots", snapshots.close);
  const moments = await openMade("moments.db", openMoments, false);
  runs("the moments", moments.close);
  const alarms = await openMade("alarms.db", openAlarmHistory, true);
  runs("the history of alarms", alarms.close);
  const journal = createJournal({
    folder,
    now: clock.now,
    floorPos: Math.max(...[snapshots.newestPos, moments.newestPos, alarms.marked].map(positionOf)),
    onHealth: (failure) => sayHealth(failure?.detail ?? null),
    onError: (error) => complain("the journal goes on behind a fault", error),
  });
  /** Damage is no reason not to go on: what is sound is read, and what is not is named until somebody has looked. */
  const sayHealth = (away: string | null): void => {
    const { damaged, sealing } = journal.stats();
    const named = damaged
      .slice(0, 3)
      .map(({ firstPos, count, reason }) => `entries ${firstPos} to ${firstPos + count - 1} are set aside: ${reason}`);
    const more = damaged.length > named.length ? [`and ${damaged.length - named.length} chunks more`] : [];
    status.say(
      "journal",
      KIND,
      ["writing", ...(sealing === null ? [] : [sealing]), ...named, ...more, ...setAsides].join("; "),
      away,
      true,
    );
    sayClock();
  };
  /** Said of only where it was ever behind. */
  let wasBehind = false;
  const sayClock = (): void => {
    const aheadMs = journal.head().ts - clock.now();
    const isBehind = aheadMs > CLOCK_BACK_MS;
    wasBehind ||= isBehind;
    if (!wasBehind) return;
    const says = `It was set back: the journal's time is ${Math.round(aheadMs / 1_000)} s ahead of it, and goes on at half its pace until it has come up.`;
    status.say("clock", "this machine's clock", "right again", isBehind ? says : null);
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
  const days = openDays(folder);
  runs("the sealed days", days.close);
  const pruned = openPruned(folder, journal);
  runs("what was pruned", pruned.close);
  return { journal, snapshots, moments, alarms, days, pruned };
};
