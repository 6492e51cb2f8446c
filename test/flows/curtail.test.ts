/** A curtailment from wish to wake, over a journal in memory and machines that obey, refuse, lie or stay asleep. */
import { describe, expect, test } from "@jest/globals";
import { createCommands } from "../../server/flows/commands.ts";
import { createCurtail } from "../../server/flows/curtail.ts";
import { commandTopic, readRequest, responseBytes, responseTopicOf } from "../../server/twin/command.ts";
import { curtailSettings } from "../../server/twin/curtail/shapes.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { birth, energy, handClock, handJournal, T0, telemetry, text, tick } from "./hands.ts";

type Temper = "deaf" | "obeys" | "refuses" | "lies" | "forgets" | "sleeps";
interface Machine {
  readonly temper: Temper;
  readonly powerW: number;
  readonly hashrateThs: number;
  paused: boolean;
}
const S = 1_000;
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

/** r0 … : 100 TH/s each, the higher the number the more power, so that the last are told first. */
const stage = (tempers: readonly Temper[], aheadMs = 0) => {
  const clock = handClock();
  const journal = handJournal(() => clock.now() + aheadMs);
  const farm = newFarm("farm");
  journal.subscribe((batch) => batch.forEach((entry) => foldEntry(farm, entry, nothingYet())));
  const machines = new Map<string, Machine>(
    tempers.map((temper, i) => [`r${i}`, { temper, powerW: 3_000 + 100 * i, hashrateThs: 100, paused: false }]),
  );
  const told: string[] = [];
  const goodMs: number[] = [];
  let [seq, ids] = [0, 0];
  const publish = (topic: string, payload: Uint8Array): Promise<void> => {
    const at = commandTopic(topic);
    if ("code" in at) throw new Error(at.detail);
    const request = readRequest(at.method, payload);
    if ("code" in request) throw new Error(request.detail);
    const machine = machines.get(at.rig) as Machine;
    told.push(`${at.method} ${at.rig}`);
    goodMs.push(request.expiresTs - clock.now());
    if (machine.temper === "deaf") return Promise.resolve();
    const isRefused = machine.temper === "refuses";
    const isForgotten = machine.temper === "forgets" && told.length === 1;
    if (!isRefused && !isForgotten && machine.temper !== "lies" && !(machine.temper === "sleeps" && at.method === "resume"))
      machine.paused = at.method === "pause";
    const answer = {
      id: request.id,
      ts: clock.now(),
      status: isRefused ? ("refused" as const) : ("succeeded" as const),
      detail: isRefused ? "no" : "",
    };
    queueMicrotask(() => journal.put({ topic: responseTopicOf("farm", at.rig, at.method), payload: responseBytes(answer) }));
    return Promise.resolve();
  };
  const commands = createCommands({
    farm: () => farm,
    clock,
    newId: () => `id-${(ids += 1)}`,
    write: journal.write,
    publish,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  const curtail = createCurtail({
    farm: () => farm,
    clock,
    write: journal.write,
    order: commands.order,
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  commands.start();
  curtail.start();
  const read = (): void => {
    seq += 1;
    for (const [rig, { paused, powerW, hashrateThs }] of machines)
      journal.put(
        telemetry(rig, clock.now(), seq, {
          mode: paused ? "paused" : "mining",
          hashrateThs: paused ? 0 : hashrateThs,
          powerW: paused ? 40 : powerW,
        }),
      );
    journal.put(energy(clock.now(), seq, 10_000));
    journal.put(tick);
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i += 5) {
      for (let k = 0; k < 10; k++) {
        await clock.pass(500);
        await settled();
      }
      read();
    }
  };
  return {
    clock,
    journal,
    farm,
    machines,
    told,
    goodMs,
    curtail,
    pass,
    begin: async () => (journal.put({ topic: "$rigtwin/start", payload: new Uint8Array() }), read(), pass(5)),
  };
};
const all = (n: number, other: Readonly<Record<number, Temper>> = {}): Temper[] => Array.from({ length: n }, (_, i) => other[i] ?? "obeys");
const target = (value: number, untilTs: number | null = null) => ({
  what: "target" as const,
  target: { of: "pct" as const, value },
  untilTs,
  why: "Asked by the grid.",
  by: "badge-17",
});

describe("a target", () => {
  test("pauses the worst first, in batches, no more than is needed, and wakes the best first", async () => {
    const { curtail, told, pass, begin, farm } = stage(all(10));
    await begin();
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ batchSize: 2, gapS: 10 }), by: "badge-17" });
    const planned = curtail.planCurtailment({ target: { of: "pct", value: 50 } });
    expect(planned).toMatchObject({ drawnW: 34_500, limitW: 17_250, reaches: true, lastsS: 20 });
    expect(planned.rigs.map(({ rig }) => rig)).toEqual(["r9", "r8", "r7", "r6", "r5"]);
    await curtail.curtail(target(50));
    await pass(15);
    expect(told).toEqual(["pause r9", "pause r8"]);
    await pass(60);
    expect(told).toEqual(["pause r9", "pause r8", "pause r7", "pause r6", "pause r5"]);
    const { active } = curtail.curtailment();
    expect(active).toMatchObject({
      phase: "held",
      baselineW: 34_500,
      limitW: 17_250,
      counts: { paused: 5 },
      wishes: [{ source: "operator", by: "badge-17" }],
    });
    expect(active?.drawnW).toBeLessThanOrEqual(17_250);
    await curtail.curtail({ what: "end", by: "badge-17" });
    await pass(90);
    expect(told.slice(5)).toEqual(["resume r5", "resume r6", "resume r7", "resume r8", "resume r9"]);
    const { active: none, past } = curtail.curtailment();
    expect(none).toBeNull();
    expect(past[0]).toMatchObject({ phase: "done", counts: { back: 0, missing: 0 }, members: [] });
    expect([...farm.commands.values()].every(({ by, why }) => by === "badge-17" && why.includes("Asked by the grid."))).toBe(true);
  });

  test("ends by itself at its time", async () => {
    const { curtail, told, pass, begin } = stage(all(4));
    await begin();
    await expect(curtail.curtail(target(0, T0))).rejects.toMatchObject({ code: "RANGE_INVALID" });
    await curtail.curtail(target(0, T0 + 100 * S));
    await pass(60);
    expect(told).toHaveLength(4);
    await pass(120);
    expect(told.filter((line) => line.startsWith("resume"))).toHaveLength(4);
    expect(curtail.curtailment().active).toBeNull();
  });

  test("those that refuse, and those that say yes and go on, are made up for by the next, and named", async () => {
    const { curtail, told, pass, begin } = stage(all(10, { 9: "refuses", 8: "lies" }));
    await begin();
    await curtail.curtail(target(70));
    await pass(60);
    expect(told.slice(0, 3)).toEqual(["pause r9", "pause r8", "pause r7"]);
    await pass(240);
    const { active } = curtail.curtailment();
    expect(active?.drawnW).toBeLessThanOrEqual(0.7 * 34_500);
    expect(active?.members.filter(({ state }) => state === "refused")).toMatchObject([
      { rig: "r9", detail: "Refused: no" },
      { rig: "r8", detail: "It took the command and goes on." },
    ]);
  });

  test("one that took the command and restarted before anybody saw it paused is told again", async () => {
    const { curtail, told, pass, begin } = stage(all(4, { 3: "forgets" }));
    await begin();
    await curtail.curtail(target(80));
    await pass(60);
    expect(told).toEqual(["pause r3", "pause r3"]);
    expect(curtail.curtailment().active).toMatchObject({ phase: "held", counts: { refused: 0, paused: 1 } });
  });

  test("by a server whose clock was set back is held as well, and no command is good for longer on its way", async () => {
    const { curtail, told, goodMs, pass, begin, farm } = stage(all(4), 3_600_000);
    await begin();
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ batchSize: 1, gapS: 10 }), by: "badge-17" });
    await curtail.curtail(target(50));
    await pass(45);
    expect(told).toEqual(["pause r3", "pause r2"]);
    expect(goodMs.every((ms) => ms > 50_000 && ms <= 60_000)).toBe(true);
    expect([...farm.commands.values()].map(({ state }) => state)).toEqual(["SUCCESSFUL", "SUCCESSFUL"]);
    expect(curtail.curtailment().active).toMatchObject({ phase: "held", counts: { paused: 2 } });
    await curtail.curtail({ what: "end", by: "badge-17" });
    await pass(45);
    expect(told.slice(2)).toEqual(["resume r2", "resume r3"]);
  });

  test("those that a server was killed before it told are told by the next", async () => {
    const { curtail, told, pass, begin, journal } = stage(all(4));
    await begin();
    await curtail.curtail(target(50));
    journal.put(tick);
    journal.put(text("$rigtwin/curtail", JSON.stringify({ what: "orders", way: "down", rigs: ["r3", "r2"] })));
    await pass(90);
    expect(told).toEqual(["pause r3", "pause r2"]);
    expect(curtail.curtailment().active).toMatchObject({ phase: "held", counts: { paused: 2, ordered: 0 } });
  });

  test("one that does not answer is told three times, then made up for", async () => {
    const { curtail, told, pass, begin } = stage(all(4, { 3: "deaf" }));
    await begin();
    await curtail.curtail(target(80));
    await pass(60 * 5);
    expect(told).toEqual(["pause r3", "pause r3", "pause r3", "pause r2"]);
    expect(curtail.curtailment().active).toMatchObject({ phase: "held", counts: { refused: 1, paused: 1 } });
  });

  test("one that does not come back is told three times, then named, and holds nothing up", async () => {
    const { curtail, told, pass, begin } = stage(all(4, { 3: "sleeps" }));
    await begin();
    await curtail.curtail(target(0));
    await pass(60);
    await curtail.curtail({ what: "end", by: "badge-17" });
    await pass(30 * 60);
    expect(told.filter((line) => line === "resume r3")).toHaveLength(3);
    const { active, past } = curtail.curtailment();
    expect(active).toBeNull();
    expect(past[0]).toMatchObject({
      members: [{ rig: "r3", state: "missing", detail: "It does not hash as before." }],
      counts: { missing: 1 },
    });
  });

  test("of named rigs pauses these and no others; in MW it is the farm's", async () => {
    const { curtail, told, pass, begin } = stage(all(5));
    await begin();
    await expect(curtail.curtail({ ...target(0), target: { of: "rigs", rigs: ["r1", "nobody"] } })).rejects.toMatchObject({
      code: "RIG_UNKNOWN",
    });
    await curtail.curtail({ ...target(0), target: { of: "rigs", rigs: ["r1", "r3"] } });
    await pass(60);
    expect(told.toSorted()).toEqual(["pause r1", "pause r3"]);
    await curtail.curtail({ ...target(0), target: { of: "mw", value: 0.007 } });
    await pass(90);
    expect(curtail.curtailment().active?.drawnW).toBeLessThanOrEqual(7_000);
  });
});

