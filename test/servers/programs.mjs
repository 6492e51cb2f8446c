// Where the programs are that the tests talk to. Plain JavaScript, because `npm test` asks before anything is compiled.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What each is called; `debian` is the package that brings it. */
export const PROGRAMS = {
  influxd: { names: ["influxd"], debian: "influxdb" },
  mosquitto: { names: ["mosquitto"], debian: "mosquitto" },
  chromium: { names: ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"], debian: "chromium" },
};

/** Debian keeps daemons in sbin, which an ordinary user's PATH does not name. */
const folders = () => [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/usr/bin", "/snap/bin"];

const runs = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The variable that names another place for a program, or "none". */
export const variableOf = (program) => `RIGTWIN_${program.toUpperCase()}`;

/** Full path of a program, or null where this machine has none. */
export const find = (program) => {
  const named = process.env[variableOf(program)] ?? "";
  if (named !== "") return runs(named) ? named : null;
  const paths = PROGRAMS[program].names.flatMap((name) => folders().map((folder) => join(folder, name)));
  return paths.find(runs) ?? null;
};
