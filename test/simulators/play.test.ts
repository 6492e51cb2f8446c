/** The player as it is run: built, in a process of its own, against the embedded broker. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { parse } from "../../server/twin/parse.ts";
import { machinesIn, rigNameOf } from "../../simulators/captures.ts";
import { freePort } from "../servers/mosquitto.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CAPTURES = join(ROOT, "test/vectors/captures");
let folder = "";

beforeAll(() => {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "build", "player-"));
  // Types are checked elsewhere; this must build also while others are at work.
  const flags =
    "--noCheck --module nodenext --target es2023 --types node --allowImportingTsExtensions --rewriteRelativeImportExtensions --ignoreConfig";
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, ...flags.split(" "), "--rootDir", ROOT, "--outDir", folder, join(ROOT, "simulators/play.ts")]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const run = (...args: readonly string[]) => {
  const child = spawn(process.execPath, [join(folder, "simulators/play.js"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
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

const openBroker = async () => {
  const came: { topic: string; payload: Uint8Array; qos: number }[] = [];
  const waiting: { count: number; done: () => void }[] = [];
  const broker = createBroker({
    host: "127.0.0.1",
    port: 0,
    onMessage: ({ topic, payload, qos }, done) => {
      came.push({ topic, payload: Uint8Array.from(payload), qos });
      for (const wait of waiting) if (came.length >= wait.count) wait.done();
      done(null);
    },
    retained: () => [],
  });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  const reached = (count: number): Promise<void> => new Promise((done) => (came.length >= count ? done() : waiting.push({ count, done })));
  return { came, reached, url: `mqtt://127.0.0.1:${port}` };
};

const jsonOf = (payload: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>;

describe("npm run play", () => {
  test("a folder of machines: every machine once, acknowledged, and understood by the server", async () => {
    const { came, url } = await openBroker();
    const { code, out, err } = await run(CAPTURES, "--once", "--url", url).ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").filter((line) => line.includes("acknowledged"))).toHaveLength(7);
    const read = came.map(({ topic, payload }, index) => {
      const receivedTs = Date.now();
      const parsed = parse({ pos: index + 1, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" }, "farm");
      return [topic.split("/")[3], parsed.kind === "reading" ? parsed.reading.format : parsed];
    });
    expect(read).toEqual([
      ["antminer-s19pro-stock", "antminer"],
      ["avalon-1246", "avalon"],
      ["bitaxe-bm1368-axeos", "axeos"],
      ["braiins-s19xp-25.07", "braiins"],
      ["luxos-s19kpro", "luxos"],
      ["whatsminer-m60s-v3", "whatsminer3"],
      ["whatsminer-v1", "whatsminer"],
    ]);
    expect(new Set(came.map(({ qos }) => qos))).toEqual(new Set([1]));
  }, 30_000);

  test("one machine's folder, several rounds: fresh times, counted up, one boot", async () => {
    const { came, url } = await openBroker();
    const { code } = await run(join(CAPTURES, "whatsminer-v1"), "--times", "3", "--every", "20ms", "--site", "north", "--url", url).ended;
    expect(code).toBe(0);
    const messages = came.map(({ payload }) => jsonOf(payload));
    expect(came.map(({ topic }) => topic)).toEqual(Array(3).fill("rigtwin/v1/north/whatsminer-v1/answers"));
    expect(messages.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(new Set(messages.map(({ boot }) => boot)).size).toBe(1);
    expect(Number(messages[2]?.["ts"])).toBeGreaterThan(Number(messages[0]?.["ts"]));
    expect(Object.keys(messages[0]?.["answers"] as object).toSorted()).toEqual([
      "devs",
      "get_psu",
      "get_version",
      "pools",
      "status",
      "summary",
    ]);
  }, 30_000);

  test("plays until it is stopped, and ends well", async () => {
    const { reached, url } = await openBroker();
    const { child, ended } = run(join(CAPTURES, "bitaxe-bm1368-axeos"), "--every", "10ms", "--url", url);
    await reached(3);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0, err: "" });
  }, 30_000);

  test("without a broker it says so and fails", async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    const { code, err } = await run(CAPTURES, "--once", "--url", url).ended;
    expect(code).toBe(1);
    expect(err).toContain(`No broker takes the connection at ${url}: connect ECONNREFUSED`);
  }, 30_000);

  test.each<[readonly string[], string]>([
    [[], "Name one folder of captured answers."],
    [[join(CAPTURES, "nobody")], "cannot be read: ENOENT"],
    [[join(ROOT, "server/twin")], "holds no captured answers"],
    [[CAPTURES, "--site", "my farm"], '--site: "my farm" is not a name.'],
    [[CAPTURES, "--every", "often"], '--every: "often" is not a time'],
    [[CAPTURES, "--times", "0"], '--times: "0" is not a whole number from 1.'],
    [[CAPTURES, "--loud"], "--loud"],
  ])("%j is refused in words", async (args, words) => {
    const { code, err } = await run(...args).ended;
    expect(code).toBe(1);
    expect(err).toContain(words);
  });
});

describe("folders of captures", () => {
  test.each([
    ["S19 (rack 3)", "S19-rack-3"],
    ["..hidden", "hidden"],
    ["日本", "rig"],
    ["x".repeat(80), "x".repeat(64)],
    ["m60s_v3", "m60s_v3"],
  ])("%s becomes the rig %s", (name, rig) => {
    expect(rigNameOf(name)).toBe(rig);
  });
  test("text that is no JSON is kept as text, folders within count, machines of one name are told apart", () => {
    const root = mkdtempSync(join(folder, "captures-"));
    for (const name of ["a b", "a-b", "empty"]) mkdirSync(join(root, name));
    mkdirSync(join(root, "a b", "cgi"));
    writeFileSync(join(root, "a b", "stats.log"), '{"STATS":[{}{}]}');
    writeFileSync(join(root, "a b", "cgi", "summary.json"), "\ufeff{}");
    writeFileSync(join(root, "a-b", "power.txt"), "miner power:5432");
    writeFileSync(join(root, "a-b", "notes.md"), "# no answer");
    expect(machinesIn(root)).toEqual([
      { rig: "a-b", answers: { "cgi/summary": {}, stats: '{"STATS":[{}{}]}' } },
      { rig: "a-b-2", answers: { power: "miner power:5432" } },
    ]);
  });
});
