/** The commands that say whether all is well must not say so when it is not. Here Jest, npm and the compilers are stand-ins. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { have, needs, pathTo } from "../servers/have.ts";
import { ROOT } from "./graph.ts";

jest.setTimeout(60_000);

let folder = "";
const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const command = (name: string, text: string): void => {
  put(name, text);
  chmodSync(join(folder, name), 0o755);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-run-"));
  for (const name of ["test/run.mjs", "test/servers/bring.mjs", "test/servers/programs.mjs", ".ci/run"])
    cpSync(join(ROOT, name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const PROGRAMS = Object.fromEntries(["INFLUXD", "MOSQUITTO", "CHROMIUM", "HEADLESS"].map((name) => [`RIGTWIN_${name}`, process.execPath]));
const env = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const { CI: _, ...rest } = process.env;
  return { ...rest, ...PROGRAMS, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`, ...more };
};
const lastOf = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);

describe("npm test", () => {
  /** A Jest that finds these results for the project it is asked for; null ends it without a result. */
  const results = (
    of: Readonly<Record<string, readonly [passed: number, failed: number, broken: number, skipped: number, code: number] | null>>,
  ): void =>
    put(
      "node_modules/jest/bin/jest.js",
      `const { writeFileSync } = require("node:fs");
       const value = (name) => process.argv[process.argv.indexOf(name) + 1];
       const result = ${JSON.stringify(of)}[value("--selectProjects")] ?? null;
       if (result === null) process.exit(7);
       const [numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, code] = result;
       writeFileSync(value("--outputFile"), JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests: 0 }));
       process.exit(code);`,
    );
  const run = (more: Readonly<Record<string, string>> = {}) => {
    const { status, stdout } = spawnSync(process.execPath, [join(folder, "test/run.mjs")], { env: env(more), encoding: "utf8" });
    return { status, stdout, last: lastOf(stdout) };
  };
  const GOOD = [3, 0, 0, 0, 0] as const;

  test("adds up the projects", () => {
    results({ unit: [10, 0, 0, 0, 0], integration: [5, 0, 0, 2, 0], browser: GOOD });
    expect(run()).toMatchObject({ status: 0, last: "18 passed, 0 failed, 2 skipped" });
  });
  test.each([
    ["a test", [3, 1, 0, 0, 1], "9 passed, 1 failed, 0 skipped"],
    ["a file that does not load", [3, 0, 1, 0, 1], "9 passed, 1 failed, 0 skipped"],
    ["Jest itself with every test passed", [3, 0, 0, 0, 1], "9 passed, 1 failed, 0 skipped"],
    ["Jest without a result", null, "6 passed, 1 failed, 0 skipped"],
  ] as const)("fails with %s", (_, integration, last) => {
    results({ unit: GOOD, integration, browser: GOOD });
    expect(run()).toMatchObject({ status: 1, last });
  });
  test("fails when nothing ran", () => {
    results({ unit: [0, 0, 0, 0, 0], integration: [0, 0, 0, 0, 0], browser: [0, 0, 0, 0, 0] });
    const { status, stdout, last } = run();
    expect({ status, last }).toEqual({ status: 1, last: "0 passed, 0 failed, 0 skipped" });
    expect(stdout).toContain("No test ran.");
  });
  test("lets pass what is skipped, but not with CI=true", () => {
    results({ unit: GOOD, integration: [1, 0, 0, 4, 0], browser: GOOD });
    expect(run().status).toBe(0);
    const { status, stdout, last } = run({ CI: "true" });
    expect({ status, last }).toEqual({ status: 1, last: "7 passed, 0 failed, 4 skipped" });
    expect(stdout).toContain("nothing may be skipped, but 4 tests were");
  });
  test("names a program that is missing and how to get it; with CI=true it fails", () => {
    results({ unit: GOOD, integration: GOOD, browser: GOOD });
    const missing = { RIGTWIN_INFLUXD: "none" };
    const lenient = run(missing);
    expect(lenient.status).toBe(0);
    expect(lenient.stdout).toMatch(/Skipped: the tests that need influxd, which is not installed here\. \S/);
    const strict = run({ ...missing, CI: "true" });
    expect(strict.status).toBe(1);
    expect(strict.stdout).toContain("nothing may be skipped, but there is no influxd");
  });
  test("takes a Chromium that does not run for none, and tells the tests", () => {
    command("bin/stub", "#!/bin/sh\necho 'install the snap'\nexit 1\n");
    put("node_modules/jest/bin/jest.js", 'require("node:fs").writeFileSync("seen", process.env.RIGTWIN_CHROMIUM); process.exit(1);');
    const { stdout } = run({ RIGTWIN_CHROMIUM: join(folder, "bin/stub") });
    expect(stdout).toContain("Skipped: the tests that need chromium");
    expect(readFileSync(join(folder, "seen"), "utf8")).toBe("none");
  });
  test("stopped by Ctrl-C it ends Jest and what Jest started", async () => {
    put(
      "node_modules/jest/bin/jest.js",
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
       require("node:fs").writeFileSync("pids", process.pid + " " + child.pid); setInterval(() => {}, 1000);`,
    );
    const running = spawn(process.execPath, [join(folder, "test/run.mjs")], { env: env({}), stdio: "ignore" });
    const ended = new Promise((resolve) => running.once("exit", resolve));
    const until = async (condition: () => boolean): Promise<void> => {
      for (const deadline = Date.now() + 20_000; !condition(); await wait(20))
        if (Date.now() > deadline) throw new Error(condition.toString());
    };
    await until(() => existsSync(join(folder, "pids")) && readFileSync(join(folder, "pids"), "utf8").includes(" "));
    const pids = readFileSync(join(folder, "pids"), "utf8").split(" ").map(Number);
    running.kill("SIGINT");
    expect(await ended).toBe(130);
    const gone = (pid: number): boolean => {
      try {
        process.kill(pid, 0);
        // A container without an init keeps the dead in its table.
        return existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") === true;
      } catch {
        return true;
      }
    };
    await until(() => pids.every(gone));
  });
});

describe(".ci/run", () => {
  const run = (npmTest: string, npx = "exit 0") => {
    put("server/prepare.mjs", "");
    command("bin/npx", `#!/bin/sh\n${npx}\n`);
    command("bin/npm", `#!/bin/sh\nif [ "$1" = test ]; then\n${npmTest}\nfi\n`);
    const { status, stdout } = spawnSync("bash", [join(folder, ".ci/run")], { env: env({}), encoding: "utf8" });
    return { status, stdout, last: lastOf(stdout) };
  };
  test("counts the checks beside the tests", () => {
    expect(run('echo "40 passed, 0 failed, 0 skipped"')).toMatchObject({ status: 0, last: "45 passed, 0 failed, 0 skipped" });
  });
  test("runs the tests with CI=true", () => {
    expect(run('echo "CI is $CI"; echo "1 passed, 0 failed, 0 skipped"').stdout).toContain("CI is true");
  });
  test("fails with a check, and still runs the tests", () => {
    const { status, stdout, last } = run('echo "40 passed, 0 failed, 0 skipped"', '[ "$5" = test ] && exit 2; exit 0');
    expect({ status, last }).toEqual({ status: 1, last: "44 passed, 1 failed, 0 skipped" });
    expect(stdout).toContain("failed check: types: tests");
  });
  test("fails with the tests", () => {
    expect(run('echo "39 passed, 1 failed, 0 skipped"; exit 1')).toMatchObject({ status: 1, last: "44 passed, 1 failed, 0 skipped" });
  });
  test("fails with tests that end without a line", () => {
    expect(run("exit 1")).toMatchObject({ status: 1, last: "5 passed, 1 failed, 0 skipped" });
  });
});

describe("needs", () => {
  afterEach(() => void delete process.env["RIGTWIN_INFLUXD"]);
  test("skips where a program is missing and not where it is there", () => {
    process.env["RIGTWIN_INFLUXD"] = process.execPath;
    expect(needs("influxd")).toBe(describe);
    expect([have("influxd"), pathTo("influxd")]).toEqual([process.execPath, process.execPath]);
    process.env["RIGTWIN_INFLUXD"] = "none";
    expect(needs("influxd")).toBe(describe.skip);
    expect(have("influxd")).toBeNull();
    expect(() => pathTo("influxd")).toThrow("influxd is not installed");
  });
});
