import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Status } from "../../server/twin/api.ts";
import { liveRowOf } from "../../server/twin/live.ts";
import { hashesOf } from "../../server/twin/snapshot.ts";
import { RIG_STATES, type Twin } from "../../server/twin/twin.ts";
import { FRAME_MS, pathOf, ROOM_HEADER, ROUTES } from "../../server/twin/wire.ts";
import { createPublisher } from "../servers/device.ts";
import { foldAll, journalOf, savedFarm } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import { createViewer, stateOf, type Viewer } from "../servers/viewer.ts";

const SITE = "past";
const RIGS = 12;
const MINUTE_MS = 60_000;

let server: Rigtwin;
const viewers: Viewer[] = [];
beforeAll(async () => {
  server = await startRigtwin({ site: SITE, rigs: RIGS, intervalS: 1, backfillH: 1 });
});
afterAll(async () => {
  for (const viewer of viewers) viewer.close();
  await server.remove();
});

const open = (): Viewer => {
  const viewer = createViewer(server.url);
  viewers.push(viewer);
  return viewer;
};
const lastClock = (viewer: Viewer) => viewer.told.findLast((one) => one.event !== "refused")?.meta.clock ?? null;
/** Stands still at a moment: pauses and jumps, and waits for the whole that shows it. */
const standAt = async (viewer: Viewer, at: number): Promise<void> => {
  const before = viewer.snapshots().length;
  viewer.control({ playing: false, at });
  await until(
    () => viewer.snapshots().length > before && lastClock(viewer)?.nowTs === at && lastClock(viewer)?.playing === false,
    `the view stands at ${at}`,
  );
};
/** A question as a dashboard asks it that shows this viewer's replay. */
const inRoom = async (viewer: Viewer, path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> => {
  const headers = { "content-type": "application/json", [ROOM_HEADER]: lastClock(viewer)?.room ?? "none" };
  const response = await fetch(`${server.url}${path}`, { ...init, headers });
  return { status: response.status, body: (await response.json()) as unknown };
};
/** One of the programs as it is built; gives what it printed. */
const program = (name: "record" | "replay", ...args: readonly string[]): string =>
  execFileSync(process.execPath, [resolve(import.meta.dirname, `../../build/server/cli/${name}.js`), ...args], { encoding: "utf8" });
type Shown = ReturnType<typeof stateOf>;

describe("a replay in the dashboard", () => {
  const startTs = Date.now();
  const window = { from: startTs - 40 * MINUTE_MS, to: startTs - 10 * MINUTE_MS };
  const moments = [window.from, window.from + 11 * MINUTE_MS + 123, window.from + 29 * MINUTE_MS, window.from + 3 * MINUTE_MS];
  const shown = new Map<number, Shown>();
  const asked = new Map<number, { status: number; body: unknown }>();
  let viewer: Viewer;
  let live: Viewer;

  test("opens at its first moment and plays on at the speed that was wished, in frames without a gap", async () => {
    live = open();
    live.watch({ view: "live" });
    await until(() => live.frames().length > 0, "the live view runs");
    viewer = open();
    viewer.watch({ view: "replay", ...window, speed: 60 });
    await until(() => viewer.frames().length >= 4, "four frames came");
    expect(viewer.refused()).toEqual([]);
    const clocks = viewer.frames().map(({ meta }) => meta.clock);
    expect(viewer.snapshots()[0]?.meta.clock).toMatchObject({ view: "replay", from: window.from, to: window.to, speed: 60 });
    expect(viewer.snapshots()[0]?.meta.totals.rigs).toBe(RIGS);
    for (const [i, { nowTs }] of clocks.entries()) {
      expect(nowTs).toBeGreaterThan(clocks[i - 1]?.nowTs ?? window.from);
      expect(nowTs).toBeLessThanOrEqual(window.to);
    }
    // 60 times as fast as it happened: a frame every half second moves it by half a minute; a busy machine makes it more, never less.
    expect((clocks.at(-1)?.nowTs ?? 0) - (clocks[0]?.nowTs ?? 0)).toBeGreaterThan(3 * 60 * FRAME_MS * 0.5);
    expect(() => stateOf(viewer.told)).not.toThrow();
  });

  test("pauses, jumps forward and back, and changes its speed", async () => {
    for (const at of moments) {
      await standAt(viewer, at);
      shown.set(at, stateOf(viewer.told));
      asked.set(at, await inRoom(viewer, pathOf(ROUTES.rig, { rig: "rig-0003" })));
    }
    const frames = viewer.frames().length;
    await until(() => live.frames().length > 0 && live.frames().at(-1) !== undefined, "the live view goes on");
    viewer.control({ speed: 600, playing: true });
    await until(() => viewer.frames().length > frames && lastClock(viewer)?.speed === 600, "it plays at the new speed");
    await until(
      () => lastClock(viewer)?.nowTs === window.to && lastClock(viewer)?.playing === false,
      "it stops by itself at the end of its window",
    );
  });

  test("is looked at, never changed: whatever would write is refused in its room, and a closed room answers nothing", async () => {
    const body = JSON.stringify({ kind: "inspection", performedTs: startTs, technician: "badge-1", summary: "Nothing found.", parts: [] });
    const refusals = [
      await inRoom(viewer, pathOf(ROUTES.records, { rig: "rig-0003" }), { method: "POST", body }),
      await inRoom(viewer, ROUTES.alarms, { method: "POST", body: JSON.stringify({ alarm: "past/rig-0003/offline/1", by: "me" }) }),
    ];
    for (const refused of refusals) expect(refused).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    const other = open();
    other.watch({ view: "replay", ...window, speed: 1 });
    await until(() => other.snapshots().length > 0, "another replay");
    expect(lastClock(other)?.room).not.toBe(lastClock(viewer)?.room);
    other.watch({ view: "live" });
    await until(() => lastClock(other)?.view === "live", "it is left");
    const left = other.snapshots()[0]?.meta.clock.room;
    const gone = await fetch(`${server.url}${ROUTES.site}`, { headers: { [ROOM_HEADER]: left ?? "" } });
    expect([left?.length, gone.status]).toEqual([32, 404]);
  });

  test("what cannot be played is refused in words, and the view stays as it was", async () => {
    for (const [wish, code] of [
      [{ view: "replay", from: window.to, to: window.from, speed: 1 }, "RANGE_INVALID"],
      [{ view: "replay", from: 1_000, to: 2_000, speed: 1 }, "RANGE_INVALID"],
      [{ view: "replay", ...window, speed: 0 }, "REQUEST_INVALID"],
      [{ view: "replay", ...window, speed: 1e9 }, "REQUEST_INVALID"],
    ] as const) {
      const before = viewer.refused().length;
      viewer.watch(wish);
      await until(() => viewer.refused().length > before, `${JSON.stringify(wish)} is refused`);
      expect(viewer.refused().at(-1)).toMatchObject({ code });
    }
    await standAt(viewer, moments[1] as number);
  });

  test("is that viewer's own: the live view of another goes on in the present", async () => {
    expect(live.told.every((one) => one.event !== "refused" && one.meta.clock.view === "live")).toBe(true);
    const frames = live.frames().length;
    await until(() => live.frames().length > frames + 2, "live frames come");
    const clock = lastClock(live);
    expect(Math.abs((clock?.nowTs ?? 0) - Date.now())).toBeLessThan(MINUTE_MS);
    expect(() => stateOf(live.told)).not.toThrow();
    viewer.watch({ view: "live" });
    await until(() => lastClock(viewer)?.view === "live", "the viewer is back in the present");
  });

  test("shows exactly what the journal says of those moments, and writes nothing", async () => {
    await server.stop();
    const entries = await journalOf(server.dataDir);
    for (const [at, rows] of shown) {
      const farm = foldAll(SITE, entries, entries.findLast(({ receivedTs }) => receivedTs <= at)?.pos ?? 0);
      expect([...rows.keys()].toSorted()).toEqual([...farm.twins.keys()].toSorted());
      for (const [rig, row] of rows) {
        const wanted = liveRowOf(farm, farm.twins.get(rig) as Twin);
        expect(RIG_STATES[row.state]).toBe(wanted.state);
        expect(row.hashrateThs).toBe(Math.fround(wanted.numbers.hashrateThs ?? Number.NaN));
        expect(row.powerW).toBe(Math.fround(wanted.numbers.powerW ?? Number.NaN));
      }
    }
    // The rig's page: boards, fans, pools, errors, counters, everything the twin was then.
    for (const [at, { status, body }] of asked) {
      const farm = foldAll(SITE, entries, entries.findLast(({ receivedTs }) => receivedTs <= at)?.pos ?? 0);
      expect(status).toBe(200);
      expect(body).toEqual(JSON.parse(JSON.stringify(farm.twins.get("rig-0003"))));
    }
    expect(new Set([...asked.values()].map(({ body }) => (body as Twin).latest.accepted)).size).toBe(moments.length);
    // Three moments of a living farm are not the same picture.
    expect(new Set([...shown.values()].map((rows) => JSON.stringify([...rows]))).size).toBe(moments.length);
    const since = entries.filter(({ receivedTs }) => receivedTs > startTs);
    const own = new Set(since.filter(({ topic }) => topic.startsWith("$")).map(({ topic }) => topic));
    for (const topic of own)
      expect(["$rigtwin/start", "$rigtwin/tick", "$rigtwin/record", "$rigtwin/on-chain", "$rigtwin/anchor"]).toContain(topic);
    // What a device said once is in the journal once: nothing of the past was entered again.
    const times = since
      .filter(({ topic }) => topic.endsWith("/telemetry"))
      .map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`);
    expect(new Set(times).size).toBe(times.length);
  });

  test("recorded and replayed, twice as fast as it goes and at its own pace, it is the farm that lived it: twins, alarms, digest by hash", async () => {
    const lived = hashesOf(await savedFarm(server.dataDir, SITE));
    const entries = await journalOf(server.dataDir);
    const endTs = entries.at(-1)?.receivedTs ?? 0;
    // From nothing; and from the farm as it was a little before the end, which is short enough to be played at its pace.
    const recorded = (name: string, ...more: readonly string[]) => {
      const file = join(server.dataDir, name);
      const said = program("record", "--data-dir", server.dataDir, "-o", file, "--hashes", "--quiet", ...more);
      return { file, hashes: JSON.parse(said.split("\n")[1] ?? "") as unknown };
    };
    const whole = recorded("whole.mfrec");
    const short = recorded("short.mfrec", "--from", String(Math.floor(endTs - 2_000)));
    const replayed = (file: string, speed: string): unknown => JSON.parse(program("replay", file, "--speed", speed, "--hashes"));
    const told = [whole.hashes, short.hashes, replayed(whole.file, "max"), replayed(whole.file, "max"), replayed(short.file, "1")];
    for (const hashes of told) expect(hashes).toEqual(lived);
  });
});

test("a journal of a few minutes can be replayed too", async () => {
  const small = await startRigtwin({ site: "small" });
  try {
    const device = createPublisher(small.mqttUrl, "device");
    const fromTs = Date.now();
    for (let seq = 1; seq <= 5; seq++) await device.send("small", "rig", "b", seq, Date.now());
    device.end();
    await until(async () => (await small.get<Twin>(pathOf(ROUTES.rig, { rig: "rig" }))).lastSeq === 5, "the readings are folded");
    const head = (await small.get<Status>(ROUTES.status)).ingest.headPos;
    expect(head).toBeGreaterThan(5);
    const viewer = createViewer(small.url);
    viewers.push(viewer);
    viewer.watch({ view: "replay", from: fromTs - 1_000, to: Date.now(), speed: 1 });
    await until(() => viewer.refused().length + viewer.snapshots().length > 0, "it is answered");
    expect(viewer.refused()).toEqual([]);
    await until(() => viewer.told.some((one) => one.event === "frame" && one.columns.count > 0), "the rig comes into view");
  } finally {
    await small.remove();
  }
});
