/**
 * What a device said, once it has been parsed: one message, in one set of units.
 * Units are part of every name: Ths = TH/s, W, C = °C, Rpm, V, Mhz, Pct = 0..100, S = seconds, Ts = ms since 1970 UTC.
 * `null` means the device did not say; why a value is not to be trusted stands in `quality`.
 */

/** How far a value may be trusted; everything not listed in `Reading.quality` is 'ok' or, where null, 'missing'. */
export type Quality = "ok" | "missing" | "sentinel" | "frozen" | "implausible" | "late";

/** Who vouches for a reading. Nothing signs in hardware today. */
export type TrustTier = "self-reported" | "gateway-signed" | "hardware-signed";

/** What the device says it is doing. 'unknown' where its dialect has no word for it. */
export type Mode = "mining" | "tuning" | "paused" | "fault" | "unknown";

export interface FanReading {
  /** 0-based, in the order the device lists them. */
  readonly index: number;
  readonly rpm: number | null;
}

export interface ChipReading {
  /** 0-based place along the board's chain. */
  readonly index: number;
  readonly tempC: number | null;
  readonly hashrateGhs: number | null;
  readonly frequencyMhz: number | null;
  readonly voltageV: number | null;
  readonly errors: number | null;
  /** Physical place where the device tells it, else null. */
  readonly row: number | null;
  readonly column: number | null;
  readonly working: boolean | null;
}

export interface BoardReading {
  /** 0-based slot. */
  readonly index: number;
  readonly hashrateThs: number | null;
  readonly expectedThs: number | null;
  /** Hottest sensor on the board itself (PCB). */
  readonly boardC: number | null;
  /** Hottest chip. */
  readonly chipC: number | null;
  readonly inletC: number | null;
  readonly outletC: number | null;
  /** Chips that answer. */
  readonly chips: number | null;
  readonly expectedChips: number | null;
  readonly frequencyMhz: number | null;
  readonly voltageV: number | null;
  readonly hwErrors: number | null;
  readonly serial: string | null;
  readonly chipMap: readonly ChipReading[];
}

export interface PoolReading {
  readonly index: number;
  readonly url: string;
  readonly worker: string | null;
  /** The one that gets the shares now. */
  readonly active: boolean;
  readonly alive: boolean | null;
  readonly accepted: number | null;
  readonly rejected: number | null;
  readonly stale: number | null;
}

export interface DeviceError {
  /** Canonical code, e.g. "FAN_FAILED"; "UNMAPPED" where the machine's own code has no counterpart. */
  readonly code: string;
  readonly severity: "critical" | "major" | "minor" | "info";
  readonly component: "miner" | "board" | "chip" | "fan" | "psu" | "control-board" | "pool" | "network";
  readonly index: number | null;
  /** The machine's own code and words. */
  readonly raw: string;
}

/** Everything measured. Arrays are empty where the device says nothing. */
export interface Measured {
  readonly mode: Mode;
  /** Now, over the device's shortest window. */
  readonly hashrateThs: number | null;
  /** Over the device's own long average. */
  readonly averageThs: number | null;
  /** What the device itself expects at its present setting. */
  readonly expectedThs: number | null;
  /** At the wall where the device knows it, else its own estimate. */
  readonly powerW: number | null;
  readonly powerLimitW: number | null;
  readonly intakeC: number | null;
  readonly outletC: number | null;
  /** Hottest board (PCB) sensor of the rig. */
  readonly boardC: number | null;
  /** Hottest chip of the rig. */
  readonly chipC: number | null;
  /** Voltage-regulator or PSU temperature. */
  readonly psuC: number | null;
  readonly voltageV: number | null;
  readonly frequencyMhz: number | null;
  readonly fanPct: number | null;
  readonly accepted: number | null;
  readonly rejected: number | null;
  readonly stale: number | null;
  readonly hwErrors: number | null;
  readonly hwErrorPct: number | null;
  readonly uptimeS: number | null;
  readonly fans: readonly FanReading[];
  readonly boards: readonly BoardReading[];
  readonly pools: readonly PoolReading[];
  readonly errors: readonly DeviceError[];
}

/** Who the device is: from a birth message, or read out of its answers. */
export interface Identity {
  readonly make: string | null;
  /** The maker's name of the model, e.g. "Antminer S19 Pro". */
  readonly model: string | null;
  readonly firmware: string | null;
  readonly serial: string | null;
  readonly mac: string | null;
  readonly ip: string | null;
  readonly hostname: string | null;
  readonly psuSerial: string | null;
  readonly controlBoardSerial: string | null;
  readonly boardSerials: readonly (string | null)[];
}

export interface Position {
  readonly container: string;
  readonly rack: string;
  readonly slot: string;
}

export interface Reading {
  readonly site: string;
  readonly rig: string;
  /** Device clock. */
  readonly deviceTs: number;
  /** Journal clock. */
  readonly receivedTs: number;
  /** Counts up by one within a boot; null where the dialect has none. */
  readonly seq: number | null;
  readonly boot: string | null;
  readonly tier: TrustTier;
  /** The file in formats/ that read it. */
  readonly format: string;
  readonly measured: Measured;
  /** Only what is not plainly ok or missing: dotted path → quality, e.g. {"boards.1.boardC":"sentinel"}. */
  readonly quality: Readonly<Record<string, Quality>>;
  /** Present where the dialect tells identity along with the values. */
  readonly identity: Identity | null;
}

export const ENERGY_SOURCES = ["grid", "solar", "wind", "hydro", "gas", "battery"] as const;
export type EnergySource = (typeof ENERGY_SOURCES)[number];

/** One message of a site's meter. */
export interface EnergyReading {
  readonly site: string;
  readonly meter: string;
  readonly deviceTs: number;
  readonly receivedTs: number;
  readonly seq: number | null;
  readonly boot: string | null;
  /** Measured at the site's feed. */
  readonly meteredW: number;
  /** What each source gives now; a charging battery is negative. Absent source = 0. */
  readonly sourcesW: Readonly<Partial<Record<EnergySource, number>>>;
  /** Of the grid's part. */
  readonly gridGco2ePerKwh: number | null;
  readonly pricePerKwh: number | null;
  readonly currency: string | null;
  readonly ambientC: number | null;
}

/** A Measured with nothing in it, to spread over. */
export const NOTHING_MEASURED: Measured = Object.freeze({
  mode: "unknown",
  hashrateThs: null,
  averageThs: null,
  expectedThs: null,
  powerW: null,
  powerLimitW: null,
  intakeC: null,
  outletC: null,
  boardC: null,
  chipC: null,
  psuC: null,
  voltageV: null,
  frequencyMhz: null,
  fanPct: null,
  accepted: null,
  rejected: null,
  stale: null,
  hwErrors: null,
  hwErrorPct: null,
  uptimeS: null,
  fans: [],
  boards: [],
  pools: [],
  errors: [],
});

/** An Identity with nothing in it, to spread over. */
export const NO_IDENTITY: Identity = Object.freeze({
  make: null,
  model: null,
  firmware: null,
  serial: null,
  mac: null,
  ip: null,
  hostname: null,
  psuSerial: null,
  controlBoardSerial: null,
  boardSerials: [],
});
