import { describe, expect, test } from "@jest/globals";
import { noAlarms, type AlarmBook } from "../../../server/twin/alarms/book.ts";
import type { Incident } from "../../../server/twin/alarms/incident.ts";
import { foldNotifyNews, noNotices, noteIncidents, type NewNotice, type NotifyBook } from "../../../server/twin/notify/book.ts";
import { planNotices } from "../../../server/twin/notify/plan.ts";
import { channel, notifyRules, type NotifySettings } from "../../../server/twin/notify/shapes.ts";
import { clean, lasted } from "../../../server/twin/notify/words.ts";
import type { Alarm } from "../../../server/twin/twin.ts";
import { inHours, isZone, wallTime } from "../../../server/twin/wall-time.ts";

const T0 = Date.parse("2026-11-24T10:00:00Z"); // a Tuesday
const MIN = 60_000;
const HOUR = 60 * MIN;

const incident = (name: string, more: Partial<Incident> = {}): Incident => ({
  id: `farm/incident/rig/${name}/heat/${T0}`,
  site: "farm",
  scope: "rig",
  name,
  symptom: "work",
  severity: "major",
  says: `Rig ${name}: it hashes nothing.`,
  openedTs: T0,
  lastTs: T0,
  closedTs: null,
  mergedInto: null,
  members: [{ rig: name, alarm: `farm/${name}/hung/${T0}` }],
  ...more,
});
const settingsOf = (rules: object, ids = ["ops"]): NotifySettings => ({
  channels: ids.map((id) => channel.parse({ id, label: id, kind: "webhook" })),
  rules: notifyRules.parse(rules),
  sinceTs: T0 - HOUR,
});
const OPS = settingsOf({ routes: [{ channel: "ops", least: "minor" }] });

/** Plans, and takes what was planned as queued at that time. */
const told = (book: NotifyBook, settings: NotifySettings, ts: number, alarms: AlarmBook = noAlarms()): NewNotice[] => {
  const notices = planNotices(book, alarms, settings, ts);
  if (notices.length > 0) foldNotifyNews(book, { what: "queued", notices }, ts);
  return notices;
};
const standing = (of: Incident, change: Partial<Alarm>): AlarmBook => {
  const book = noAlarms();
  for (const { rig, alarm: id } of of.members) {
    const alarm: Alarm = {
      id,
      site: "farm",
      rig,
      scope: "rig",
      kind: "hung",
      severity: "major",
      sinceTs: T0,
      raisedTs: T0,
      clearedTs: null,
      acknowledgedTs: null,
      acknowledgedBy: null,
      owner: null,
      comments: [],
      snoozedUntilTs: null,
      incident: of.id,
      message: "It hashes nothing.",
      ...change,
    };
    book.held.set(rig, { hung: { changingSinceTs: null, lostMs: 0, alarm } });
  }
  return book;
};

