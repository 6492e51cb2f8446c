import { NOTHING_KNOWN } from "../../server/twin/energy-settings.ts";
import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { truthNow } from "../../server/flows/energy-truth.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { parse } from "../../server/twin/parse.ts";
import { messages, type MessageOptions } from "../../simulators/messages.ts";
import { loadScenario, scenarioNames } from "../../simulators/scenario-files.ts";
import { MINUTE, START_TS, optionsOf, saidIn, scenarioOf, telemetryIn } from "./collect.ts";

const hashOf = (count: number, more: Partial<MessageOptions>): string => {
  const hash = createHash("sha256");
  let taken = 0;
  for (const { ts, topic, payload, retain, gateway } of messages(optionsOf({ toTs: Infinity, ...more }))) {
    hash.update(`${ts} ${topic} ${retain} ${gateway} `).update(payload);
    if (++taken === count) break;
  }
  return hash.digest("hex");
};

describe("the stream of messages", () => {
  test("the same seed gives the same bytes", () => {
    const scenario = loadScenario("demo");
    expect(hashOf(5_000, { scenario })).toBe(hashOf(5_000, { scenario }));
  });

  test("gives these very bytes on every machine", () => {
    // A change of the plant changes them: then this is the new hash. Without one, some machine computes differently.
    const scenario = scenarioOf([
      { family: "heat-wave", rigs: "all", at: "1m", for: "20m" },
      { family: "board-loss", rigs: [3], at: "2m", for: "10m" },
      { family: "network-partition", rigs: { container: 1 }, at: "5m", for: "3m" },
      { family: "clock-skew", rigs: [7], at: "1m", for: "10m" },
    ]);
    expect(hashOf(4_000, { scenario, rigs: 30, pduMs: 60_000 })).toBe("174493a3f27c805af4b6548a524c978a69217e542d29de353dacc6ef0d12ab47");
  });

  test("the sockets of the PDUs tell the true power by the place's name, and what a liar says is not it", () => {
    const scenario = scenarioOf([{ family: "liar", rigs: [2], at: "0", for: "1h" }]);
    const farm = newFarm("farm");
    for (const [i, { ts, topic, payload, retain }] of [...messages(optionsOf({ scenario, pduMs: 60_000 }))].entries())
      foldEntry(farm, { pos: i + 1, receivedTs: ts, topic, payload, qos: 1, retain, dup: false, client: "" }, nothingYet());
    const { rigs, bySource } = truthNow(farm, NOTHING_KNOWN);
    expect([bySource.pdu, farm.refusedByCode.size]).toEqual([20, 0]);
    const gaps = new Map(rigs.map(({ rig, gapPct }) => [rig, gapPct ?? 0]));
    expect(gaps.get("rig-0002")).toBeGreaterThan(5);
    expect([...gaps].filter(([rig, gap]) => rig !== "rig-0002" && Math.abs(gap) > 3)).toEqual([]);
  });

  test("another seed, another site, another number of rigs, another start give other bytes", () => {
    const hashes = [{}, { seed: 2 }, { site: "farm-2" }, { rigs: 21 }, { fromTs: START_TS + 1 }].map((more) => hashOf(500, more));
    expect(new Set(hashes).size).toBe(5);
  });

  test("comes in time order, from the first moment and never at or after the last", () => {
    const said = saidIn();
    expect(said[0]?.ts).toBe(START_TS);
    for (let i = 1; i < said.length; i++) expect(said[i]?.ts).toBeGreaterThanOrEqual(said[i - 1]?.ts ?? Infinity);
    expect(said.at(-1)?.ts).toBeLessThan(START_TS + 5 * MINUTE);
    expect(said.at(-1)?.ts).toBeGreaterThan(START_TS + 5 * MINUTE - 10_000);
  });

  test("every rig speaks once an interval, at its own place in it", () => {
    const told = telemetryIn();
    const places = new Map<string, number>();
    for (const { rig, atTs } of told) {
      const place = (atTs - START_TS) % 10_000;
      expect(places.get(rig) ?? place).toBe(place);
      places.set(rig, place);
    }
    expect(told).toHaveLength(20 * 30);
    expect(new Set(places.values()).size).toBeGreaterThan(15);
  });

  test("a rig is born and announced, retained, before its first reading; a gateway first of all", () => {
    const said = saidIn();
    expect(said[0]).toMatchObject({ rig: "gateway-c1", channel: "state", body: { state: "online" }, message: { retain: true } });
    const mine = said.filter(({ rig }) => rig === "rig-0007");
    expect(mine.slice(0, 3).map(({ channel, message }) => [channel, message.retain])).toEqual([
      ["birth", true],
      ["state", true],
      ["telemetry", false],
    ]);
    expect(mine[0]?.body).toMatchObject({
      v: 1,
      identity: { make: "Bitmain", model: "Antminer S19j Pro", hostname: "farm-rig-0007" },
      nameplate: { hashrateThs: 104, powerW: 3068, boards: 3, chips: 126, fans: 4 },
      position: { container: "C1", rack: "R1", slot: "S07" },
    });
    expect(mine[0]?.body["boot"]).toBe(mine[2]?.body["boot"]);
  });

  test("seq counts up by one within a boot; a reboot begins a new boot at 1 and is born again", () => {
    const scenario = scenarioOf([{ family: "offline", rigs: [3], at: "1m", for: "1m" }]);
    const mine = saidIn({ scenario }).filter(({ rig }) => rig === "rig-0003");
    const runs = new Map<string, number[]>();
    for (const { body } of mine.filter(({ channel }) => channel === "telemetry")) {
      const seqs = runs.get(String(body["boot"])) ?? [];
      seqs.push(Number(body["seq"]));
      runs.set(String(body["boot"]), seqs);
    }
    expect(runs.size).toBe(2);
    for (const seqs of runs.values()) expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(mine.filter(({ channel }) => channel === "birth")).toHaveLength(2);
    expect(mine.filter(({ channel }) => channel === "state").map(({ body }) => body["state"])).toEqual(["online", "lost", "online"]);
  });

  test("another start of the simulator gives every rig another boot", () => {
    const boots = (fromTs: number): string[] => telemetryIn({ fromTs, toTs: fromTs + 10_000 }).map(({ boot }) => boot);
    const both = [...boots(START_TS), ...boots(START_TS + 10_000)];
    expect(new Set(both).size).toBe(40);
  });

  test.each(scenarioNames())("the parser takes every message of %s as it is meant", (name) => {
    const refused = new Map<string, number>();
    let pos = 0;
    for (const { ts, topic, payload, retain } of messages(optionsOf({ scenario: loadScenario(name), toTs: START_TS + 20 * MINUTE }))) {
      const parsed = parse({ pos: ++pos, receivedTs: ts, topic, payload, qos: 1, retain, dup: false, client: "" }, "farm");
      const channel = topic.split("/")[4];
      if (parsed.kind === "refused") refused.set(parsed.refusal.code, (refused.get(parsed.refusal.code) ?? 0) + 1);
      else expect(parsed.kind).toBe(channel === "telemetry" ? "reading" : channel);
    }
    // One clock of that scenario is ten minutes ahead.
    expect([...refused.keys()]).toEqual(name === "clock-skew" ? ["CLOCK_IN_FUTURE"] : []);
  });

  test.each(["calm-day", "heat-wave", "board-loss"])("no value of %s is doubted", (name) => {
    const doubted: unknown[] = [];
    let pos = 0;
    for (const { ts, topic, payload, retain } of messages(optionsOf({ scenario: loadScenario(name), toTs: START_TS + 20 * MINUTE }))) {
      const parsed = parse({ pos: ++pos, receivedTs: ts, topic, payload, qos: 1, retain, dup: false, client: "" }, "farm");
      if (parsed.kind === "reading" && Object.keys(parsed.reading.quality).length > 0) doubted.push(parsed.reading.quality);
    }
    expect(doubted).toEqual([]);
  });

  test("history comes at its own interval up to the present, then the run goes on in the same boot", () => {
    const untilTs = START_TS + 10 * MINUTE;
    const told = telemetryIn({ history: { untilTs, intervalMs: MINUTE }, toTs: untilTs + 5 * MINUTE }, "rig-0001");
    expect(told.filter(({ ts }) => ts < untilTs)).toHaveLength(10);
    expect(told.filter(({ ts }) => ts >= untilTs)).toHaveLength(30);
    expect(new Set(told.map(({ boot }) => boot)).size).toBe(1);
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
  });

  test("the scenario's time begins at the end of the history, and its past faults lie in it", () => {
    const untilTs = START_TS + 60 * MINUTE;
    const scenario = scenarioOf([
      { family: "board-loss", rigs: [1], at: "-30m", for: "10m" },
      { family: "board-loss", rigs: [2], at: "1m", for: "1m" },
    ]);
    const told = telemetryIn({ scenario, history: { untilTs, intervalMs: MINUTE }, toTs: untilTs + 3 * MINUTE });
    const lossy = (rig: string): number[] =>
      told.filter(({ rig: name, m }) => name === rig && m.boards[1]?.chips === 0).map(({ ts }) => (ts - untilTs) / MINUTE);
    const past = lossy("rig-0001");
    expect(past).toHaveLength(10);
    expect(Math.min(...past)).toBeGreaterThanOrEqual(-30);
    expect(Math.max(...past)).toBeLessThan(-20);
    expect(Math.min(...lossy("rig-0002"))).toBeGreaterThanOrEqual(1);
    expect(Math.max(...lossy("rig-0002"))).toBeLessThan(2);
  });

  test("a farm that grows begins with the rigs it had", () => {
    const births = (rigs: number): unknown[] =>
      saidIn({ rigs, toTs: START_TS + 10_000 })
        .filter(({ channel }) => channel === "birth")
        .sort((a, b) => (a.rig < b.rig ? -1 : 1))
        .slice(0, 10)
        .map(({ body }) => body["identity"]);
    expect(births(60)).toEqual(births(10));
  });

  test.each([
    [{ rigs: 0 }, "rigs:"],
    [{ rigs: 1.5 }, "rigs:"],
    [{ intervalMs: 0 }, "intervalMs:"],
    [{ intervalMs: 0.5 }, "intervalMs:"],
  ])("%j is refused by name", (more, name) => {
    expect(() => messages(optionsOf(more)).next()).toThrow(name);
  });
});
