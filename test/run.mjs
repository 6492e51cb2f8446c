// `npm test`: brings the programs the tests need where it may, runs every Jest project, and says in one line how it went.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bringPrograms } from "./servers/bring.mjs";

const FOLDER = resolve(import.meta.dirname, "..");
/** A browser takes both cores for itself. */
const PROJECTS = [
  { name: "unit", workers: 2 },
  { name: "integration", workers: 2 },
  { name: "browser", workers: 1 },
];
/** Whatever hangs is ended, so that the last line always comes. */
const LIMIT_MS = 60 * 60_000;
const strict = process.env.CI === "true";
const say = (line) => console.log(line);

let running = null;
const endRunning = (signal) => {
  // Its whole group: servers and browsers that a test started and could not stop.
  if (process.platform === "win32") running?.kill(signal);
  else if (running?.pid !== undefined) process.kill(-running.pid, signal);
};

const jest = (project, output, args) =>
  new Promise((done) => {
    const line = [
      "--experimental-vm-modules",
      "--no-warnings",
      join(FOLDER, "node_modules/jest/bin/jest.js"),
      "--selectProjects",
      project.name,
      `--maxWorkers=${project.workers}`,
      "--workerIdleMemoryLimit=1GB",
      "--passWithNoTests",
      "--json",
      "--outputFile",
      output,
      ...args,
    ];
    // Jest's own JSON on stdout is told by the file; people read its report on stderr.
    running = spawn(process.execPath, line, { cwd: FOLDER, stdio: ["ignore", "ignore", "inherit"], detached: true });
    running.once("exit", (code) => {
      running = null;
      done(code);
    });
  });

const run = async (project, folder, args) => {
  const output = join(folder, `${project.name}.json`);
  const code = await jest(project, output, args);
  try {
    const result = JSON.parse(readFileSync(output, "utf8"));
    // A file that could not even be loaded has no tests to count; it counts as one that failed.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return {
      passed: result.numPassedTests,
      failed: failed === 0 && code !== 0 ? 1 : failed,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch {
    say(`${project.name}: the tests ended without a result (exit code ${code ?? "none"}).`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
};

const main = async (args) => {
  const { missing, env } = bringPrograms(say);
  Object.assign(process.env, env);
  if (strict && missing.length > 0) say(`CI=true: nothing may be skipped, but there is no ${missing.join(", no ")}.`);
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-results-"));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const limit = setTimeout(() => {
    say(`The tests took longer than ${LIMIT_MS / 60_000} minutes and were ended.`);
    endRunning("SIGKILL");
  }, LIMIT_MS);
  for (const project of PROJECTS) {
    say(`\n${project.name}`);
    const counts = await run(project, folder, args);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  clearTimeout(limit);
  rmSync(folder, { recursive: true, force: true });
  say("");
  if (total.passed + total.failed === 0) say("No test ran.");
  if (strict && total.skipped > 0) say(`CI=true: nothing may be skipped, but ${total.skipped} tests were.`);
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 || total.passed === 0 || (strict && total.skipped + missing.length > 0) ? 1 : 0;
};

for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    endRunning(signal);
    process.exit(130);
  });
const given = process.argv.slice(2);
// Set here, since a script of package.json cannot set a variable on every system.
if (given[0] === "--chain-calls") [, process.env.CHAIN_CALLS] = given.splice(0, 2);
if (given[0] === "--slow") {
  given.shift();
  process.env.SLOW_TESTS = "yes";
}
await main(given);