describe("an incident", () => {
  test("is told once, after others of its cause had time to join it, whatever it has of members", () => {
    const book = noNotices();
    const members = Array.from({ length: 40 }, (_, i) => ({ rig: `r${i}`, alarm: `a${i}` }));
    noteIncidents(book, [incident("A-1", { scope: "rack", members, says: "Rack A-1: 40 of 40 rigs, silent." })]);
    expect(told(book, OPS, T0 + 29_000)).toEqual([]);
    const notices = told(book, OPS, T0 + 30_000);
    expect(notices.map(({ event, title }) => [event, title])).toEqual([["opened", "Major: Rack A-1: 40 of 40 rigs, silent."]]);
    expect(notices[0]?.lines.at(-1)).toContain("and 28 more");
    expect(told(book, OPS, T0 + 31_000)).toEqual([]);
  });

  test("that ends is told to have ended, where its beginning was told, and only there", () => {
    const book = noNotices();
    noteIncidents(book, [incident("r1"), incident("r2", { openedTs: T0 + 60 * MIN })]);
    told(book, OPS, T0 + MIN);
    noteIncidents(book, [
      incident("r1", { closedTs: T0 + 12 * MIN }),
      incident("r2", { openedTs: T0 + 60 * MIN, closedTs: T0 + 60 * MIN }),
    ]);
    expect(told(book, OPS, T0 + 61 * MIN).map(({ title }) => title)).toEqual(["Cleared after 12 min: Rig r1: it hashes nothing."]);
    expect(told(book, OPS, T0 + 62 * MIN)).toEqual([]);
  });

  test("that turned out to be part of another ends without a word", () => {
    const book = noNotices();
    noteIncidents(book, [incident("r1")]);
    told(book, OPS, T0 + MIN);
    noteIncidents(book, [incident("r1", { closedTs: T0 + 2 * MIN, mergedInto: "farm/incident/rack/A-1" })]);
    expect(told(book, OPS, T0 + 3 * MIN)).toEqual([]);
  });

  test("is told again every four hours until somebody acknowledges it or puts it off", () => {
    const of = incident("r1");
    const book = noNotices();
    noteIncidents(book, [of]);
    told(book, OPS, T0 + MIN, standing(of, {}));
    expect(told(book, OPS, T0 + 4 * HOUR, standing(of, {}))).toEqual([]);
    expect(told(book, OPS, T0 + 4 * HOUR + MIN, standing(of, {})).map(({ event }) => event)).toEqual(["repeat"]);
    expect(told(book, OPS, T0 + 9 * HOUR, standing(of, { acknowledgedTs: T0 }))).toEqual([]);
    expect(told(book, OPS, T0 + 9 * HOUR, standing(of, { snoozedUntilTs: T0 + 10 * HOUR }))).toEqual([]);
    expect(told(book, OPS, T0 + 10 * HOUR, standing(of, { snoozedUntilTs: T0 + 10 * HOUR })).map(({ event }) => event)).toEqual(["repeat"]);
  });

  test("that gets worse is told at once", () => {
    const book = noNotices();
    noteIncidents(book, [incident("r1")]);
    told(book, OPS, T0 + MIN);
    noteIncidents(book, [incident("r1", { severity: "critical" })]);
    expect(told(book, OPS, T0 + 2 * MIN).map(({ event, title }) => [event, title])).toEqual([
      ["worse", "Critical: Rig r1: it hashes nothing. (it got worse)"],
    ]);
  });
});

describe("routes", () => {
  test("go by severity and site", () => {
    const settings = settingsOf(
      {
        routes: [
          { channel: "pager", least: "critical" },
          { channel: "north", least: "info", sites: ["north"] },
        ],
      },
      ["pager", "north"],
    );
    const book = noNotices();
    noteIncidents(book, [incident("r1"), incident("r2", { severity: "critical" }), incident("r3", { site: "north" })]);
    expect(told(book, settings, T0 + MIN).map((notice) => [notice.channel, notice.title.slice(-23)])).toEqual([
      ["pager", "r2: it hashes nothing.".padStart(23)],
      ["north", "r3: it hashes nothing.".padStart(23)],
    ]);
  });

  test("go by the time of day in the site's zone; what still stands then is told when the day begins", () => {
    const settings = settingsOf({
      zone: "Asia/Tokyo",
      routes: [{ channel: "ops", least: "minor", days: [3], from: "08:00", to: "17:00" }],
    });
    const book = noNotices();
    noteIncidents(book, [incident("r1")]); // Tuesday 19:00 in Tokyo
    expect(told(book, settings, T0 + HOUR)).toEqual([]);
    expect(told(book, settings, Date.parse("2026-11-24T22:59:00Z"))).toEqual([]);
    expect(told(book, settings, Date.parse("2026-11-24T23:00:00Z"))).toHaveLength(1);
  });

  test("hours that reach over midnight belong to the day they began", () => {
    const night = { days: [2], from: "22:00", to: "06:00" };
    const at = (text: string) => inHours(night, wallTime(Date.parse(text), "Europe/Vienna"));
    expect(
      ["2026-11-24T20:59:00Z", "2026-11-24T21:00:00Z", "2026-11-25T04:59:00Z", "2026-11-25T05:00:00Z", "2026-11-25T21:30:00Z"].map(at),
    ).toEqual([false, true, true, false, false]);
    // summer and winter
    expect(wallTime(Date.parse("2026-07-01T12:00:00Z"), "Europe/Vienna")).toEqual({ day: 3, minute: 14 * 60 });
    expect(isZone("Mars/Olympus")).toBe(false);
  });

  test("a channel that is off is told nothing, and the next one all the same", () => {
    const settings = settingsOf({ routes: ["a", "b"].map((each) => ({ channel: each, least: "info" })) }, ["a", "b"]);
    const off = { ...settings, channels: settings.channels.map((each) => ({ ...each, isOn: each.id === "b" })) };
    const book = noNotices();
    noteIncidents(book, [incident("r1")]);
    expect(told(book, off, T0 + MIN).map((notice) => notice.channel)).toEqual(["b"]);
  });
});

