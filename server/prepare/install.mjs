// node_modules as package-lock.json says.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

// Dev packages are needed to build, whatever NODE_ENV says. Few and short retries: without a network people should hear of it soon.
const NPM_CI = [
  "ci",
  "--include=dev",
  "--no-audit",
  "--no-fund",
  "--prefer-offline",
  "--loglevel=error",
  "--fetch-retries=1",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/** npm as it called us, else as the shell finds it. Another package manager that called us does not know our lock file. */
const npm = () => {
  const called = process.env.npm_execpath;
  if (called !== undefined && basename(called) === "npm-cli.js" && existsSync(called))
    return { program: process.execPath, args: [called, ...NPM_CI] };
  return { program: "npm", args: NPM_CI, shell: process.platform === "win32" };
};

const json = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
};

/** npm writes this file last of all, so it tells of a finished installation, ours or one made by hand. */
const HIDDEN_LOCK = "node_modules/.package-lock.json";

const installedByHand = (folder) => {
  const wanted = json(join(folder, "package-lock.json"))?.packages;
  const found = json(join(folder, HIDDEN_LOCK))?.packages;
  if (wanted === undefined || found === undefined) return false;
  const fits = (name) => (found[name] === undefined ? wanted[name].optional === true : found[name].version === wanted[name].version);
  const runsHere = ({ os, cpu }) => (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
  return Object.keys(wanted).every((name) => name === "" || fits(name)) && Object.values(found).every(runsHere);
};

/** The step that installs. Done when the stamp in node_modules, written last, fits the lock file and this platform. */
export const installStep = (folder) => {
  const stamp = join(folder, "node_modules/.rigtwin-installed");
  const wanted = () => {
    const lock = createHash("sha256")
      .update(readFileSync(join(folder, "package-lock.json")))
      .digest("hex");
    return `${lock} ${process.platform} ${process.arch}\n`;
  };
  return {
    doing: "installing packages (only at the first start and when package-lock.json changed)",
    done: "packages installed",
    isDone: () => (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted()) || installedByHand(folder),
    async run(run) {
      // Whatever happens from here on, the tree is not whole until npm has ended well.
      for (const sign of [stamp, join(folder, HIDDEN_LOCK)]) rmSync(sign, { force: true });
      await run({ ...npm(), failed: "npm could not install the packages; the first start needs the network once" });
      writeFileSync(stamp, wanted());
    },
  };
};
