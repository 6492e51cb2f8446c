/** docs/recordings.md against the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { RECORDING_FAULTS } from "../../server/twin/recording.ts";
import { ANSWERS } from "../../simulators/scoring.ts";
import { ROOT } from "./graph.ts";

const page = readFileSync(join(ROOT, "docs/recordings.md"), "utf8");

test("every code of a recording's faults is on the page with its words", () => {
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, says]) => [code, says]);
  expect(rows).toEqual(Object.entries(RECORDING_FAULTS));
});
test("every family of faults has its line", () => {
  for (const family of Object.keys(ANSWERS)) expect(page).toContain(family);
});
test("every option on the page is one that a program knows", () => {
  const known = [
    "server/cli/record/arguments.ts",
    "server/cli/replay/arguments.ts",
    "simulators/score.ts",
    "simulators/arguments.ts",
    "server/config.ts",
  ]
    .map((path) => readFileSync(join(ROOT, path), "utf8"))
    .join("\n");
  const options = [...page.matchAll(/(?<= |`)--([a-z-]{2,})/g)].map(([, option = ""]) => option);
  expect(options.length).toBeGreaterThan(20);
  expect(options.filter((option) => !new RegExp(`["' ]?${option}["']?:|"${option}"|--${option}`).test(known))).toEqual([]);
});