describe("too much at once", () => {
  test("a storm is one message, the gravest first", () => {
    const book = noNotices();
    noteIncidents(
      book,
      Array.from({ length: 60 }, (_, i) => incident(`r${i}`, { severity: i === 50 ? "critical" : "minor" })),
    );
    const [only, ...others] = told(book, OPS, T0 + MIN);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ event: "several", title: "60 incidents", severity: "critical" });
    expect(only?.lines[0]).toContain("r50");
    expect(only?.lines.at(-1)).toBe("and 20 more");
    expect(told(book, OPS, T0 + 2 * MIN)).toEqual([]);
  });

  test("beyond so many an hour the rest waits, and comes together", () => {
    const settings = settingsOf({ perHour: 2, routes: [{ channel: "ops", least: "info" }] });
    const book = noNotices();
    noteIncidents(book, [incident("r1"), incident("r2")]);
    expect(told(book, settings, T0 + MIN)).toHaveLength(2);
    noteIncidents(book, [incident("r3"), incident("r4"), incident("r5")]);
    expect(told(book, settings, T0 + 2 * MIN)).toEqual([]);
    expect(told(book, settings, T0 + 61 * MIN).map(({ event, title }) => [event, title])).toEqual([["several", "3 incidents"]]);
  });

  test("the digest tells once a day what was not told at once", () => {
    const settings = settingsOf({
      digestAt: "12:00",
      routes: [
        { channel: "ops", least: "critical" },
        { channel: "ops", least: "info", when: "digest" },
      ],
    });
    const book = noNotices();
    noteIncidents(book, [
      incident("r1", { severity: "minor", closedTs: T0 + 20 * MIN }),
      incident("r2", { severity: "critical" }),
      incident("r3", { severity: "minor" }),
    ]);
    expect(told(book, settings, T0 + MIN).map(({ event }) => event)).toEqual(["opened"]);
    expect(told(book, settings, T0 + HOUR)).toEqual([]);
    const [digest] = told(book, settings, T0 + 2 * HOUR);
    expect(digest).toMatchObject({ event: "digest", title: "Digest: 2 incidents since the last one" });
    expect(digest?.lines).toEqual(["Cleared after 20 min: Rig r1: it hashes nothing.", "Minor: Rig r3: it hashes nothing."]);
    expect(told(book, settings, T0 + 3 * HOUR)).toEqual([]);
    // The next day there is nothing new.
    expect(told({ ...book }, { ...settings, rules: { ...settings.rules, repeatH: 0 } }, T0 + 26 * HOUR)).toEqual([]);
  });
});

test("words are one line, whatever a machine said", () => {
  expect(clean("a\r\nBcc: x@y\u202e\u0000z")).toBe("a Bcc: x@y z");
  expect(clean("x".repeat(500))).toHaveLength(240);
  expect([20_000, 59 * MIN, 60 * MIN, 200 * MIN, 24 * HOUR, 28 * HOUR].map(lasted)).toEqual([
    "less than a minute",
    "59 min",
    "1 h",
    "3 h 20 min",
    "1 d",
    "1 d 4 h",
  ]);
});
