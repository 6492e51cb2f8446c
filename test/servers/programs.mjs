// Where the programs are that the tests talk to. Plain JavaScript, because `npm test` asks before anything is compiled.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What each is called; `debian` is the package that brings it; `standIn` is the program that does where it is missing. */
export const PROGRAMS = {
  influxd: { names: ["influxd"], debian: "influxdb" },
  mosquitto: { names: ["mosquitto"], debian: "mosquitto" },
  chromium: { names: ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"], debian: "chromium" },
  // The same engine without a browser around it, with two thirds of the work for a page. It shows no notifications.
  headless: { names: ["chromium-headless-shell"], debian: "chromium-headless-shell", standIn: "chromium" },
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

/** Full path of a program itself, or null where this machine has none. */
export const findItself = (program) => {
  const named = process.env[variableOf(program)] ?? "";
  if (named !== "") return runs(named) ? named : null;
  const paths = PROGRAMS[program].names.flatMap((name) => folders().map((folder) => join(folder, name)));
  return paths.find(runs) ?? null;
};

/** Full path of a program or of its stand-in, or null where this machine has neither. */
export const find = (program) => {
  const { standIn } = PROGRAMS[program];
  return findItself(program) ?? (standIn === undefined ? null : findItself(standIn));
};
