import { describe, expect, test } from "@jest/globals";
import { ArgumentsInvalid, argumentsOf } from "../../simulators/arguments.ts";
import { durationOf } from "../../simulators/duration.ts";

const NOW_TS = Date.UTC(2026, 10, 21);

describe("durations", () => {
  test.each([
    ["250ms", 250],
    ["5s", 5_000],
    ["1h30m", 5_400_000],
    ["-3h", -10_800_000],
    ["1.5m", 90_000],
    ["2d", 172_800_000],
    ["0", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(durationOf(text)).toBe(ms);
  });
  test.each(["", "5", "s", "5 s", "1h30", "--1s", "1w", "NaN"])('"%s" is none', (text) => {
    expect(durationOf(text)).toBeNull();
  });
});

describe("the command line", () => {
  test("without options it is the demo of sixty rigs each five seconds, without an end", () => {
    expect(argumentsOf([], NOW_TS)).toMatchObject({
      rigs: 60,
      intervalMs: 5_000,
      seed: 1,
      scenario: "demo",
      speed: 1,
      durationMs: null,
      backfillMs: 0,
    });
  });
  test("reads every option", () => {
    const line =
      "--url mqtt://h:1 --site s --rigs 10000 --interval 10s --seed 7 --scenario hung --speed max --duration 1h --backfill 6h --truth t.json --stats --json --sign";
    expect(argumentsOf(line.split(" "), NOW_TS)).toEqual({
      url: "mqtt://h:1",
      site: "s",
      rigs: 10_000,
      intervalMs: 10_000,
      seed: 7,
      scenario: "hung",
      speed: Infinity,
      durationMs: 3_600_000,
      backfillMs: 21_600_000,
      backfillIntervalMs: 30_000,
      stdoutUntilTs: null,
      truth: "t.json",
      stats: true,
      quiet: false,
      json: true,
      username: null,
      sign: true,
      pduMs: 60_000,
      gatewayKeys: false,
      help: false,
    });
  });
  test("with another speed it ends by itself", () => {
    expect(argumentsOf(["--speed", "10"], NOW_TS).durationMs).toBe(600_000);
  });
  test("a past to be printed ends now where it is not told otherwise, and needs a length", () => {
    expect(argumentsOf(["--stdout", "--backfill", "6h"], NOW_TS).stdoutUntilTs).toBe(NOW_TS);
    expect(argumentsOf(["--stdout", "--backfill", "6h", "--until", "1700000000000"], NOW_TS).stdoutUntilTs).toBe(1_700_000_000_000);
    expect(() => argumentsOf(["--stdout"], NOW_TS)).toThrow("--backfill: ");
    expect(() => argumentsOf(["--until", "5"], NOW_TS)).toThrow("--until: ");
    expect(() => argumentsOf(["--stdout", "--backfill", "6h", "--until", "yesterday"], NOW_TS)).toThrow("--until: ");
  });
  test("every wrong option is named at once", () => {
    const wrong = ["--rigs", "0", "--seed", "x", "--interval", "5", "--speed", "fast", "--site", "a/b", "--url", "host", "--backfill=-1h"];
    try {
      argumentsOf(wrong, NOW_TS);
      throw new Error("accepted");
    } catch (error) {
      expect(error).toBeInstanceOf(ArgumentsInvalid);
      const { message } = error as Error;
      for (const name of ["--rigs", "--seed", "--interval", "--speed", "--site", "--url", "--backfill"])
        expect(message).toContain(`${name}: `);
    }
  });
  test("an unknown option is named", () => {
    expect(() => argumentsOf(["--intrval", "5s"], NOW_TS)).toThrow("--intrval");
  });
});
