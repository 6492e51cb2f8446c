/** `npm start`'s preparation, with an npm and compilers that only write down that they were called. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ROOT } from "./graph.ts";

jest.setTimeout(60_000);

/** Does what `npm ci` does to the folder: empties node_modules, takes its time, fills it, and writes its own lock file last. */
const NPM = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
appendFileSync("npm.log", JSON.stringify({ args: process.argv.slice(2), pid: process.pid }) + "\\n");
if (existsSync("offline")) { console.error("npm error network"); process.exit(1); }
rmSync("node_modules", { recursive: true, force: true });
mkdirSync("node_modules/typescript/bin", { recursive: true });
writeFileSync("half", String(process.pid));
while (existsSync("hold")) await new Promise((resolve) => setTimeout(resolve, 20));
writeFileSync("node_modules/typescript/bin/tsc", readFileSync("tsc.txt"));
mkdirSync("node_modules/vite/bin", { recursive: true });
writeFileSync("node_modules/vite/bin/vite.js", readFileSync("vite.txt"));
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
delete packages[""];
writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages }));
`;
const compiler = (name: string, output: string): string => `
const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
appendFileSync("${name}.log", JSON.stringify({ env: process.env.NODE_ENV }) + "\\n");
mkdirSync("${output}", { recursive: true });
const work = () => existsSync("hold-${name}") ? setTimeout(work, 20) : existsSync("broken-${name}") ? process.exit(2) : finish();
const finish = () => writeFileSync("${output}/${name === "tsc" ? "main.js" : "index.html"}", "built");
work();
`;
const lockOf = (version: string): string =>
  JSON.stringify({ lockfileVersion: 3, packages: { "": {}, "node_modules/typescript": { version } } });

let folder = "";
const children: ChildProcess[] = [];
const at = (name: string): string => join(folder, name);
const put = (name: string, text = ""): void => writeFileSync(at(name), text);
const calls = (name: string): string[] =>
  existsSync(at(`${name}.log`))
    ? readFileSync(at(`${name}.log`), "utf8")
        .trim()
        .split("\n")
    : [];
const builds = (): [number, number, number] => [calls("npm").length, calls("tsc").length, calls("vite").length];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-prepare-"));
  mkdirSync(at("server/twin"), { recursive: true });
  mkdirSync(at("dashboard"));
  mkdirSync(at("bin"));
  cpSync(join(ROOT, "server/prepare.mjs"), at("server/prepare.mjs"));
  cpSync(join(ROOT, "server/prepare"), at("server/prepare"), { recursive: true });
  put("bin/npm.mjs", NPM);
  put("bin/npm", `#!/bin/sh\nexec "${process.execPath}" "${at("bin/npm.mjs")}" "$@"\n`);
  spawnSync("chmod", ["+x", at("bin/npm")]);
  put("tsc.txt", compiler("tsc", "build/server"));
  put("vite.txt", compiler("vite", "build/dashboard"));
  put("package-lock.json", lockOf("1.0.0"));
  put("tsconfig.json", "{}");
  put("server/main.ts", "1");
  put("server/twin/twin.ts", "1");
  put("dashboard/main.tsx", "1");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}
