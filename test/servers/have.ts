/** Which outside programs this machine has. A test that needs one which is missing is counted as skipped, never as passed. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe } from "@jest/globals";

/** Debian keeps daemons in sbin, which an ordinary user's PATH does not name. */
const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/usr/bin", "/snap/bin"];

const PROGRAMS = {
  influxd: ["influxd"],
  mosquitto: ["mosquitto"],
  chromium: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
  redis: ["redis-server"],
} as const;
export type Program = keyof typeof PROGRAMS;

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Full path of a program, or null where this machine has none. `RIGTWIN_CHROMIUM` and its like name another place. */
export const have = (program: Program): string | null => {
  const named = process.env[`RIGTWIN_${program.toUpperCase()}`];
  if (named !== undefined && named !== "") return runs(named) ? named : null;
  for (const name of PROGRAMS[program])
    for (const folder of FOLDERS) {
      const path = join(folder, name);
      if (folder !== "" && runs(path)) return path;
    }
  return null;
};

/** Full path of a program for a test inside `needs`; throws where there is none. */
export const pathTo = (program: Program): string => {
  const path = have(program);
  if (path === null) throw new Error(`${program} is not installed`);
  return path;
};

/** `needs("influxd")("series in InfluxDB", () => {…})`: a describe that is skipped and counted where a program is missing. */
export const needs = (...programs: readonly Program[]): typeof describe | typeof describe.skip =>
  programs.every((program) => have(program) !== null) ? describe : describe.skip;
