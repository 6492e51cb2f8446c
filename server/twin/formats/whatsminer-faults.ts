/** MicroBT's error codes: the first digits are what, the last are which board, chip or pool. */
import { faultOf, type FaultCode } from "../faults.ts";
import type { DeviceError } from "../reading.ts";
import { isObject, list, txt } from "./answers.ts";

type Rule = readonly [code: RegExp, fault: FaultCode];

/** Read downwards; a group in the pattern is the board's (or pool's, fan's) number. Ranges after MicroBT's public code list. */
const RULES: readonly Rule[] = [
  [/^1[0-3]([01])$/, "FAN_SPEED_DEVIATION"],
  [/^1[0-4]\d$/, "FAN_SPEED_DEVIATION"],
  [/^20[01]$/, "PSU_NOT_PRESENT"],
  [/^20[289]$|^21[025]$/, "PSU_OUTPUT_VOLTAGE_FAULT"],
  [/^20[34]$|^23[345]$|^24[345]$|^275$/, "PSU_OVER_TEMPERATURE"],
  [/^206$|^218$|^25[01]$|^271$/, "PSU_INPUT_VOLTAGE_LOW"],
  [/^24[67]$|^27[03]$/, "PSU_INPUT_VOLTAGE_HIGH"],
  [/^20[57]$|^21[19]$|^23[678]$|^24[189]$|^257$|^26[89]$/, "PSU_OVERCURRENT"],
  [/^239$|^240$/, "PSU_OUTPUT_VOLTAGE_FAULT"],
  [/^25[34]$|^274$/, "PSU_FAN_FAILED"],
  [/^25[56]$|^272$/, "PSU_OVERLOAD"],
  [/^26[34]$/, "PSU_COMMUNICATION_LOST"],
  [/^2\d\d$/, "PSU_FAULT"],
  [/^3[02](\d)$/, "TEMP_SENSOR_FAULT"],
  [/^3[56](\d)$/, "HASHBOARD_OVER_TEMPERATURE"],
  [/^37\d$/, "INLET_TEMPERATURE_UNSTABLE"],
  [/^38\d$/, "HUMIDITY_SENSOR_FAULT"],
  [/^4[123456](\d)$|^400$/, "EEPROM_FAULT"],
  [/^5[12](\d)$/, "HASHBOARD_MISMATCH"],
  [/^53(\d)$/, "HASHBOARD_NOT_PRESENT"],
  [/^54(\d)$/, "ASIC_CHAIN_COMMUNICATION_LOST"],
  [/^55(\d)$/, "HASHBOARD_MISSING_CHIPS"],
  [/^5[678](\d)$/, "HASHBOARD_FAULT"],
  [/^59(\d)$/, "ASIC_FREQUENCY_FAULT"],
  [/^500$/, "HASHBOARD_FAULT"],
  [/^6[01]\d$/, "INLET_OVER_TEMPERATURE"],
  [/^713$/, "NETWORK_FAULT"],
  [/^71\d$/, "CONTROL_BOARD_REBOOTED"],
  [/^7\d\d$/, "CONTROL_BOARD_FAULT"],
  [/^8\d\d$/, "FIRMWARE_INVALID"],
  [/^9\d\d$/, "HASHRATE_BELOW_TARGET"],
  [/^200\d$/, "POOL_NOT_CONFIGURED"],
  [/^201\d$/, "POOL_NOT_CONFIGURED"],
  [/^202(\d)$/, "POOL_UNREACHABLE"],
  [/^203\d$/, "POOL_REJECTS_HIGH"],
  [/^20\d\d$/, "POOL_UNREACHABLE"],
  [/^211(\d)$/, "HASHBOARD_FAULT"],
  [/^23\d\d$/, "HASHRATE_BELOW_TARGET"],
  [/^50[12](\d)$/, "HASHBOARD_VOLTAGE_FAULT"],
  [/^503(\d)$/, "HASHBOARD_VOLTAGE_FAULT"],
  [/^504(\d)$/, "HASHBOARD_OVER_TEMPERATURE"],
  [/^505(\d)$/, "HASHBOARD_STOPPED"],
  [/^507(\d)$/, "COOLANT_FLOW_ABNORMAL"],
  [/^50[89](\d)$/, "TEMP_SENSOR_FAULT"],
  [/^51[17](\d)$/, "ASIC_FREQUENCY_FAULT"],
  [/^512(\d)$/, "ASIC_CRC_EXCESSIVE"],
  [/^513(\d)$/, "HASHBOARD_FAULT"],
  [/^54(\d)\d{3}$/, "CHIP_OVER_TEMPERATURE"],
  [/^5[2356](\d)\d{3}$/, "CHIP_FAULT"],
  [/^80\d\d$/, "FIRMWARE_INVALID"],
  [/^8410$|^8400$/, "FIRMWARE_INVALID"],
  [/^85[01]\d$/, "HASHRATE_BELOW_TARGET"],
];

/** A MicroBT code with the machine's words about it, if any. Unknown codes are UNMAPPED and keep both. */
export const whatsminerFault = (code: string, words: string | null): DeviceError => {
  const raw = words === null || words === "" ? code : `${code} ${words}`;
  for (const [pattern, fault] of RULES) {
    const found = pattern.exec(code);
    if (found !== null) return faultOf(fault, raw, found[1] === undefined ? null : Number(found[1]));
  }
  return faultOf("UNMAPPED", raw);
};

const isCode = (text: string): boolean => /^\d{2,6}$/.test(text.trim());

/** `["541"]`, `[541]`, `[{"541": "2026-…", "reason": "…"}]`: every shape in which firmware versions list their codes. */
export const whatsminerFaults = (listed: unknown): DeviceError[] =>
  list(listed).flatMap((item) => {
    if (!isObject(item)) {
      const text = typeof item === "number" ? String(item) : txt(item);
      return text === null ? [] : isCode(text) ? [whatsminerFault(text.trim(), null)] : [];
    }
    const reason = txt(item["reason"] ?? item["msg"], 300);
    return Object.entries(item)
      .filter(([name]) => isCode(name))
      .map(([name, told]) => whatsminerFault(name.trim(), reason ?? txt(told, 300)));
  });
