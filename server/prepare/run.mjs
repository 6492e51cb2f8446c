// Runs one program after the other and shows that it is still alive.
import { spawn } from "node:child_process";

const BEAT_MS = 10_000;

/** Gives `run` (rejects with a sentence when the program fails) and `stop`, which ends the program that is running. */
export const createRunner = (folder, say) => {
  let child = null;
  /** @param step {program, args, env, shell, onChild, failed} */
  const run = ({ program, args, env = {}, shell = false, onChild, failed }) =>
    new Promise((resolve, reject) => {
      child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, shell, stdio: ["ignore", "inherit", "inherit"] });
      onChild(child.pid ?? null);
      const began = performance.now();
      const beat = setInterval(() => say(`still at it, ${Math.round((performance.now() - began) / 1000)} s`), BEAT_MS);
      const end = (settle) => {
        clearInterval(beat);
        child = null;
        onChild(null);
        settle();
      };
      const failing = (why, options) => () => reject(new Error(`${failed} (${why})`, options));
      child.once("error", (cause) => end(failing(`${program} does not start: ${cause.message}`, { cause })));
      child.once("exit", (code, signal) => end(code === 0 ? resolve : failing(signal ?? `exit code ${code}`)));
    });
  return { run, stop: () => child?.kill("SIGTERM") };
};
