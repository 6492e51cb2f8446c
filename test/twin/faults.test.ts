import { describe, expect, test } from "@jest/globals";
import { FAULTS, faultOf, unique } from "../../server/twin/faults.ts";
import { antminerFault } from "../../server/twin/formats/antminer.ts";
import { braiinsFault } from "../../server/twin/formats/braiins.ts";
import { luxosFault } from "../../server/twin/formats/luxos.ts";
import { whatsminerFault, whatsminerFaults } from "../../server/twin/formats/whatsminer-faults.ts";

describe("the makers' codes in one list", () => {
  test.each<[string, string, number | null]>([
    ["110", "FAN_SPEED_DEVIATION", 0],
    ["111", "FAN_SPEED_DEVIATION", 1],
    ["140", "FAN_SPEED_DEVIATION", null],
    ["200", "PSU_NOT_PRESENT", null],
    ["206", "PSU_INPUT_VOLTAGE_LOW", null],
    ["233", "PSU_OVER_TEMPERATURE", null],
    ["253", "PSU_FAN_FAILED", null],
    ["268", "PSU_OVERCURRENT", null],
    ["301", "TEMP_SENSOR_FAULT", 1],
    ["352", "HASHBOARD_OVER_TEMPERATURE", 2],
    ["412", "EEPROM_FAULT", 2],
    ["530", "HASHBOARD_NOT_PRESENT", 0],
    ["541", "ASIC_CHAIN_COMMUNICATION_LOST", 1],
    ["600", "INLET_OVER_TEMPERATURE", null],
    ["710", "CONTROL_BOARD_REBOOTED", null],
    ["2010", "POOL_NOT_CONFIGURED", null],
    ["2021", "POOL_UNREACHABLE", 1],
    ["2310", "HASHRATE_BELOW_TARGET", null],
    ["5032", "HASHBOARD_VOLTAGE_FAULT", 2],
    ["5070", "COOLANT_FLOW_ABNORMAL", 0],
    ["5111", "ASIC_FREQUENCY_FAULT", 1],
    ["531017", "CHIP_FAULT", 1],
    ["540003", "CHIP_OVER_TEMPERATURE", 0],
    ["9999", "UNMAPPED", null],
    ["100001", "UNMAPPED", null],
  ])("Whatsminer %s is %s", (code, fault, index) => {
    expect(whatsminerFault(code, null)).toMatchObject({ code: fault, index, raw: code });
  });
  test("Whatsminer lists its codes in several shapes; what is none is passed over", () => {
    const listed = [
      "2010",
      541,
      { "541": "Slot 1 error reading chip id.", reason: "hashboard" },
      { "5032": "Slot 2 voltage abnormal" },
      "not-a-code",
      null,
    ];
    expect(whatsminerFaults(listed).map(({ code, raw }) => [code, raw])).toEqual([
      ["POOL_NOT_CONFIGURED", "2010"],
      ["ASIC_CHAIN_COMMUNICATION_LOST", "541"],
      ["ASIC_CHAIN_COMMUNICATION_LOST", "541 hashboard"],
      ["HASHBOARD_VOLTAGE_FAULT", "5032 Slot 2 voltage abnormal"],
    ]);
    expect(whatsminerFaults("btminer process is down err")).toEqual([]);
  });
  test.each<[string, string, number | null]>([
    ["R:1", "HASHRATE_BELOW_TARGET", null],
    ["J0:8", "HASHBOARD_NOT_PRESENT", 0],
    ["J1:2", "HASHBOARD_MISSING_CHIPS", 1],
    ["J2:4", "EEPROM_FAULT", 2],
    ["J0:6", "TEMP_SENSOR_FAULT", 0],
    ["P:1", "DEVICE_OVER_TEMPERATURE", null],
    ["P:2", "DEVICE_UNDER_TEMPERATURE", null],
    ["V:1", "PSU_FAULT", null],
    ["L255:2", "HASHBOARD_MISMATCH", null],
    ["Q:9", "UNMAPPED", null],
    ["what", "UNMAPPED", null],
  ])("Antminer %s is %s", (code, fault, index) => {
    expect(antminerFault(code)).toMatchObject({ code: fault, index, raw: code });
  });
  test.each([
    ['Failed to resolve ("mine.ocean.xyz", 3334)', "POOL_UNREACHABLE"],
    ["Less than 3 HBs", "HASHBOARD_NOT_PRESENT"],
    ["Fan 2 is not spinning", "FAN_FAILED"],
    ["something new", "UNMAPPED"],
  ])("Braiins' %j is %s", (words, fault) => {
    expect(braiinsFault(words, "", null)).toMatchObject({ code: fault, raw: words });
  });
  test.each([
    ["NOPIC_PROTECTION", "PROTECTION_SHUTDOWN"],
    ["REBOOT_NOT_HASHING", "HASHBOARD_STOPPED"],
    ["FAN_FAILURE", "FAN_FAILED"],
    ["BOARD_OVERTEMP_SHUTDOWN", "HASHBOARD_OVER_TEMPERATURE"],
    ["SLEEP", "SWITCHED_OFF"],
    ["NEW_PSU_TROUBLE", "PSU_FAULT"],
    ["SOMETHING_NEW", "UNMAPPED"],
  ])("LuxOS' %s is %s", (code, fault) => {
    expect(luxosFault(code, "", null)).toMatchObject({ code: fault, raw: code });
  });
});

test("a fault has the severity and the part of the list; the machine's words are kept, not without end", () => {
  expect(faultOf("FAN_FAILED", "x".repeat(1000), 2)).toEqual({
    code: "FAN_FAILED",
    severity: FAULTS.FAN_FAILED.severity,
    component: "fan",
    index: 2,
    raw: "x".repeat(500),
  });
});

test("what a log repeats is told once, and at most sixty-four things", () => {
  const fault = faultOf("FAN_FAILED", "a");
  expect(unique([fault, fault, faultOf("FAN_FAILED", "a", 1)])).toHaveLength(2);
  expect(unique(Array.from({ length: 100 }, (_, index) => faultOf("UNMAPPED", `e${index}`)))).toHaveLength(64);
});