test("a rig that wakes by itself, as after a power cut, is told again", async () => {
  const { curtail, told, pass, begin, machines } = stage(all(2));
  await begin();
  await curtail.curtail(target(0));
  await pass(60);
  Object.assign(machines.get("r0") ?? {}, { paused: false });
  await pass(60);
  expect(told).toEqual(["pause r1", "pause r0", "pause r0"]);
  expect(curtail.curtailment().active).toMatchObject({ phase: "held", counts: { paused: 2 }, pausedRigs: 2 });
});

test("one that wakes by itself again and again is told three times, then left alone, named and raised as an alarm", async () => {
  const { machines, told, curtail, pass, begin, farm } = stage(all(2));
  await begin();
  await curtail.curtail(target(0));
  await pass(60);
  for (let wake = 0; wake < 5; wake++) {
    (machines.get("r1") as Machine).paused = false;
    await pass(60);
  }
  expect(told.filter((line) => line === "pause r1")).toHaveLength(3);
  const { active } = curtail.curtailment();
  expect(active?.members.find(({ rig }) => rig === "r1")).toMatchObject({ state: "refused", detail: expect.stringContaining("3 times") });
  const standing = (): string[] => [...farm.alarms.held].flatMap(([rig, mine]) => (mine["command-ignored"]?.alarm ? [rig] : []));
  expect(standing()).toEqual(["r1"]);
  await curtail.curtail({ what: "end", by: "b1" });
  await pass(120);
  expect(standing()).toEqual([]);
});

