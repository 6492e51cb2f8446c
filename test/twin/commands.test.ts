import { describe, expect, test } from "@jest/globals";
import { foldCommandNews, foldCommandTick, foldResponse, railOf, type Commands } from "../../server/twin/commands.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { requestBytes, commandTopicOf } from "../../server/twin/command.ts";
import { createObedience, temperOf } from "../../simulators/obedience.ts";
import { planFarm } from "../../simulators/plant/layout.ts";

const T = 1_763_000_000_000;
const order = (id: string, more: object = {}) => ({
  id,
  rig: "r1",
  method: "reboot" as const,
  args: {},
  by: "op",
  why: "hung",
  batch: "b",
  queuedTs: T,
  dueTs: T,
  expiresTs: T + 60_000,
  ...more,
});
const queued = (...ids: string[]): Commands => {
  const commands: Commands = new Map();
  foldCommandNews(commands, { what: "queued", commands: ids.map((id) => order(id)) }, T);
  return commands;
};
const answer = (id: string, status: "accepted" | "succeeded" | "failed" | "refused" | "expired") => ({ id, ts: T, status, detail: "" });

describe("a command", () => {
  test("goes QUEUED, SENT, DELIVERED, SUCCESSFUL, and ends there", () => {
    const commands = queued("a");
    foldCommandNews(commands, { what: "sent", id: "a" }, T + 1);
    expect(commands.get("a")?.state).toBe("SENT");
    foldResponse(commands, "r1", answer("a", "accepted"), T + 2);
    expect(commands.get("a")?.state).toBe("DELIVERED");
    foldResponse(commands, "r1", answer("a", "succeeded"), T + 3);
    foldResponse(commands, "r1", answer("a", "failed"), T + 4);
    foldCommandTick(commands, T + 1e9);
    expect(commands.get("a")).toMatchObject({ state: "SUCCESSFUL", stateTs: T + 3 });
  });
  test.each([
    ["refused", "FAILED"],
    ["failed", "FAILED"],
    ["expired", "EXPIRED"],
  ] as const)("that is answered %s is %s", (status, state) => {
    const commands = queued("a");
    foldResponse(commands, "r1", answer("a", status), T + 2);
    expect(commands.get("a")?.state).toBe(state);
  });
  test("an answer of another rig changes nothing", () => {
    const commands = queued("a");
    expect(foldResponse(commands, "r2", answer("a", "succeeded"), T + 2)).toEqual([]);
  });
  test("runs out: unsent EXPIRED, unanswered TIMEOUT, taken and never done TIMEOUT later", () => {
    const commands = queued("a", "b", "c");
    foldCommandNews(commands, { what: "sent", id: "b" }, T);
    foldResponse(commands, "r1", answer("c", "accepted"), T);
    foldCommandTick(commands, T + 59_999);
    expect([...commands.values()].map(({ state }) => state)).toEqual(["QUEUED", "SENT", "DELIVERED"]);
    foldCommandTick(commands, T + 60_000);
    expect([...commands.values()].map(({ state }) => state)).toEqual(["EXPIRED", "TIMEOUT", "DELIVERED"]);
    foldCommandTick(commands, T + 360_000);
    expect(commands.get("c")?.state).toBe("TIMEOUT");
  });
  test("is held by guard rails: offline, unknown, rebooted lately, rebooted too often", () => {
    const twin = { ...newTwin("farm", "r1", 0, T), state: "hashing" as const };
    expect(railOf(new Map(), undefined, "pause", T)).toMatch(/seen/);
    expect(railOf(new Map(), { ...twin, state: "offline" }, "resume", T)).toMatch(/offline/);
    const commands = queued("a");
    expect(railOf(commands, twin, "reboot", T + 1)).toMatch(/five minutes/);
    expect(railOf(commands, twin, "reboot", T + 1, "a")).toBeNull();
    foldResponse(commands, "r1", answer("a", "succeeded"), T + 10_000);
    expect(railOf(commands, twin, "reboot", T + 309_999)).toMatch(/five minutes/);
    expect(railOf(commands, twin, "reboot", T + 310_000)).toBeNull();
    const many = queued("1", "2", "3", "4", "5", "6");
    for (const id of many.keys()) foldResponse(many, "r1", answer(id, "succeeded"), T);
    expect(railOf(many, twin, "reboot", T + 3_600_000)).toMatch(/6 times/);
    expect(railOf(many, twin, "pause", T + 3_600_000)).toBeNull();
  });
});

describe("simulated rigs", () => {
  const farm = planFarm("farm", 1, 300);
  const who = (temper: string) => farm.rigs.find((plan) => temperOf(plan) === temper) as (typeof farm.rigs)[number];
  const told = (rig: string, method: "pause" | "power-target", args: object, nowTs = T, id = "x") => {
    const far = createObedience(farm);
    const payload = requestBytes({ method, id, ts: T, expiresTs: T + 60_000, args } as never);
    const read = (nowTs_: number) =>
      far
        .take(commandTopicOf("farm", rig, method), payload, nowTs_)
        .map((said) => (JSON.parse(new TextDecoder().decode(said.payload)) as { status: string }).status);
    const first = read(nowTs);
    return { first, again: read(nowTs + 1), far };
  };
  test("most obey, a redelivered message does nothing more, and a late one nothing at all", () => {
    const plan = who("obeys");
    const { first, again, far } = told(plan.rig, "pause", {});
    expect([first, again]).toEqual([
      ["accepted", "succeeded"],
      ["accepted", "succeeded"],
    ]);
    expect(far.effects(plan.index, T)).toMatchObject({ paused: true });
    const late = told(plan.rig, "pause", {}, T + 60_000);
    expect(late.first).toEqual(["expired"]);
    expect(late.far.effects(plan.index, T)).toBeNull();
  });
  test("some refuse, and some say yes and do nothing", () => {
    expect(told(who("refuses").rig, "power-target", { powerW: 2_000 }).first).toEqual(["refused"]);
    const plan = who("ignores");
    const { first, far } = told(plan.rig, "pause", {});
    expect(first).toEqual(["accepted", "succeeded"]);
    expect(far.effects(plan.index, T)).toBeNull();
  });
});
