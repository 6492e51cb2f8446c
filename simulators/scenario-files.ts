/** Scenario files: those that come along, and any other by its path. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseScenario, ScenarioInvalid, type Scenario } from "./scenario.ts";

// The compiled program stands in build/simulators; the files stay with the sources.
const FOLDERS = [join(import.meta.dirname, "scenarios"), join(import.meta.dirname, "..", "..", "simulators", "scenarios")];
const folder = (): string => FOLDERS.find((path) => existsSync(path)) ?? "";

/** Names of the scenarios that come along. */
export const scenarioNames = (): string[] =>
  readdirSync(folder())
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -5))
    .sort();

/** Reads a scenario by name or by path of a .json file. Throws ScenarioInvalid where it is not there, not JSON or not right. */
export const loadScenario = (name: string): Scenario => {
  const path = name.endsWith(".json") ? name : join(folder(), `${name}.json`);
  if (!existsSync(path))
    throw new ScenarioInvalid([
      path === name ? `name: there is no file ${path}` : `name: there is no scenario "${name}"; there are ${scenarioNames().join(", ")}`,
    ]);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ScenarioInvalid([`(whole): ${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseScenario(value);
};
