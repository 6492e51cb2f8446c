// The server by TypeScript's compiler, the dashboard by Vite, both into build/.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Relative paths of all files under `names` (files or folders), sorted; what does not exist is left out. */
const filesUnder = (folder, names) =>
  names
    .filter((name) => existsSync(join(folder, name)))
    .flatMap((name) =>
      statSync(join(folder, name)).isDirectory()
        ? readdirSync(join(folder, name), { recursive: true })
            .map((file) => join(name, file))
            .filter((file) => statSync(join(folder, file)).isFile())
        : [name],
    )
    .sort();

/** SHA-256 over names and contents. */
const hashOf = (folder, names) => {
  const hash = createHash("sha256");
  for (const name of filesUnder(folder, names))
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(folder, name)))
      .update("\0");
  return hash.digest("hex");
};

/**
 * A step that is done when its stamp, written last, fits its sources and its outputs are there.
 * The stamp goes first and the old output with it: a kill in between leaves nothing that looks finished.
 */
const buildStep = (folder, { name, sources, outputs, clean, command, env }) => {
  const stamp = join(folder, `build/.${name}.stamp`);
  return {
    doing: `building the ${name}`,
    done: `${name} built`,
    isDone: () =>
      existsSync(stamp) &&
      outputs.every((output) => existsSync(join(folder, output))) &&
      readFileSync(stamp, "utf8") === hashOf(folder, sources),
    async run(run) {
      rmSync(stamp, { force: true });
      for (const output of clean) rmSync(join(folder, output), { recursive: true, force: true });
      mkdirSync(join(folder, "build"), { recursive: true });
      // Before the build: a source that changes meanwhile must be built again.
      const hash = hashOf(folder, sources);
      await run({ program: process.execPath, args: command, env, failed: `the ${name} does not build; see the lines above` });
      writeFileSync(stamp, hash);
    },
  };
};

/** The builds whose sources are in this folder. */
export const buildSteps = (folder, { dashboard }) => {
  const has = (name) => existsSync(join(folder, name));
  const both = ["package-lock.json", "tsconfig.json"];
  const steps = [];
  if (has("server/main.ts"))
    steps.push({
      name: "server",
      sources: [...both, "server", "simulators"],
      outputs: ["build/server/main.js"],
      clean: ["build/server", "build/simulators", "build/tsconfig.tsbuildinfo"],
      command: ["node_modules/typescript/bin/tsc", "-p", "."],
      env: {},
    });
  if (dashboard && has("dashboard/main.tsx"))
    steps.push({
      name: "dashboard",
      sources: [...both, "dashboard", "server/twin", "server/contracts"],
      outputs: ["build/dashboard/index.html"],
      clean: ["build/dashboard"],
      command: ["node_modules/vite/bin/vite.js", "build", "-c", "dashboard/vite.config.ts", "--logLevel", "warn"],
      env: { NODE_ENV: "production" },
    });
  return steps.map((step) => buildStep(folder, step));
};
