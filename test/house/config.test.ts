import { describe, expect, test } from "@jest/globals";
import { helpText, readConfig, SETTINGS } from "../../server/config.ts";
import { Refused } from "../../server/twin/refusal.ts";

const faultsOf = (argv: string[], env: Record<string, string> = {}): string[] => {
  try {
    readConfig(argv, env);
  } catch (error) {
    if (error instanceof Refused && error.code === "CONFIG_INVALID") return error.detail.split("\n");
    throw error;
  }
  return [];
};

describe("settings", () => {
  test("defaults need nothing; a flag outranks a variable, a variable the default; the result is frozen", () => {
    expect(readConfig([], {})).toMatchObject({ port: 8080, site: "farm", rigs: 60, mqttUrl: null, simulate: true });
    expect(readConfig([], { PORT: "9000", SITE: "north" })).toMatchObject({ port: 9000, site: "north" });
    expect(readConfig(["--port", "9001", "--data-dir=/tmp/x"], { PORT: "9000" })).toMatchObject({ port: 9001, dataDir: "/tmp/x" });
    expect(readConfig([], { PORT: "" }).port).toBe(8080);
    expect(Object.isFrozen(readConfig([], {}))).toBe(true);
  });

  test("every fault is told at once, each by the name under which it was given", () => {
    expect(faultsOf(["--port", "70000", "--colour", "red", "--rigs"], { SITE: "a/b", MQTT_URL: "http://x", SIMULATE: "perhaps" })).toEqual([
      "--colour is not a flag of this program (--help lists them)",
      "red is not a flag of this program (--help lists them)",
      "--rigs needs a value",
      "--port must be a port, 0 to 65535 (0: any free one)",
      expect.stringMatching(/^SITE must be/),
      expect.stringMatching(/^MQTT_URL must be an address that starts with mqtt:\/\/ or mqtts:\/\//),
      "SIMULATE must be yes or no",
    ]);
  });

  test.each([
    ["--interval", "0"],
    ["--interval", "1.5"],
    ["--port", "-1"],
    ["--chain-key", "0x12"],
    ["--contract", "0x12"],
    ["--influx-url", "influx"],
    ["--site", ""],
  ])("%s %s is refused", (flag, value) => {
    expect(faultsOf([flag, value])).toHaveLength(1);
  });

  test("an outside chain needs a key of its own", () => {
    expect(faultsOf(["--rpc-url", "http://127.0.0.1:8545"])).toEqual([expect.stringMatching(/CHAIN_KEY/)]);
    expect(faultsOf(["--rpc-url", "http://127.0.0.1:8545", "--chain-key", `0x${"1".repeat(64)}`])).toEqual([]);
  });

  test("help names every flag and variable once", () => {
    const help = helpText();
    for (const { flag, variable } of Object.values(SETTINGS)) {
      expect(help).toContain(`--${flag} `);
      expect(help).toContain(variable);
    }
    expect(new Set(Object.values(SETTINGS).map(({ variable }) => variable)).size).toBe(Object.keys(SETTINGS).length);
  });
});
