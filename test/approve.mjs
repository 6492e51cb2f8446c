// `npm run approve`: takes the pictures of every page anew and keeps them as approved. Look at what changed before it is committed.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "..");
const jest = join(FOLDER, "node_modules/jest/bin/jest.js");
const { status } = spawnSync(
  process.execPath,
  [
    "--experimental-vm-modules",
    "--no-warnings",
    jest,
    "--selectProjects",
    "browser",
    "--testNamePattern",
    "looks? as approved",
    "test/dashboard/dashboard.test.ts",
  ],
  { cwd: FOLDER, stdio: "inherit", env: { ...process.env, RIGTWIN_APPROVE: "yes" } },
);
process.exit(status ?? 1);