test("what it saved is counted from what the rigs drew before, at the price and carbon of each moment", async () => {
  const { curtail, pass, begin } = stage(all(2));
  await begin();
  await curtail.curtail(target(0));
  await pass(30);
  const before = curtail.curtailment().active;
  await pass(600);
  const after = curtail.curtailment().active;
  // 3000 and 3100 W before, 40 W each now; 0.05 USD and 300 g a kWh; 200 TH/s
  const kwh = (2 * 3_050 - 80) / 1_000 / 6;
  expect((after?.savedKwh ?? 0) - (before?.savedKwh ?? 0)).toBeCloseTo(kwh, 6);
  expect((after?.saved ?? 0) - (before?.saved ?? 0)).toBeCloseTo(kwh * 0.05, 6);
  expect((after?.savedKgco2e ?? 0) - (before?.savedKgco2e ?? 0)).toBeCloseTo(kwh * 0.3, 6);
  expect((after?.forgoneThH ?? 0) - (before?.forgoneThH ?? 0)).toBeCloseTo(200 / 6, 6);
  expect(after?.currency).toBe("USD");
});

describe("without an operator", () => {
  test("MaestroOS's topic curtails at 0 and lets run at 100; an old word after a newer one, and nonsense, change nothing", async () => {
    const { curtail, journal, told, pass, begin, clock, farm } = stage(all(3));
    await begin();
    const say = (percent: unknown, ts: number) => journal.put(text("maestro/target", JSON.stringify({ target: percent, timestamp: ts })));
    say(0, Math.floor(clock.now() / S));
    await pass(30);
    expect(told).toEqual([]);
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ mqtt: {} }), by: "badge-17" });
    say(0, Math.floor(clock.now() / S));
    await pass(30);
    expect(told).toHaveLength(3);
    say(100, Math.floor(clock.now() / S) - 600);
    say("off", Math.floor(clock.now() / S));
    await pass(30);
    expect(told).toHaveLength(3);
    expect(farm.inbox.at(-1)).toMatchObject({ code: "PAYLOAD_INVALID", topic: "maestro/target" });
    await pass(300);
    // Its silence is said, and the last word holds.
    expect(curtail.curtailment()).toMatchObject({ mqtt: { targetPct: 0, isOld: true }, active: { phase: "held" } });
    say(100, Math.floor(clock.now() / S));
    await pass(90);
    expect(told.slice(3).toSorted()).toEqual(["resume r0", "resume r1", "resume r2"]);
    expect(curtail.curtailment().active).toBeNull();
  });

  test("a price that is above, and back below for good", async () => {
    const { curtail, told, pass, begin } = stage(all(2));
    await begin();
    const price = (above: number, back: number) => ({ above, back, leastMin: 5, target: { of: "pct", value: 0 } });
    await expect(
      curtail.curtail({ what: "settings", settings: curtailSettings.parse({ price: price(1, 2) }), by: "b" }),
    ).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ price: price(0.05, 0.04) }), by: "b" });
    await pass(30);
    expect(told).toHaveLength(2);
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ price: price(0.08, 0.06) }), by: "b" });
    await pass(120);
    expect(told).toHaveLength(2);
    await pass(300);
    expect(told).toHaveLength(4);
  });

  test("a schedule by the site's clocks", async () => {
    const { curtail, told, pass, begin } = stage(all(2)); // T0 is Sunday 2025-06-15, 15:06:40 UTC
    await begin();
    const schedule = [{ days: [0], from: "17:08", to: "17:12", target: { of: "pct", value: 0 } }];
    await curtail.curtail({ what: "settings", settings: curtailSettings.parse({ zone: "Europe/Vienna", schedule }), by: "b" });
    await pass(60);
    expect(told).toEqual([]);
    await pass(60);
    expect(told).toEqual(["pause r1", "pause r0"]);
    await pass(400);
    expect(told.slice(2)).toEqual(["resume r0", "resume r1"]);
  });
});

test("the same journal gives the same curtailment, over a snapshot too, and a replay orders nothing", async () => {
  const { curtail, journal, pass, begin, farm } = stage(all(6, { 5: "refuses" }));
  await begin();
  journal.put(birth("r0"));
  await curtail.curtail(target(40));
  await pass(120);
  await curtail.curtail({ what: "end", by: "b" });
  await pass(120);
  const fold = (entries: readonly Entry[], from: Farm): Farm => {
    for (const entry of entries) foldEntry(from, entry, nothingYet());
    return from;
  };
  const half = Math.floor(journal.entries.length / 2);
  const whole = fold(journal.entries, newFarm("farm"));
  const resumed = fold(journal.entries.slice(half), farmOfLines([...snapshotLines(fold(journal.entries.slice(0, half), newFarm("farm")))]));
  expect(whole.curtail).toEqual(farm.curtail);
  expect(resumed.curtail).toEqual(farm.curtail);
  expect(whole.curtail.past).toHaveLength(1);
});
