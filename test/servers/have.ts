/** Which outside programs this machine has. A test that needs one which is missing is counted as skipped, never as passed. */
import { describe } from "@jest/globals";
import { find, type Program } from "./programs.mjs";

export type { Program };

/** Full path of a program, or null where this machine has none. `RIGTWIN_CHROMIUM` and its like name another place. */
export const have = (program: Program): string | null => find(program);

/** Full path of a program, for tests inside `needs`; throws where there is none. */
export const pathTo = (program: Program): string => {
  const path = have(program);
  if (path === null) throw new Error(`${program} is not installed`);
  return path;
};

/** `needs("influxd")("series in InfluxDB", () => {…})`: a describe that is skipped and counted where a program is missing. */
export const needs = (...programs: readonly Program[]): typeof describe | typeof describe.skip =>
  programs.every((program) => have(program) !== null) ? describe : describe.skip;