const prepare = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Run => {
  const path = `${at("bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  const { npm_execpath: _, ...rest } = process.env;
  const child = spawn(process.execPath, [at("server/prepare.mjs"), ...args], {
    env: { ...rest, ...env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return { child, text: () => said, ended: new Promise((resolve) => child.once("close", resolve)) };
};
const until = async (condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 20_000; !condition(); await wait(20))
    if (Date.now() > deadline) throw new Error(`never came true: ${condition.toString()}`);
};

test("the first start installs and builds; the second does nothing, also without a network", async () => {
  const first = prepare();
  expect([await first.ended, builds()]).toEqual([0, [1, 1, 1]]);
  expect(first.text()).toMatch(/packages installed.*\n.*\n.*server built.*\n.*\n.*dashboard built.*\n.*ready in \d/);
  expect(calls("npm")[0]).toContain('"ci","--include=dev","--no-audit","--no-fund"');
  put("offline");
  const second = prepare();
  expect([await second.ended, builds(), second.text()]).toEqual([0, [1, 1, 1], ""]);
  expect(existsSync(at(".prepare.lock"))).toBe(false);
});

test("without network and packages it says so and fails; the next start with a network goes on", async () => {
  put("offline");
  const first = prepare();
  expect([await first.ended, builds()]).toEqual([1, [1, 0, 0]]);
  expect(first.text()).toContain("the first start needs the network once");
  rmSync(at("offline"));
  expect([await prepare().ended, builds()]).toEqual([0, [2, 1, 1]]);
});

test("a changed lock file installs again", async () => {
  await prepare().ended;
  put("package-lock.json", lockOf("1.0.1"));
  expect([await prepare().ended, builds()]).toEqual([0, [2, 2, 2]]);
});

test("an installation made by hand is taken as it is, one of another version is not", async () => {
  await prepare().ended;
  rmSync(at("node_modules/.rigtwin-installed"));
  expect([await prepare().ended, builds()]).toEqual([0, [1, 1, 1]]);
  put("node_modules/.package-lock.json", lockOf("0.9.0"));
  expect([await prepare().ended, builds()]).toEqual([0, [2, 1, 1]]);
});

test("only what changed is built, and only by its contents", async () => {
  await prepare().ended;
  put("dashboard/main.tsx", "2");
  expect([await prepare().ended, builds()]).toEqual([0, [1, 1, 2]]);
  put("server/main.ts", "2");
  expect([await prepare().ended, builds()]).toEqual([0, [1, 2, 2]]);
  put("server/twin/twin.ts", "2");
  expect([await prepare().ended, builds()]).toEqual([0, [1, 3, 3]]);
  utimesSync(at("server/main.ts"), new Date(), new Date());
  expect([await prepare().ended, builds()]).toEqual([0, [1, 3, 3]]);
  rmSync(at("build/server/main.js"));
  expect([await prepare().ended, builds()]).toEqual([0, [1, 4, 3]]);
});

test("a build that fails is told, leaves the exit code, and is tried again", async () => {
  put("broken-tsc");
  const first = prepare();
  expect(await first.ended).toBe(1);
  expect(first.text()).toContain("the server does not build");
  rmSync(at("broken-tsc"));
  expect([await prepare().ended, builds()]).toEqual([0, [1, 2, 1]]);
});

test("NODE_ENV=production installs what is needed to build, and the dashboard is always built for production", async () => {
  expect(await prepare([], { NODE_ENV: "production" }).ended).toBe(0);
  expect(calls("npm")[0]).toContain("--include=dev");
  put("dashboard/main.tsx", "2");
  await prepare([], { NODE_ENV: "test" }).ended;
  expect(calls("vite")).toEqual(Array(2).fill('{"env":"production"}'));
});

test.each(["--server-only", "--no-dashboard"])("%s leaves the dashboard out", async (flag) => {
  expect([await prepare([flag]).ended, builds()]).toEqual([0, [1, 1, 0]]);
});

test("an unknown option and a folder without a dashboard", async () => {
  rmSync(at("dashboard"), { recursive: true });
  expect([await prepare(["--dashboard-only"]).ended, builds()]).toEqual([1, [0, 0, 0]]);
  expect([await prepare().ended, builds()]).toEqual([0, [1, 1, 0]]);
});

describe("two at once, and kills", () => {
  test("the second waits, says so, and finds everything done", async () => {
    put("hold");
    const first = prepare();
    await until(() => existsSync(at("half")));
    const second = prepare();
    await until(() => second.text().includes("waiting for it"));
    rmSync(at("hold"));
    expect([await first.ended, await second.ended, builds()]).toEqual([0, 0, [1, 1, 1]]);
  });

  test("six at once install once", async () => {
    const runs = Array.from({ length: 6 }, () => prepare());
    expect([await Promise.all(runs.map((run) => run.ended)), builds()]).toEqual([Array(6).fill(0), [1, 1, 1]]);
  });

  test("killed with its npm in mid-install: the next start installs from the beginning", async () => {
    put("hold");
    const first = prepare();
    await until(() => existsSync(at("half")));
    first.child.kill("SIGKILL");
    process.kill(Number(readFileSync(at("half"), "utf8")), "SIGKILL");
    await first.ended;
    expect(existsSync(at(".prepare.lock"))).toBe(true);
    rmSync(at("hold"));
    const second = prepare();
    expect([await second.ended, builds()]).toEqual([0, [2, 1, 1]]);
    expect(second.text()).toContain("an earlier start ended half-way");
  });

  test("killed while its npm lives on: the next start waits for that npm and then installs nothing more", async () => {
    put("hold");
    const first = prepare();
    await until(() => existsSync(at("half")));
    first.child.kill("SIGKILL");
    const second = prepare();
    await until(() => second.text().includes("waiting for it"));
    expect(calls("npm")).toHaveLength(1);
    rmSync(at("hold"));
    expect([await second.ended, builds()]).toEqual([0, [1, 1, 1]]);
  });

  test("of several that wait for a dead one, one takes over", async () => {
    put("hold");
    const first = prepare();
    await until(() => existsSync(at("half")));
    const waiting = Array.from({ length: 4 }, () => prepare());
    await until(() => waiting.every((run) => run.text().includes("waiting for it")));
    first.child.kill("SIGKILL");
    process.kill(Number(readFileSync(at("half"), "utf8")), "SIGKILL");
    rmSync(at("hold"));
    expect([await Promise.all(waiting.map((run) => run.ended)), builds()]).toEqual([
      [0, 0, 0, 0],
      [2, 1, 1],
    ]);
  });

  test("killed in mid-build: the next start builds", async () => {
    put("hold-tsc");
    const first = prepare();
    await until(() => calls("tsc").length === 1);
    first.child.kill("SIGKILL");
    rmSync(at("hold-tsc"));
    expect([await prepare().ended, existsSync(at("build/server/main.js"))]).toEqual([0, true]);
    expect(builds()).toEqual([1, 2, 1]);
  });

  test("stopped by Ctrl-C it ends its npm and leaves no lock", async () => {
    put("hold");
    const first = prepare();
    await until(() => existsSync(at("half")));
    first.child.kill("SIGINT");
    expect([await first.ended, existsSync(at(".prepare.lock"))]).toEqual([1, false]);
    expect(first.text()).toContain("stopped by SIGINT");
    rmSync(at("hold"));
    expect([await prepare().ended, builds()]).toEqual([0, [2, 1, 1]]);
  });
});

describe("the lock", () => {
  type Take = (path: string, options: object) => Promise<{ setChild: (pid: number | null) => void; release: () => void }>;
  const take = async (options: object = {}): ReturnType<Take> => {
    const { takeLock } = (await import(join(ROOT, "server/prepare/lock.mjs"))) as { takeLock: Take };
    return takeLock(at("a.lock"), { say: () => undefined, onLost: () => undefined, pollMs: 2, beatMs: 10, ...options });
  };

  test.each(['{"pid":', "", JSON.stringify({ pid: 1, host: "another", child: null, token: "x" })])(
    "%s: is taken over when it has been silent for long",
    async (text) => {
      put("a.lock", text);
      const lock = await take();
      expect(JSON.parse(readFileSync(at("a.lock"), "utf8"))).toMatchObject({ pid: process.pid });
      lock.release();
      expect(existsSync(at("a.lock"))).toBe(false);
    },
  );

  test("of another host that gives signs of life is waited for", async () => {
    put("a.lock", JSON.stringify({ pid: 1, host: "another", child: null, token: "x" }));
    let beats = 0;
    const life = setInterval(() => utimesSync(at("a.lock"), 1, (beats += 1)), 20);
    let taken = false;
    const waiting = take().then((lock) => {
      taken = true;
      return lock;
    });
    // Far more polls than it takes to give up a silent one.
    await until(() => beats > 60);
    expect(taken).toBe(false);
    clearInterval(life);
    (await waiting).release();
  });

  test("that is lost while suspended is noticed, and not removed from its new owner", async () => {
    let lost = false;
    const lock = await take({ onLost: () => (lost = true) });
    put("a.lock", JSON.stringify({ pid: 1, host: "another", child: null, token: "y" }));
    await until(() => lost);
    lock.release();
    expect(existsSync(at("a.lock"))).toBe(true);
  });
});

test("an older Node is told what it needs, in one sentence", () => {
  const lie = "Object.defineProperty(process.versions, 'node', { value: '18.20.4' });";
  put("older.cjs", lie);
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--require", at("older.cjs"), at("server/prepare.mjs")], {
    encoding: "utf8",
  });
  expect([status, stdout, stderr.trim().split("\n")]).toEqual([
    1,
    "",
    ["Rigtwin needs Node.js 20.19 or newer; this is 18.20.4. Install a newer one from https://nodejs.org and run the command again."],
  ]);
});
