import { pastIn } from "../../server/twin/alarms/history.ts";
import { expect, test } from "@jest/globals";
import { createTrials } from "../../server/flows/rule-trial.ts";
import type { Trial } from "../../server/twin/alarms/watch-shapes.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { snapshotLines } from "../../server/twin/snapshot.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { birth, handClock, handJournal, T0, telemetry } from "./hands.ts";

const MINUTE = 60_000;
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Three rigs over forty minutes: one gives 82 % for ten of them, the others are well. A snapshot is kept at every tenth minute. */
const recorded = async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const farm = newFarm("farm");
  const snapshots: { pos: number; ts: number; lines: string[] }[] = [];
  journal.subscribe((entries) => entries.forEach((entry) => foldEntry(farm, entry, nothingYet())));
  for (const rig of ["a", "b", "c"]) journal.put(birth(rig));
  let seq = 0;
  clock.every(10_000, () => {
    seq += 1;
    for (const rig of ["a", "b", "c"]) {
      const minute = (clock.now() - T0) / MINUTE;
      const hashrateThs = rig === "b" && minute > 20 && minute <= 30 ? 85 : 103;
      journal.put(
        telemetry(rig, clock.now(), seq, {
          hashrateThs,
          boardC: 60 + (seq % 7) / 10,
          chipC: 75 + (seq % 5) / 10,
          uptimeS: 90_000 + seq * 10,
        }),
      );
    }
  });
  clock.every(TICK_MS, () => journal.write(OWN.tick, bytes({})));
  clock.every(10 * MINUTE, () => void snapshots.push({ pos: farm.asOfPos, ts: clock.now(), lines: [...snapshotLines(farm)] }));
  await clock.pass(40 * MINUTE);
  let breaths = 0;
  const seen: number[] = [];
  const trials = createTrials({
    pastAlarms: pastIn(() => farm.alarms.history),
    site: "farm",
    now: clock.now,
    farm: () => farm,
    read: journal.read,
    loadSnapshot: (ts) => {
      const found = snapshots.findLast((each) => each.ts <= ts);
      return found === undefined ? null : { ...found, cells: [] };
    },
    oldestTs: journal.oldestTs,
    breathe: async () => {
      breaths += 1;
      seen.push(trials.ruleTrial().trial?.donePart ?? -1);
    },
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  const done = async (): Promise<Trial> => {
    for (;;) {
      const { trial } = trials.ruleTrial();
      if (trial !== null && trial.state !== "running") return trial;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { trials, farm, journal, done, seen, breaths: () => breaths };
};
const raisePct = (value: number) => ({ thresholds: { raisePct: value, clearPct: value + 5 } });

test("tells what a rule with other settings would have raised, and changes nothing", async () => {
  const on = await recorded();
  const before = on.journal.entries.length;
  const begun = on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(90), days: 7 }).trial;
  expect(begun).toMatchObject({ state: "running", raised: 0, was: 0 });
  const trial = await on.done();
  expect(trial).toMatchObject({ state: "done", donePart: 1, raised: 1, rigs: 1, was: 0 });
  expect(trial.alarms[0]).toMatchObject({ rig: "b", message: expect.stringContaining("82 %") });
  expect((trial.alarms[0]?.raisedTs ?? 0) - T0).toBe(22 * MINUTE + 10_000);
  expect(trial.alarms[0]?.clearedTs).not.toBeNull();
  expect(on.seen.length).toBeGreaterThan(3);
  expect(on.seen).toEqual(on.seen.toSorted((a, b) => a - b));
  expect(on.journal.entries).toHaveLength(before);
  expect(on.farm.alarms.settings.size).toBe(0);
  on.trials.tryRule({ kind: "low-hashrate", setting: null, days: 7 });
  expect(await on.done()).toMatchObject({ state: "done", raised: 0 });
});

test("begins at the snapshot before, leaves out what somebody set meanwhile, and counts within its days only", async () => {
  const on = await recorded();
  on.journal.put(
    { topic: OWN.act, payload: bytes({ what: "alarm-rule", kind: "low-hashrate", setting: { enabled: false }, by: "x" }) },
    T0 + 40 * MINUTE,
  );
  on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(90), days: 25 / 1_440 });
  const late = await on.done();
  expect(late).toMatchObject({ state: "done", raised: 1 });
  // Of the forty minutes' entries those since the tenth minute were folded: (3 + 2) each ten seconds.
  expect(on.breaths()).toBeLessThan(6);
  on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(90), days: 5 / 1_440 });
  expect(await on.done()).toMatchObject({ raised: 0 });
});

test("a new trial ends the one before, one can be ended, and what cannot be set is refused", async () => {
  const on = await recorded();
  on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(90), days: 7 });
  on.trials.tryRule({ kind: "offline", setting: { thresholds: { silentS: 15 } }, days: 7 });
  expect(await on.done()).toMatchObject({ kind: "offline", state: "done", raised: 0 });
  on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(90), days: 7 });
  expect(on.trials.endTrial().trial).toMatchObject({ state: "ended" });
  expect(await on.done()).toMatchObject({ kind: "low-hashrate", state: "ended" });
  expect(() => on.trials.tryRule({ kind: "low-hashrate", setting: raisePct(400), days: 7 })).toThrow(/must be from 1 to 99/);
});
