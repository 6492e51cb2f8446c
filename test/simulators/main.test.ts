/** The program as it is run: built, in a process of its own. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { truthOf } from "../../simulators/scenario.ts";
import { START_TS, saidIn } from "./collect.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DEMO = join(ROOT, "simulators/scenarios/demo.json");
let folder = "";

beforeAll(() => {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "build", "simulator-"));
  // Types are checked elsewhere; this must build also while others are at work.
  const flags = "--noCheck --module nodenext --target es2023 --types node --allowImportingTsExtensions --rewriteRelativeImportExtensions";
  execFileSync(process.execPath, [
    join(ROOT, "node_modules/typescript/bin/tsc"),
    ...flags.split(" "),
    "--ignoreConfig",
    "--rootDir",
    ROOT,
    "--outDir",
    folder,
    join(ROOT, "simulators/main.ts"),
  ]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const run = (args: readonly string[], ipc = false) => {
  const child: ChildProcess = spawn(process.execPath, [join(folder, "simulators/main.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe", ...(ipc ? ["ipc" as const] : [])],
  });
  stops.push(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout?.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (err += data.toString()));
  // A parent that disconnects by itself never hears "close".
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.once(ipc ? "exit" : "close", (code) => done({ code, out, err })),
  );
  return { child, ended };
};

const openBroker = async () => {
  const came: { topic: string; payload: string }[] = [];
  let spoken: () => void = () => undefined;
  const telemetry = new Promise<void>((done) => (spoken = done));
  const broker = createBroker({
    host: "127.0.0.1",
    port: 0,
    onMessage: ({ topic, payload }, done) => {
      came.push({ topic, payload: Buffer.from(payload).toString() });
      if (topic.endsWith("/telemetry")) spoken();
      done(null);
    },
    retained: () => [],
  });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  return { came, telemetry, url: `mqtt://127.0.0.1:${port}` };
};
const lastState = (came: readonly { topic: string; payload: string }[]): string | undefined =>
  came.filter(({ topic }) => topic === "rigtwin/v1/demo/gateway-c1/state").at(-1)?.payload;

describe("npm run simulate", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("publishes until %s, says goodbye and ends well", async (signal) => {
    const { came, telemetry, url } = await openBroker();
    const { child, ended } = run(["--url", url, "--rigs", "5", "--interval", "1s", "--scenario", DEMO]);
    await telemetry;
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, err: "" });
    expect(lastState(came)).toContain('"offline"');
  });

  test("ends when its parent lets go of it", async () => {
    const { came, telemetry, url } = await openBroker();
    const { child, ended } = run(["--url", url, "--rigs", "5", "--interval", "1s", "--scenario", DEMO], true);
    await telemetry;
    child.disconnect();
    expect(await ended).toMatchObject({ code: 0, err: "" });
    expect(lastState(came)).toContain('"offline"');
  });

  test("ends when its parent was gone before it had begun", async () => {
    const { url } = await openBroker();
    const { child, ended } = run(["--url", url, "--rigs", "5", "--interval", "1s", "--scenario", DEMO], true);
    child.disconnect();
    expect(await ended).toMatchObject({ code: 0, err: "" });
  });

  test("at full speed it ends by itself, with its figures and its truth, and no reading is in the future", async () => {
    const { came, url } = await openBroker();
    const truthFile = join(folder, "truth.json");
    const args = [
      "--url",
      url,
      "--rigs",
      "30",
      "--interval",
      "10s",
      "--speed",
      "max",
      "--duration",
      "5m",
      "--scenario",
      DEMO,
      "--json",
      "--truth",
      truthFile,
    ];
    const { code, out } = await run(args).ended;
    expect(code).toBe(0);
    const stats = JSON.parse(out.trim().split("\n").at(-1)!) as Record<string, number>;
    expect(stats).toMatchObject({ dropped: 0, queued: 0, inFlight: 0, connections: 2, connected: 2, sent: stats["acknowledged"] });
    const times = came.filter(({ topic }) => topic.endsWith("/telemetry")).map(({ payload }) => (JSON.parse(payload) as { ts: number }).ts);
    expect(times.length).toBeGreaterThan(29 * 29);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
    const truth = JSON.parse(readFileSync(truthFile, "utf8")) as { startTs: number; rows: unknown[] };
    const { startTs } = truth;
    expect(truth.rows).toEqual(truthOf(loadScenario("demo"), { site: "demo", seed: 1, rigs: 30, startTs, toTs: startTs + 300_000 }));
  });

  test("prints the past just as the generator yields it", async () => {
    const until = String(START_TS);
    const { code, out } = await run([
      "--stdout",
      "--rigs",
      "20",
      "--interval",
      "30s",
      "--backfill",
      "1h",
      "--until",
      until,
      "--scenario",
      DEMO,
      "--site",
      "farm",
    ]).ended;
    expect(code).toBe(0);
    const said = saidIn({
      scenario: loadScenario("demo"),
      fromTs: START_TS - 3_600_000,
      toTs: START_TS,
      intervalMs: 30_000,
      history: { untilTs: START_TS, intervalMs: 30_000 },
    });
    const lines = said.map(({ message }) =>
      JSON.stringify({ ts: message.ts, topic: message.topic, retain: message.retain, payload: Buffer.from(message.payload).toString() }),
    );
    expect(out.trim().split("\n")).toEqual(lines);
  });

  test("wrong options and a wrong scenario end with code 2 and say which", async () => {
    expect(await run(["--rigs", "none"]).ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^--rigs: /) });
    const missing = join(folder, "missing.json");
    expect(await run(["--scenario", missing]).ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^scenario: /) });
  });
});
