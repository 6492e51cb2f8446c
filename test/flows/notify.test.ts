import { describe, expect, test } from "@jest/globals";
import { createNotify, nextTry, type Delivery } from "../../server/flows/notify.ts";
import type { Incident } from "../../server/twin/alarms/incident.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { noteIncidents, type Notice } from "../../server/twin/notify/book.ts";
import { channel, notifyRules, type NotifySettings } from "../../server/twin/notify/shapes.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { handClock, handJournal, T0, tick } from "./hands.ts";

const incident = (name: string): Incident => ({
  id: `farm/incident/rig/${name}/heat/${T0}`,
  site: "farm",
  scope: "rig",
  name,
  symptom: "work",
  severity: "major",
  says: `Rig ${name}`,
  openedTs: T0,
  lastTs: T0,
  closedTs: null,
  mergedInto: null,
  members: [],
});
const settingsOf = (kinds: Readonly<Record<string, "webhook" | "slack">>): NotifySettings => ({
  channels: Object.entries(kinds).map(([id, kind]) => channel.parse({ id, label: id, kind })),
  rules: notifyRules.parse({ gatherS: 0, routes: Object.keys(kinds).map((id) => ({ channel: id, least: "info" })) }),
  sinceTs: 0,
});

/** The flow over a journal in memory; `send` is the world outside. */
const stage = (
  settings: NotifySettings,
  send: (channel: string, notice: Notice) => Promise<Delivery>,
  farm: Farm = newFarm("farm"),
  startTs = T0,
  aheadMs = 0,
) => {
  const clock = handClock(startTs);
  const journal = handJournal(() => clock.now() + aheadMs);
  journal.subscribe((batch) => batch.forEach((entry) => foldEntry(farm, { ...entry, pos: farm.asOfPos + 1 }, nothingYet())));
  const states: (string | null)[] = [];
  const flow = createNotify({
    clock,
    farm: () => farm,
    write: journal.write,
    settings: () => settings,
    send: ({ id }, notice) => send(id, notice),
    onState: (away) => void states.push(away),
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  return { clock, journal, farm, flow, states };
};
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
const pass = async (clock: ReturnType<typeof handClock>, seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    await clock.pass(1_000);
    await settled();
  }
};

test("a channel that hangs delays no other", async () => {
  const got: string[] = [];
  const { clock, farm, flow } = stage(settingsOf({ slow: "webhook", quick: "webhook" }), (to, notice) => {
    got.push(`${to} ${notice.title}`);
    return to === "slow" ? new Promise(() => undefined) : Promise.resolve({ outcome: "sent", detail: "HTTP 200" });
  });
  await flow.start();
  noteIncidents(farm.notify, [incident("r1")]);
  await pass(clock, 3);
  noteIncidents(farm.notify, [incident("r2")]);
  await pass(clock, 60);
  expect(got).toEqual(["slow Major: Rig r1", "quick Major: Rig r1", "quick Major: Rig r2"]);
});

test("what is refused is tried again, later and later, and then it is said that all is well", async () => {
  const triedS: number[] = [];
  const { clock, farm, flow, states } = stage(settingsOf({ ops: "slack" }), () => {
    triedS.push((clock.now() - T0) / 1_000);
    return Promise.resolve(triedS.length < 5 ? { outcome: "failed", detail: "HTTP 500" } : { outcome: "sent", detail: "HTTP 200 ok" });
  });
  await flow.start();
  noteIncidents(farm.notify, [incident("r1")]);
  await pass(clock, 120);
  expect(triedS.map((at, i) => Math.round(at - (triedS[i - 1] ?? at)))).toEqual([0, 5, 10, 20, 40]);
  expect(states).toContain("ops: HTTP 500");
  expect(states.at(-1)).toBeNull();
});

test("whose clock was set back is told all the same, and tried again", async () => {
  const aheadMs = 3_600_000;
  const got: string[] = [];
  const send = (_: string, { title }: Notice): Promise<Delivery> => {
    got.push(title);
    return Promise.resolve(got.length === 1 ? { outcome: "failed", detail: "HTTP 500" } : { outcome: "sent", detail: "HTTP 200" });
  };
  const { clock, farm, flow, journal } = stage(settingsOf({ ops: "slack" }), send, newFarm("farm"), T0, aheadMs);
  journal.put(tick);
  noteIncidents(farm.notify, [{ ...incident("r1"), openedTs: T0 + aheadMs }]);
  await flow.start();
  for (let i = 0; i < 4; i++) {
    await pass(clock, 5);
    journal.put(tick);
  }
  expect(got).toEqual(["Major: Rig r1", "Major: Rig r1"]);
});

test("a far end that asks to be left alone is left alone for so long", () => {
  const notice = { tries: 1, unknown: 0, queuedTs: T0 } as Notice;
  expect(nextTry(notice, "slack", { outcome: "failed", detail: "", afterS: 90 }, T0)).toBe(T0 + 90_000);
  expect(nextTry(notice, "slack", { outcome: "failed", detail: "" }, T0 + 86_400_000)).toBeNull();
});

describe("the server is killed", () => {
  /** The farm as it is after a kill -9: what was on disk. */
  const survived = (farm: Farm): Farm => farmOfLines([...snapshotLines(farm)]);

  test("between planning and sending: it is sent", async () => {
    const before = stage(settingsOf({ ops: "slack" }), () => Promise.resolve({ outcome: "sent", detail: "" }));
    noteIncidents(before.farm.notify, [incident("r1")]);
    const notice = {
      id: "n1",
      channel: "ops",
      event: "opened" as const,
      severity: "major" as const,
      title: "x",
      lines: [],
      about: [{ incident: incident("r1").id, isEnd: false }],
    };
    before.journal.put({
      topic: "$rigtwin/notify",
      payload: new TextEncoder().encode(JSON.stringify({ what: "queued", notices: [notice] })),
    });
    const got: string[] = [];
    const after = stage(
      settingsOf({ ops: "slack" }),
      (_, { id }) => {
        got.push(id);
        return Promise.resolve({ outcome: "sent", detail: "" });
      },
      survived(before.farm),
    );
    await after.flow.start();
    await pass(after.clock, 60);
    expect(got).toEqual(["n1"]);
  });

  test("between sending and noting it, again and again: people are shown it twice, never oftener; a webhook's receiver can tell", async () => {
    const got: string[] = [];
    let farm = newFarm("farm");
    noteIncidents(farm.notify, [incident("r1")]);
    const settings = settingsOf({ people: "slack", program: "webhook" });
    let startTs = T0;
    for (let kill = 0; kill < 5; kill++) {
      const { clock, flow } = stage(
        settings,
        (to, { id }) => {
          got.push(`${to} ${id}`);
          return new Promise(() => undefined);
        },
        farm,
        startTs,
      );
      await flow.start();
      await pass(clock, 3);
      clock.stopAll();
      startTs = clock.now() + 60_000;
      farm = survived(farm);
    }
    expect(got.filter((line) => line.startsWith("people"))).toHaveLength(2);
    expect(got.filter((line) => line.startsWith("program"))).toHaveLength(5);
    expect(new Set(got).size).toBe(2);
    const last = stage(settings, () => Promise.resolve({ outcome: "sent", detail: "HTTP 200" }), farm, startTs);
    await last.flow.start();
    await pass(last.clock, 3);
    expect([...farm.notify.notices.values()].map(({ channel: of, state }) => [of, state]).toSorted()).toEqual([
      ["people", "uncertain"],
      ["program", "sent"],
    ]);
  });
});

test("nothing is sent that is not on disk first", async () => {
  let isSent = false;
  const { clock, farm, journal, flow } = stage(settingsOf({ ops: "slack" }), () => {
    isSent = true;
    return Promise.resolve({ outcome: "sent", detail: "" });
  });
  journal.put({
    topic: "$rigtwin/notify",
    payload: new TextEncoder().encode(
      JSON.stringify({
        what: "queued",
        notices: [{ id: "n1", channel: "ops", event: "opened", severity: "major", title: "x", lines: [], about: [] }],
      }),
    ),
  });
  const failing = createNotify({
    clock,
    farm: () => farm,
    write: () => Promise.reject(new Error("disk full")),
    settings: () => settingsOf({ ops: "slack" }),
    send: () => {
      isSent = true;
      return Promise.resolve({ outcome: "sent", detail: "" });
    },
    onState: () => undefined,
    onError: () => undefined,
  });
  void flow;
  await failing.start();
  await pass(clock, 10);
  expect(isSent).toBe(false);
});
