// Brings the dashboard's build up to date once, before any file of scenes opens a browser on it.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = ["dashboard", "server/twin", "server/contracts/abi.generated.ts", "package-lock.json"];

const newest = (path) => {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((most, name) => Math.max(most, newest(join(path, name))), 0);
};
const builtMs = () => {
  try {
    return statSync(join(ROOT, "build/dashboard/index.html")).mtimeMs;
  } catch {
    return 0;
  }
};

export default () => {
  if (builtMs() > Math.max(...SOURCES.map((path) => newest(join(ROOT, path))))) return;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "-c", "dashboard/vite.config.ts"],
    {
      cwd: ROOT,
      encoding: "utf8",
      // Jest says "test", with which React would be built for development.
      env: { ...process.env, NODE_ENV: "production" },
    },
  );
  if (status !== 0) throw new Error(`the dashboard does not build:\n${stdout}\n${stderr}`);
};
