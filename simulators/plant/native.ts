/** The objects of our own dialect as the simulator writes them: units as in Measured; null where a board does not answer. */
import type { EnergySource, Identity, Mode, PoolReading, Position, DeviceError } from "../../server/twin/reading.ts";
import type { Nameplate } from "../../server/twin/twin.ts";

export interface NativeChip {
  readonly index: number;
  readonly row: number;
  readonly column: number;
  readonly tempC: number | null;
  readonly hashrateGhs: number;
  readonly working: boolean;
}

export interface NativeBoard {
  readonly index: number;
  readonly hashrateThs: number;
  readonly expectedThs: number;
  readonly boardC: number | null;
  readonly chipC: number | null;
  readonly inletC: number | null;
  readonly outletC: number | null;
  readonly chips: number;
  readonly expectedChips: number;
  readonly frequencyMhz: number | null;
  readonly voltageV: number | null;
  readonly hwErrors: number;
  readonly serial: string | null;
  /** Only where the gateway asked for it: see reading.ts. */
  readonly chipMap?: readonly NativeChip[];
}

export interface NativeMeasured {
  readonly mode: Mode;
  readonly hashrateThs: number;
  readonly averageThs: number;
  readonly expectedThs: number;
  readonly powerW: number;
  readonly intakeC: number;
  readonly outletC: number;
  readonly boardC: number | null;
  readonly chipC: number | null;
  readonly psuC: number;
  readonly voltageV: number | null;
  readonly frequencyMhz: number;
  readonly fanPct: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly stale: number;
  readonly hwErrors: number;
  readonly hwErrorPct: number;
  readonly uptimeS: number;
  readonly fans: readonly { readonly index: number; readonly rpm: number }[];
  readonly boards: readonly NativeBoard[];
  readonly pools: readonly PoolReading[];
  readonly errors: readonly DeviceError[];
}

export interface NativeTelemetry {
  readonly v: 1;
  readonly ts: number;
  readonly seq: number;
  readonly boot: string;
  readonly m: NativeMeasured;
}

export interface NativeBirth {
  readonly v: 1;
  readonly ts: number;
  readonly boot: string;
  readonly identity: Identity;
  readonly nameplate: Nameplate;
  readonly position: Position;
}

export interface NativeState {
  readonly v: 1;
  readonly ts: number;
  readonly state: "online" | "offline" | "lost";
}

export interface NativeEnergy {
  readonly v: 1;
  readonly ts: number;
  readonly seq: number;
  readonly boot: string;
  readonly m: {
    readonly meteredW: number;
    readonly sourcesW: Readonly<Record<EnergySource, number>>;
    readonly gridGco2ePerKwh: number;
    readonly pricePerKwh: number;
    readonly currency: string;
    readonly ambientC: number;
  };
}

/** The highest that a board tells of a field; null where none tells it. */
export const highest = (boards: readonly NativeBoard[], field: "boardC" | "chipC" | "voltageV"): number | null =>
  boards.reduce<number | null>((most, board) => {
    const value = board[field];
    return value === null || (most !== null && most >= value) ? most : value;
  }, null);
