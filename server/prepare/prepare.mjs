// Names the steps, holds the lock around them and tells people what is going on.
import { join, resolve } from "node:path";
import { buildSteps } from "./build.mjs";
import { installStep } from "./install.mjs";
import { takeLock } from "./lock.mjs";
import { createRunner } from "./run.mjs";

const FLAGS = ["--server-only", "--no-dashboard"];
const seconds = (fromMs) => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
const say = (line) => console.log(`rigtwin: ${line}`);

/** Runs what is not done yet. Sets the exit code to 1 with one sentence where a step fails. */
export const prepare = async (args) => {
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) return fail(`unknown option ${unknown}; there are ${FLAGS.join(" and ")}`);
  const folder = resolve(import.meta.dirname, "../..");
  const steps = [installStep(folder), ...buildSteps(folder, { dashboard: args.length === 0 })];
  try {
    // Most starts find everything in place; they neither wait for a lock nor write anything.
    if (!steps.every((step) => step.isDone())) await underLock(folder, steps);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
};

const underLock = async (folder, steps) => {
  const began = performance.now();
  const runner = createRunner(folder, say);
  const stop = (why) => {
    runner.stop();
    lock.release();
    fail(why);
    process.exit();
  };
  const lock = await takeLock(join(folder, ".prepare.lock"), { say, onLost: () => stop("another start took over") });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.once(signal, () => stop(`stopped by ${signal}; the next start goes on from here`));
  try {
    for (const step of steps) {
      if (step.isDone()) continue;
      const stepBegan = performance.now();
      say(`${step.doing} …`);
      await step.run((command) => runner.run({ ...command, onChild: lock.setChild }));
      say(`${step.done} (${seconds(stepBegan)})`);
    }
    say(`ready in ${seconds(began)}`);
  } finally {
    lock.release();
  }
};

const fail = (why) => {
  console.error(`rigtwin: ${why}`);
  process.exitCode = 1;
};
