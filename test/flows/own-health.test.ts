import { expect, test } from "@jest/globals";
import { anchorProbe, diskProbe, startOwnHealth } from "../../server/flows/own-health.ts";
import { activeAlarms } from "../../server/twin/alarms/book.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmHash } from "../../server/twin/snapshot.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { handClock, handJournal, T0, telemetry } from "./hands.ts";

const DAY_MS = 86_400_000;
const MINUTE = 60_000;

/** A system whose parts can be broken; a rig speaks each ten seconds as long as it is let. */
const system = () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const farm = newFarm("farm");
  journal.subscribe((entries) => entries.forEach((entry) => foldEntry(farm, entry, nothingYet())));
  const broken = {
    store: null as string | null,
    chain: null as string | null,
    freeBytes: 500e9,
    isLost: false,
    day: null as number | null,
  };
  let isSpeaking = true;
  let seq = 0;
  clock.every(10_000, () => {
    const { topic, ...m } = telemetry("rig-1", clock.now(), ++seq);
    if (isSpeaking) journal.put({ topic, ...m } as Parameters<typeof journal.put>[0]);
  });
  clock.every(TICK_MS, () => journal.write(OWN.tick, new TextEncoder().encode("{}")));
  const errors: string[] = [];
  const start = () =>
    startOwnHealth({
      clock,
      farm: () => farm,
      write: journal.write,
      probes: {
        store: () => broken.store,
        chain: () => broken.chain,
        anchor: anchorProbe(clock.now, 15 * MINUTE, () => ({ day: broken.day, away: "no gas" })),
        disk: diskProbe(
          () =>
            broken.isLost
              ? Promise.reject(new Error("no such folder"))
              : Promise.resolve({ freeBytes: broken.freeBytes, totalBytes: 1e12 }),
          () => farm.health.get("disk")?.ok === false,
        ),
      },
      onError: (what) => errors.push(what),
    });
  start();
  return {
    clock,
    journal,
    farm,
    broken,
    errors,
    start,
    speak: (is: boolean): void => void (isSpeaking = is),
    kinds: () => activeAlarms(farm.alarms).flatMap(({ kind, scope }) => (scope === "system" ? [kind] : [])),
  };
};

test("a store, a chain and a disk that fail are alarms, each after its hold time, and go when they are well", async () => {
  const on = system();
  await on.clock.pass(MINUTE);
  expect(on.kinds()).toEqual([]);
  Object.assign(on.broken, { store: "ECONNREFUSED 127.0.0.1:8086", chain: "no answer", freeBytes: 9e9 });
  await on.clock.pass(30_000);
  expect(on.kinds()).toEqual(["disk-filling"]);
  await on.clock.pass(MINUTE);
  expect(on.kinds().toSorted()).toEqual(["disk-filling", "store-away"]);
  await on.clock.pass(5 * MINUTE);
  expect(on.kinds().toSorted()).toEqual(["chain-away", "disk-filling", "store-away"]);
  expect(
    activeAlarms(on.farm.alarms)
      .map(({ message }) => message)
      .join(" "),
  ).toMatch(/9\.0 GB left, 0\.9 % of it.*ECONNREFUSED|ECONNREFUSED.*9\.0 GB left/);
  // A little room is not enough room.
  Object.assign(on.broken, { store: null, chain: null, freeBytes: 11e9 });
  await on.clock.pass(MINUTE);
  expect(on.kinds()).toEqual(["disk-filling"]);
  on.broken.freeBytes = 13e9;
  await on.clock.pass(MINUTE);
  expect(on.kinds()).toEqual([]);
  expect(on.journal.entries.filter(({ topic }) => topic === OWN.part)).toHaveLength(6);
});

test("a day that is sealed and not on the chain two hours after its grace is an alarm, named by its date", async () => {
  const on = system();
  const day = Math.floor(T0 / DAY_MS) - 1;
  on.broken.day = day;
  // What was sealed at the start has its first minutes to get there.
  await on.clock.pass(9 * MINUTE);
  expect(on.kinds()).toEqual([]);
  await on.clock.pass(5 * MINUTE);
  expect(on.kinds()).toEqual(["anchor-late"]);
  expect(activeAlarms(on.farm.alarms)[0]?.message).toContain(
    `${new Date(day * DAY_MS).toISOString().slice(0, 10)} is sealed and not on the chain: no gas`,
  );
  on.broken.day = null;
  await on.clock.pass(MINUTE);
  expect(on.kinds()).toEqual([]);
});

test("nothing that comes from any device for five minutes is an alarm, and a probe that fails disturbs no other", async () => {
  const on = system();
  await on.clock.pass(MINUTE);
  on.speak(false);
  on.broken.isLost = true;
  on.broken.store = "away";
  await on.clock.pass(6 * MINUTE);
  expect(on.kinds().toSorted()).toEqual(["ingest-stalled", "store-away"]);
  expect(on.errors[0]).toContain("disk");
  on.speak(true);
  await on.clock.pass(MINUTE);
  expect(on.kinds()).toEqual(["store-away"]);
});

test("after a restart the alarm stands without another entry, and a replay of the journal raises the same at the same moments", async () => {
  const on = system();
  on.broken.store = "away";
  await on.clock.pass(3 * MINUTE);
  const written = on.journal.entries.filter(({ topic }) => topic === OWN.part).length;
  on.start();
  await on.clock.pass(3 * MINUTE);
  expect(on.journal.entries.filter(({ topic }) => topic === OWN.part)).toHaveLength(written);
  expect(on.kinds()).toEqual(["store-away"]);
  const again: Farm = newFarm("farm");
  for (const entry of on.journal.entries) foldEntry(again, entry, nothingYet());
  expect(farmHash(again)).toBe(farmHash(on.farm));
});
