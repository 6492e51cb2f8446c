/** Recordings as an engineer uses them: the programs as they are run, on the recordings in test/vectors and on a real journal and broker. */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import mqtt from "mqtt";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { openSnapshots } from "../../server/edge/journal/snapshots.ts";
import { linesOf, openFile } from "../../server/edge/recordings/file.ts";
import { createRefold, openRecording } from "../../server/flows/refold.ts";
import { dirtyCells, farmHash, snapshotTexts } from "../../server/twin/snapshot.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { playedApart } from "../../server/twin/played.ts";
import { OWN, TICK_MS } from "../../server/twin/wire.ts";
import { messages } from "../../simulators/messages.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const VECTORS = join(ROOT, "test/vectors/recordings");
const NAMES = readdirSync(VECTORS).flatMap((file) => (file.endsWith(".mfrec") ? [file.slice(0, -6)] : []));
const vector = (name: string): string => join(VECTORS, `${name}.mfrec`);

let folder = "";
beforeAll(() => {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "build", "recordings-"));
  // Types are checked elsewhere; this must build also while others are at work.
  const flags =
    "--noCheck --module nodenext --target es2023 --types node --allowImportingTsExtensions --rewriteRelativeImportExtensions --ignoreConfig";
  const programs = ["server/cli/record.ts", "server/cli/replay.ts", "server/cli/replay/thread.ts", "simulators/score.ts"].map((path) =>
    join(ROOT, path),
  );
  execFileSync(process.execPath, [
    join(ROOT, "node_modules/typescript/bin/tsc"),
    ...flags.split(" "),
    "--rootDir",
    ROOT,
    "--outDir",
    join(folder, "build"),
    ...programs,
  ]);
  cpSync(join(ROOT, "simulators/scenarios"), join(folder, "build/simulators/scenarios"), { recursive: true });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const start = (program: string, ...args: readonly string[]) => {
  const child = spawn(process.execPath, [join(folder, "build", program), ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  stops.push(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.once("close", (code) => done({ code, out, err })),
  );
  return { child, ended };
};
const replay = (...args: readonly string[]) => start("server/cli/replay.js", ...args).ended;
const record = (...args: readonly string[]) => start("server/cli/record.js", ...args).ended;

const refolded = async (path: string) => {
  const opened = await openRecording(linesOf((await openFile(path)).chunks));
  const refold = createRefold(opened.beginning);
  for await (const rows of opened.batches) for (const row of rows) refold.row(row);
  refold.until(opened.endUs());
  return refold;
};
const hashIn = (out: string): string => /Farm hash {2}([0-9a-f]{64})/.exec(out)?.[1] ?? "none";

describe("the recordings in test/vectors", () => {
  test("are at least eight, and small", () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(8);
    expect(readdirSync(VECTORS).reduce((sum, file) => sum + statSync(join(VECTORS, file)).size, 0)).toBeLessThan(3 * 1_048_576);
  });
  test.each(NAMES)("%s comes out as expected", async (name) => {
    const expected: unknown = JSON.parse(readFileSync(join(VECTORS, `${name}.expected.json`), "utf8"));
    expect(playedApart((await refolded(vector(name))).played(), expected)).toEqual([]);
  });
});

describe("npm run replay", () => {
  test("compares with what is expected, and tells in lines where it differs", async () => {
    const file = join(VECTORS, "hung.expected.json");
    const same = await replay(vector("hung"), "--expect", file);
    expect(same).toMatchObject({ code: 0, err: expect.stringContaining("As expected") });
    const other = join(folder, "other.expected.json");
    writeFileSync(
      other,
      readFileSync(file, "utf8").replace('"raised": "2026-11-21T09:03:07.009Z"', '"raised": "2026-11-21T09:03:02.009Z"'),
    );
    const apart = await replay(vector("hung"), "--expect", other);
    expect(apart.code).toBe(1);
    expect(apart.err).toContain(
      'alarm rig-0005 hung: raised is "2026-11-21T09:03:07.009Z", expected "2026-11-21T09:03:02.009Z" (5 s later)',
    );
  });
  test("gives the same farm at any speed, twice", async () => {
    const hashes = await Promise.all(
      [
        ["--speed", "max"],
        ["--speed", "max"],
        ["--speed", "400"],
      ].map(async (more) => hashIn((await replay(vector("offline"), ...more)).out)),
    );
    expect(new Set(hashes).size).toBe(1);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });
  test("plays what stands before a cut, and says so", async () => {
    const whole = readFileSync(vector("hung"));
    const cut = join(folder, "cut.mfrec");
    writeFileSync(cut, whole.subarray(0, whole.length >> 1));
    const { code, out, err } = await replay(cut);
    expect(code).toBe(2);
    expect(err).toMatch(/CUT_SHORT at row \d+: it ends behind row \d+/);
    expect(out).toContain("Site farm");
  });
  test.each<[string, (lines: string[], packed: Buffer) => string | Buffer, RegExp]>([
    [
      "of another version",
      (lines) => lines.with(0, (lines[0] ?? "").replace('"mfrec":1', '"mfrec":7')).join("\n"),
      /^VERSION_UNKNOWN at row 0: the file has version 7/,
    ],
    ["with a row taken out", (lines) => lines.toSpliced(10, 1).join("\n"), /^ROW_OUT_OF_ORDER at row 10: its number is 11/],
    ["with a letter altered", (lines) => lines.with(10, (lines[10] ?? "").replace("farm", "form")).join("\n"), /^HASH_MISMATCH at row 10:/],
    [
      "with damaged compression",
      (_, packed) => Buffer.concat([packed.subarray(0, 20_000), Buffer.alloc(500, 0xff), packed.subarray(20_500)]),
      /^GZIP_BROKEN at row \d+:/,
    ],
    ["that is none", () => "hello\n", /^NOT_A_RECORDING at row 0:/],
  ])("a recording %s ends with its row and code", async (name, spoil, said) => {
    const packed = readFileSync(vector("hung"));
    const path = join(folder, `${name.replaceAll(" ", "-")}.mfrec`);
    const spoilt = spoil(gunzipSync(packed).toString().split("\n"), packed);
    writeFileSync(path, typeof spoilt === "string" ? gzipSync(spoilt) : spoilt);
    const { code, err } = await replay(path);
    expect(err).toMatch(said);
    expect(code).toBe(3);
  });
  test.each([
    [["--speed", "100000000"], /^--speed: must be above 0 and at most 10000, or max/],
    [["--speed", "-1"], /--speed/],
    [["--loop"], /go with --to mqtt/],
    [["--from", "5m", "--to", "1m"], /^--from must be before --to/],
    [["--faults", "seed:1,loss:7"], /^--faults: "loss:7"/],
    [["--to", "mqtt://127.0.0.1:1"], /^No broker takes the connection/],
    [["--from", "9d"], /^--from: the recording ends before/],
    [["--to", "mqtt://"], /is no address/],
    [["--expect", "nowhere.json"], /^nowhere.json cannot be read/],
  ])("%j is refused in a sentence", async (args, said) => {
    const { code, err } = await replay(vector("hung"), ...args);
    expect(err).toMatch(said);
    expect(code).toBe(3);
  });
  test("Ctrl-C ends it cleanly", async () => {
    const { child, ended } = start("server/cli/replay.js", vector("hung"), "--speed", "20");
    // Node hears signals only when the program has come so far; until then they would end it at once.
    await new Promise((resolve) => child.stderr.once("data", resolve));
    child.kill("SIGINT");
    const { code, out, err } = await ended;
    expect(err).toContain("Stopped after");
    expect(out).toContain("Farm hash");
    expect(code).toBe(130);
  });
});

/** A data folder with a journal in which a simulated farm was heard, and the farm that lived it. */
const lived = async (data: string) => {
  const fromTs = Date.UTC(2026, 10, 21, 9);
  const journal = createJournal({ folder: data, now: () => fromTs, groupMs: 1, chunkBytes: 200_000 });
  await journal.start();
  stops.push(() => journal.stop());
  const snapshots = openSnapshots(data);
  stops.push(() => snapshots.close());
  const farm = newFarm("farm");
  const waiting: Promise<void>[] = [];
  let pos = 0;
  const put = (topic: string, payload: Uint8Array, retain: boolean, ts: number): void => {
    const message = { topic, payload, qos: 1 as const, retain, dup: false, client: "" };
    waiting.push(new Promise((done, fail) => journal.append(message, (error) => (error === null ? done() : fail(error)), ts)));
    foldEntry(farm, { ...message, pos: ++pos, receivedTs: ts }, nothingYet());
  };
  let nextTick = fromTs;
  const options = { seed: 5, scenario: loadScenario("hung"), rigs: 6, site: "farm", fromTs, toTs: fromTs + 8 * 60_000, intervalMs: 5_000 };
  for (const { ts, topic, payload, retain } of messages(options)) {
    for (; nextTick <= ts; nextTick += TICK_MS) put(OWN.tick, new TextEncoder().encode("{}"), false, nextTick);
    put(topic, payload, retain, ts);
    if (pos === 300) await snapshots.save(pos, farm.asOfTs, snapshotTexts(farm), dirtyCells(farm.digest));
  }
  await Promise.all(waiting);
  return { farm, journal, fromTs };
};

describe("npm run record", () => {
  test("of a journal that is being written: any window ends in the very farm that lived it", async () => {
    const data = join(folder, "data");
    mkdirSync(data);
    const { farm, fromTs } = await lived(data);
    for (const [i, afterMs] of [0, 30_000, 300_000].entries()) {
      const path = join(folder, `window-${i}.mfrec`);
      const from = new Date(fromTs + afterMs).toISOString();
      const { code, out, err } = await record("--data-dir", data, "--site", "farm", "--from", from, "-o", path);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("rows over");
      expect(hashIn((await replay(path)).out)).toBe(farmHash(farm));
    }
    const again = await record("--data-dir", data, "--from", new Date(fromTs).toISOString(), "-o", join(folder, "window-0.mfrec"));
    expect(again).toMatchObject({ code: 3, err: expect.stringContaining("--force") });
    const early = await record("--data-dir", data, "--from", "2020-01-01T00:00:00Z", "-o", join(folder, "early.mfrec"));
    expect(early).toMatchObject({ code: 3, err: expect.stringContaining("begins at 2026-11-21T09:00:00.000Z") });
    const late = await record("--data-dir", data, "--from", "2030-01-01T00:00:00Z", "-o", join(folder, "late.mfrec"));
    expect(late).toMatchObject({ code: 3, err: expect.stringContaining("Nothing was received") });
    expect(readdirSync(folder)).not.toContain("late.mfrec");
  });

  test("of a broker, then replayed into it: what was published comes back", async () => {
    const heard: string[] = [];
    const broker = createBroker({
      host: "127.0.0.1",
      port: 0,
      onMessage: ({ topic, payload }, done) => {
        heard.push(`${topic} ${Buffer.from(payload).toString("hex")}`);
        done(null);
      },
      retained: () => [],
    });
    const { port } = await broker.start();
    stops.push(() => broker.stop());
    const url = `mqtt://127.0.0.1:${port}`;
    const client = await mqtt.connectAsync(url, { protocolVersion: 4 });
    stops.push(() => client.endAsync(true));
    await client.publishAsync("rigtwin/v1/farm/a/birth", "{}", { qos: 1, retain: true });
    const path = join(folder, "broker.mfrec");
    const { child, ended } = start("server/cli/record.js", "--mqtt-url", url, "-o", path, "--plain");
    // The file is begun when the subscription stands and what is retained has come.
    const deadline = Date.now() + 20_000;
    const begun = (): boolean => readdirSync(folder).includes("broker.mfrec") && readFileSync(path, "utf8").includes("birth");
    while (!begun() && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20));
    const sent = Array.from({ length: 20 }, (_, i) => Buffer.from([0xff, i]));
    for (const payload of sent) await client.publishAsync("rigtwin/v1/farm/a/telemetry", payload, { qos: 1 });
    while (!readFileSync(path, "utf8").includes('"n":20,') && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    heard.length = 0;
    expect(await replay(path, "--to", url, "--speed", "max")).toMatchObject({ code: 0 });
    expect(heard).toEqual([
      `rigtwin/v1/farm/a/birth ${Buffer.from("{}").toString("hex")}`,
      ...sent.map((payload) => `rigtwin/v1/farm/a/telemetry ${payload.toString("hex")}`),
    ]);
  });

  test("of another recorder's CSV: the fold does not see the difference", async () => {
    const csv = join(folder, "offline.csv");
    const back = join(folder, "offline.mfrec");
    expect(await replay(vector("offline"), "--csv", csv)).toMatchObject({ code: 0 });
    expect(await record("--csv", csv, "-o", back)).toMatchObject({ code: 0 });
    expect((await refolded(back)).played().alarms).toEqual((await refolded(vector("offline"))).played().alarms);
    writeFileSync(csv, "timestamp,topic,payload,qos,retain\n2026-11-21T09:00:00.000Z,a,b,9,false\n");
    expect(await record("--csv", csv, "-o", back, "--force")).toMatchObject({
      code: 3,
      err: expect.stringContaining("CSV_INVALID at row 1: qos"),
    });
    writeFileSync(csv, "timestamp,topic,payload,qos,retain\n");
    expect(await record("--csv", csv, "-o", back, "--force")).toMatchObject({ code: 3, err: expect.stringContaining("no message") });
  });
});

describe("npm run score", () => {
  test("prints what is found, and its recording is what is replayed", async () => {
    const path = join(folder, "scored.mfrec");
    const score = await start("simulators/score.js", "hung", "--rigs", "8", "--hours", "0.2", "--record", path).ended;
    expect(score.code).toBe(0);
    expect(score.out).toMatch(/^hung +2 +2 +100 % +100 %/m);
    expect((await replay(path)).out).toContain("Alarms     2");
    const unknown = await start("simulators/score.js", "no-such-thing").ended;
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("there is no scenario") });
  });
});
