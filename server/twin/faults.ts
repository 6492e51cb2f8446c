import type { DeviceError } from "./reading.ts";

type Kind = Pick<DeviceError, "severity" | "component"> & { readonly says: string };

const fault = (severity: DeviceError["severity"], component: DeviceError["component"], says: string): Kind => ({
  severity,
  component,
  says,
});

/**
 * What can be wrong with a machine, whoever built it. The names follow the canonical list of Proto Fleet (errors.proto) where it has
 * one. critical: it stops or is in danger; major: it hashes less or is about to trip; minor: it recovers; info: worth knowing.
 */
export const FAULTS = {
  PSU_NOT_PRESENT: fault("critical", "psu", "No power supply answers."),
  PSU_MODEL_MISMATCH: fault("major", "psu", "The power supply is not of the expected model."),
  PSU_COMMUNICATION_LOST: fault("major", "psu", "The power supply no longer answers."),
  PSU_FAULT: fault("critical", "psu", "The power supply reports a fault."),
  PSU_INPUT_VOLTAGE_LOW: fault("critical", "psu", "The mains voltage is too low."),
  PSU_INPUT_VOLTAGE_HIGH: fault("critical", "psu", "The mains voltage is too high."),
  PSU_OUTPUT_VOLTAGE_FAULT: fault("critical", "psu", "The power supply's output voltage is wrong."),
  PSU_OVERCURRENT: fault("critical", "psu", "The power supply gives or takes too much current."),
  PSU_OVERLOAD: fault("major", "psu", "The power supply is loaded beyond its rating."),
  PSU_FAN_FAILED: fault("major", "psu", "The power supply's fan has failed."),
  PSU_OVER_TEMPERATURE: fault("critical", "psu", "The power supply is too hot."),
  PSU_ADVISORY: fault("minor", "psu", "The power supply reports something unusual."),
  FAN_FAILED: fault("critical", "fan", "A fan does not turn."),
  FAN_SPEED_DEVIATION: fault("major", "fan", "A fan does not turn as fast as it is told."),
  INLET_OVER_TEMPERATURE: fault("major", "miner", "The air or coolant going in is too warm."),
  INLET_TEMPERATURE_UNSTABLE: fault("minor", "miner", "The temperature around the machine changes too fast."),
  DEVICE_OVER_TEMPERATURE: fault("critical", "miner", "The machine protects itself from heat."),
  DEVICE_UNDER_TEMPERATURE: fault("critical", "miner", "The machine is too cold to start."),
  COOLANT_FLOW_ABNORMAL: fault("critical", "miner", "The coolant does not flow as it should."),
  HASHBOARD_NOT_PRESENT: fault("critical", "board", "A hash board is missing."),
  HASHBOARD_OVER_TEMPERATURE: fault("critical", "board", "A hash board is too hot."),
  HASHBOARD_MISSING_CHIPS: fault("major", "board", "A hash board answers with fewer chips than it has."),
  HASHBOARD_FAULT: fault("critical", "board", "A hash board reports a fault."),
  HASHBOARD_MISMATCH: fault("major", "board", "A hash board is not of the expected kind."),
  HASHBOARD_VOLTAGE_FAULT: fault("major", "board", "A hash board's voltage is wrong."),
  HASHBOARD_STOPPED: fault("critical", "board", "A hash board has stopped hashing."),
  ASIC_CHAIN_COMMUNICATION_LOST: fault("critical", "board", "The chips of a board no longer answer."),
  ASIC_FREQUENCY_FAULT: fault("major", "board", "A board does not reach its frequency."),
  ASIC_CRC_EXCESSIVE: fault("minor", "board", "Too many transmission errors on a board."),
  CHIP_OVER_TEMPERATURE: fault("critical", "chip", "A chip is too hot."),
  CHIP_FAULT: fault("minor", "chip", "A chip gives wrong, few or no results."),
  TEMP_SENSOR_FAULT: fault("major", "board", "A temperature sensor cannot be read."),
  HUMIDITY_SENSOR_FAULT: fault("minor", "miner", "The humidity sensor cannot be read."),
  EEPROM_FAULT: fault("major", "board", "A board's memory cannot be read."),
  FIRMWARE_INVALID: fault("major", "control-board", "The firmware is damaged or does not fit."),
  CONFIG_INVALID: fault("major", "control-board", "A setting cannot be used."),
  MODEL_MISMATCH: fault("info", "control-board", "The machine calls itself by two different models."),
  CONTROL_BOARD_FAULT: fault("critical", "control-board", "The control board reports a fault."),
  CONTROL_BOARD_REBOOTED: fault("minor", "control-board", "The control board restarted by itself."),
  PROTECTION_SHUTDOWN: fault("critical", "miner", "The machine shut itself down."),
  SWITCHED_OFF: fault("info", "miner", "It was switched off on purpose."),
  RESTARTED: fault("minor", "miner", "The machine restarted mining by itself."),
  HASHRATE_BELOW_TARGET: fault("major", "miner", "The machine hashes less than it should."),
  HASHRATE_ABOVE_TARGET: fault("minor", "miner", "The machine hashes more than it should."),
  POOL_NOT_CONFIGURED: fault("critical", "pool", "No pool is set."),
  POOL_UNREACHABLE: fault("major", "pool", "A pool cannot be reached."),
  POOL_REJECTS_HIGH: fault("minor", "pool", "A pool rejects many shares."),
  POOL_FALLBACK: fault("minor", "pool", "The machine mines on its fallback pool."),
  NETWORK_FAULT: fault("major", "network", "The network does not work as it should."),
  UNMAPPED: fault("minor", "miner", "The machine reports something this list does not know."),
} as const satisfies Record<string, Kind>;

export type FaultCode = keyof typeof FAULTS;

/** One fault as a reading carries it: `raw` is the machine's own code and words, `index` the board, fan or pool, 0-based. */
export const faultOf = (code: FaultCode, raw: string, index: number | null = null): DeviceError => ({
  code,
  severity: FAULTS[code].severity,
  component: FAULTS[code].component,
  index,
  raw: raw.slice(0, 500),
});

/** The same fault is told once, however often the machine's log repeats it. At most 64. */
export const unique = (faults: readonly DeviceError[]): readonly DeviceError[] => {
  const seen = new Set<string>();
  return faults
    .filter((found) => {
      const key = `${found.code}\n${found.index}\n${found.raw}`;
      return seen.has(key) ? false : (seen.add(key), true);
    })
    .slice(0, 64);
};
