import { describe, expect, test } from "@jest/globals";
import { mnemonicToAccount } from "viem/accounts";
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

  describe("no secret that everybody knows opens anything of real rigs", () => {
    const JUNK = "test test test test test test test test test test test junk";
    const MYTH = "myth like bonus scare over problem client lizard pioneer submit female collect";
    const keyOf = (mnemonic: string, addressIndex: number): string =>
      `0x${Buffer.from(mnemonicToAccount(mnemonic, { addressIndex }).getHdKey().privateKey ?? []).toString("hex")}`;
    const chain = (key: string) => ({ RPC_URL: "https://chain.example", CHAIN_KEY: key });
    const BAD: Readonly<Record<string, readonly Record<string, string>[]>> = {
      PASSWORD: ["", "admin", "password", "changeme", "rigtwin", "12345678", "1234567890", "aaaaaaaaaaaa", "short"].map((PASSWORD) => ({
        PASSWORD,
      })),
      MQTT_URL: ["", "admin", "public", "Password"].map((word) => ({
        MQTT_URL: `mqtt://admin${word === "" ? "" : `:${word}`}@broker:1883`,
      })),
      INFLUX_URL: ["", "admin", "root", "%61dmin"].map((word) => ({ INFLUX_URL: `http://root:${word}@influx:8086/farm` })),
      CHAIN_KEY: [
        ...[0, 1, 9].flatMap((i) => [keyOf(JUNK, i), keyOf(MYTH, i)]),
        ...["1", "0", "f", "ab"].map((digits) => `0x${digits.repeat(64).slice(0, 64)}`),
        `0x${"0".repeat(63)}1`,
      ].map(chain),
      // An address; what it has of a secret is its owner's own making.
      RPC_URL: [],
    };
    test("each secret setting is tried", () => {
      const secrets = Object.values(SETTINGS).flatMap((setting) =>
        "secret" in setting && setting.secret === true ? [setting.variable] : [],
      );
      expect(Object.keys(BAD).toSorted()).toEqual(secrets.toSorted());
    });
    test.each(Object.entries(BAD).flatMap(([name, all]) => all.map((env) => [name, env] as const)))("%s %j", (name, env) => {
      expect(faultsOf([], { ...env, SIMULATE: "no" })).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
      if (!JSON.stringify(env).includes(`0x${"0".repeat(64)}`)) expect(faultsOf([], env)).toEqual([]);
    });
    test("what nobody knows is taken", () => {
      const key = `0x${"8f2a559490d1c3b7e6405ab79c2d31f08f2a559490d1c3b7e6405ab79c2d31f0"}`;
      expect(
        faultsOf([], {
          ...chain(key),
          SIMULATE: "no",
          PASSWORD: "four words of mine",
          MQTT_URL: "mqtts://me:a-good-one-7@broker",
          INFLUX_URL: "http://me:a-good-one-7@influx:8086/farm",
        }),
      ).toEqual([]);
      expect(faultsOf([], { SIMULATE: "no", MQTT_URL: "mqtt://broker:1883", INFLUX_URL: "http://influx:8086/farm" })).toEqual([]);
    });
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
