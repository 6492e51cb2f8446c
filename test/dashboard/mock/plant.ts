/** A made-up farm whose every figure is a function of rig and time, so that live and replay agree. */
import type { LiveRow, RosterRow } from "../../../server/twin/delta.ts";
import { NOTHING_MEASURED, NO_IDENTITY, type BoardReading, type ChipReading, type Measured } from "../../../server/twin/reading.ts";
import {
  RIG_STATES,
  type Alarm,
  type Nameplate,
  type RigState,
  type Severity,
  type SiteTotals,
  type Twin,
} from "../../../server/twin/twin.ts";

export const SITE = "fjord-1";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Model {
  readonly make: string;
  readonly model: string;
  readonly id: string;
  readonly plate: Nameplate;
  readonly firmware: string;
}
const MODELS: readonly Model[] = [
  {
    make: "Bitmain",
    model: "Antminer S21",
    id: "s21",
    plate: { hashrateThs: 200, powerW: 3_500, boards: 3, chips: 108, fans: 4 },
    firmware: "2024-08-14",
  },
  {
    make: "Bitmain",
    model: "Antminer S19 XP",
    id: "s19xp",
    plate: { hashrateThs: 140, powerW: 3_010, boards: 3, chips: 110, fans: 4 },
    firmware: "BOS 25.07",
  },
  {
    make: "MicroBT",
    model: "Whatsminer M60S",
    id: "m60s",
    plate: { hashrateThs: 186, powerW: 3_441, boards: 3, chips: 215, fans: 2 },
    firmware: "20250612.11",
  },
  {
    make: "Bitmain",
    model: "Antminer S19k Pro",
    id: "s19kpro",
    plate: { hashrateThs: 120, powerW: 2_760, boards: 3, chips: 77, fans: 4 },
    firmware: "LUXminer 2025.9",
  },
];

/** 0..1 from two whole numbers, always the same. */
export const chance = (a: number, b: number): number => {
  let x = Math.imul(a + 0x9e37, 0x85ebca6b) ^ Math.imul(b + 0x79b9, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x27d4eb2f);
  return ((x ^ (x >>> 13)) >>> 0) / 0xffffffff;
};
const smooth = (seed: number, ts: number, periodMs: number): number => {
  const at = ts / periodMs;
  const low = Math.floor(at);
  const t = at - low;
  const ease = t * t * (3 - 2 * t);
  return chance(seed, low) * (1 - ease) + chance(seed, low + 1) * ease - 0.5;
};

const SLOTS = 12;
const RACKS = 6;
const PER_CONTAINER = SLOTS * RACKS;
const two = (n: number): string => String(n).padStart(2, "0");
export const nameOf = (i: number): string =>
  `${"abcdefghijklmnopqrstuvwxyz"[Math.floor(i / PER_CONTAINER) % 26]}${Math.floor(i / PER_CONTAINER / 26) || ""}-r${Math.floor((i % PER_CONTAINER) / SLOTS) + 1}-${two((i % SLOTS) + 1)}`;
const modelOf = (i: number): Model => MODELS[Math.floor(i / PER_CONTAINER) % MODELS.length] as Model;
const serialOf = (i: number): string => `${modelOf(i).id.toUpperCase()}${String(410_000 + i * 37)}`;
const macOf = (i: number): string =>
  `02:4d:1a:${two(Math.floor(i / 65_536) % 100)}:${(Math.floor(i / 256) % 256).toString(16).padStart(2, "0")}:${(i % 256).toString(16).padStart(2, "0")}`;

export const rosterRow = (i: number, tokens: ReadonlyMap<number, number>): RosterRow => ({
  index: i,
  site: SITE,
  rig: nameOf(i),
  make: modelOf(i).make,
  model: modelOf(i).model,
  nameplateThs: modelOf(i).plate.hashrateThs,
  nameplateW: modelOf(i).plate.powerW,
  position:
    i % 97 === 96
      ? null
      : {
          container: `Container ${"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[Math.floor(i / PER_CONTAINER) % 26]}${Math.floor(i / PER_CONTAINER / 26) || ""}`,
          rack: String(Math.floor((i % PER_CONTAINER) / SLOTS) + 1),
          slot: two((i % SLOTS) + 1),
        },
  tokenId: tokens.get(i) ?? null,
  tier: i % 5 === 0 ? "gateway-signed" : "self-reported",
  serial: serialOf(i),
  mac: macOf(i),
  ip: `10.21.${Math.floor(i / 250)}.${(i % 250) + 2}`,
  firmware: modelOf(i).firmware,
});

/** °C outside: coldest at five, warmest at seventeen hours UTC. */
export const ambientC = (ts: number): number => 7 + 5 * Math.sin(((ts % DAY) / DAY) * 2 * Math.PI - 2.9) + 2 * smooth(7, ts, 3 * HOUR);

/** What a rig is doing at a time; the odd ones are odd in the last hours so that the alarms have something to say. */
export const stateOf = (i: number, ts: number, now: number): RigState => {
  const age = now - ts;
  const odd = i % 97;
  if (odd === 11) return age < 41 * 60_000 ? "offline" : "hashing";
  if (odd === 23) return age < 3 * HOUR ? "low" : "hashing";
  if (odd === 38) return age < 12 * 60_000 ? "hung" : "hashing";
  if (odd === 47) return "paused";
  if (odd === 59) return age < 9 * 60_000 ? "tuning" : "hashing";
  if (odd === 71) return age < 5 * HOUR ? "fault" : "hashing";
  if (odd === 96) return "new";
  return "hashing";
};
const SHARE: Readonly<Record<RigState, number>> = {
  new: 0,
  hashing: 1,
  low: 0.61,
  tuning: 0.83,
  paused: 0,
  hung: 0,
  fault: 0.34,
  offline: 0,
};

export interface Figures {
  readonly hashrateThs: number | null;
  readonly powerW: number | null;
  readonly boardC: number | null;
  readonly chipC: number | null;
  readonly intakeC: number | null;
  readonly fanRpm: number | null;
}
const NONE: Figures = { hashrateThs: null, powerW: null, boardC: null, chipC: null, intakeC: null, fanRpm: null };

/** One rig's figures at a time (ms UTC); `now` is the farm's newest time, which the odd rigs count back from. */
export const figuresOf = (i: number, ts: number, now: number): Figures => {
  const state = stateOf(i, ts, now);
  if (state === "offline" || state === "new") return NONE;
  const { plate } = modelOf(i);
  const share =
    SHARE[state] * (0.985 + 0.03 * (chance(i, 1) - 0.5) + 0.02 * smooth(i, ts, 600_000) + 0.008 * smooth(i + 5_000, ts, 20_000));
  const load = state === "hung" ? 0.32 : state === "paused" ? 0.02 : 0.12 + 0.9 * share;
  const intake = ambientC(ts) + 14 + 4 * (1 - (i % SLOTS) / SLOTS) + 2 * smooth(i + 900, ts, 900_000);
  const hot = i % 97 === 64 ? 17 : 0;
  const board = intake + load * (34 + 6 * (chance(i, 2) - 0.5)) + hot + 1.2 * smooth(i + 90, ts, 300_000);
  return {
    hashrateThs: plate.hashrateThs * share,
    powerW: plate.powerW * load * (0.99 + 0.03 * (chance(i, 3) - 0.5)),
    intakeC: intake,
    boardC: i % 97 === 30 ? null : board,
    chipC: board + 13 + 2 * chance(i, 4),
    fanRpm: state === "paused" ? 1_800 : 4_300 + 1_500 * load + 120 * smooth(i + 70, ts, 60_000),
  };
};

export interface EnergyNow {
  readonly meteredW: number;
  readonly sourcesW: Readonly<Record<string, number>>;
  /** Of the mix; the grid's own beside it. */
  readonly gco2ePerKwh: number;
  readonly gridGco2ePerKwh: number;
  readonly pricePerKwh: number;
}
/** The site's mix at a time: sun by day, a battery that shifts it, wind, the grid for the rest. */
export const energyOf = (reportedW: number, ts: number): EnergyNow => {
  const meteredW = reportedW * 1.063 + 9_000;
  const hour = (ts % DAY) / HOUR;
  const sun =
    Math.max(0, Math.sin(((hour - 6.5) / 11) * Math.PI)) * (hour > 6.5 && hour < 17.5 ? 1 : 0) * (0.75 + 0.5 * smooth(31, ts, HOUR));
  const solar = meteredW * 0.34 * sun;
  const wind = meteredW * (0.19 + 0.16 * smooth(32, ts, 2 * HOUR));
  const battery = hour > 17.5 && hour < 21 ? meteredW * 0.11 : hour > 11 && hour < 14 ? -meteredW * 0.07 : 0;
  const grid = Math.max(0, meteredW - solar - wind - battery);
  const gridG = 212 + 90 * smooth(33, ts, 3 * HOUR);
  return {
    meteredW,
    sourcesW: { grid, solar, wind, battery },
    gco2ePerKwh: (grid * gridG) / (grid + solar + wind + Math.max(0, battery)),
    gridGco2ePerKwh: gridG,
    pricePerKwh: 0.048 + 0.03 * Math.sin((hour / 24) * 4 * Math.PI) ** 2 + 0.02 * smooth(34, ts, HOUR),
  };
};

const alarmOf = (i: number, state: RigState, boardC: number | null): Severity | null => {
  if (state === "offline") return "major";
  if (state === "hung" || state === "fault") return "critical";
  if (state === "low") return "minor";
  return boardC !== null && boardC > 74 && i % 97 === 64 ? "major" : null;
};
export const liveRow = (i: number, ts: number, now: number): LiveRow => {
  const state = stateOf(i, ts, now);
  const numbers = figuresOf(i, ts, now);
  const silent = state === "offline" ? now - 41 * 60_000 : ts - Math.floor(chance(i, 9) * 5_000);
  return { index: i, numbers, lastSeenTs: state === "new" ? null : silent, state, alarm: alarmOf(i, state, numbers.boardC) };
};

const SAYS = {
  offline: (ts: number) => ({ kind: "offline" as const, message: `No reading for ${Math.round(ts / 60_000)} min (limit 5 min).` }),
  low: (ths: number, plate: number) => ({
    kind: "low-hashrate" as const,
    message: `Hashrate ${ths.toFixed(1)} TH/s, ${Math.round((100 * ths) / plate)} % of the nameplate's ${plate} TH/s, for 10 min (limit 75 %).`,
  }),
  hot: (c: number) => ({ kind: "too-hot" as const, message: `Hottest board ${c.toFixed(1)} °C for 10 min (limit 75 °C).` }),
};
/** The alarms a replay or the live view starts with. */
export const alarmsAt = (rigs: number, ts: number, now: number): Alarm[] => {
  const found: Alarm[] = [];
  const add = (
    i: number,
    severity: Severity,
    sinceTs: number,
    what: { kind: Alarm["kind"]; message: string },
    clearedTs: number | null = null,
    ackBy: string | null = null,
  ): void => {
    if (sinceTs > ts) return;
    const raisedTs = sinceTs + 300_000;
    found.push({
      id: `${SITE}/${nameOf(i)}/${what.kind}/${raisedTs}`,
      site: SITE,
      rig: nameOf(i),
      scope: "rig",
      owner: null,
      comments: [],
      snoozedUntilTs: null,
      incident: null,
      severity,
      sinceTs,
      raisedTs,
      clearedTs: clearedTs !== null && clearedTs <= ts ? clearedTs : null,
      acknowledgedTs: ackBy === null ? null : raisedTs + 240_000,
      acknowledgedBy: ackBy,
      ...what,
    });
  };
  for (let i = 0; i < rigs; i += 1) {
    const plate = modelOf(i).plate.hashrateThs;
    const odd = i % 97;
    if (odd === 11) add(i, "major", now - 41 * 60_000, SAYS.offline(41 * 60_000), null, i > 97 ? "badge-17" : null);
    if (odd === 23) add(i, "minor", now - 3 * HOUR, SAYS.low(plate * 0.6, plate), null, i > 97 ? null : "badge-04");
    if (odd === 38) add(i, "critical", now - 12 * 60_000, SAYS.low(0, plate));
    if (odd === 71) add(i, "critical", now - 5 * HOUR, SAYS.low(plate * 0.34, plate), null, "badge-17");
    if (odd === 64) add(i, "major", now - 2 * HOUR, SAYS.hot(76.4));
    if (odd % 31 === 5)
      add(i, odd % 2 === 0 ? "minor" : "major", now - (6 + odd) * HOUR, SAYS.low(plate * 0.7, plate), now - (5 + odd) * HOUR - 1_200_000);
  }
  return found;
};

/** Site totals at a time from the same rows the feed carries. */
export const totalsOf = (rows: readonly LiveRow[], ts: number, now: number, alarms: readonly Alarm[]): SiteTotals => {
  const byState = Object.fromEntries(RIG_STATES.map((state) => [state, 0])) as Record<RigState, number>;
  const sums = { hashrateThs: 0, nameplateThs: 0, reportedW: 0, board: Number.NaN, chip: Number.NaN };
  for (const row of rows) {
    byState[row.state] += 1;
    sums.nameplateThs += modelOf(row.index).plate.hashrateThs;
    sums.hashrateThs += row.numbers.hashrateThs ?? 0;
    sums.reportedW += row.numbers.powerW ?? 0;
    if (!(sums.board >= (row.numbers.boardC ?? -1))) sums.board = row.numbers.boardC ?? sums.board;
    if (!(sums.chip >= (row.numbers.chipC ?? -1))) sums.chip = row.numbers.chipC ?? sums.chip;
  }
  const energy = energyOf(sums.reportedW, ts);
  const todayKwh = ((energy.meteredW / 1_000) * (ts % DAY)) / HOUR;
  const active = (severity: Severity): number => alarms.filter((alarm) => alarm.severity === severity && alarm.clearedTs === null).length;
  return {
    site: SITE,
    rigs: rows.length,
    byState,
    hashrateThs: sums.hashrateThs,
    nameplateThs: sums.nameplateThs,
    targetThs: 0.98 * sums.nameplateThs,
    reportedW: sums.reportedW,
    meteredW: energy.meteredW,
    meteredTs: ts - ((ts % 10_000) + 400),
    sourcesW: energy.sourcesW,
    gco2ePerKwh: energy.gco2ePerKwh,
    pricePerKwh: energy.pricePerKwh,
    currency: "EUR",
    ambientC: ambientC(ts),
    efficiencyJTh: energy.meteredW / sums.hashrateThs,
    hottestBoardC: sums.board,
    hottestChipC: sums.chip,
    activeAlarms: { info: active("info"), minor: active("minor"), major: active("major"), critical: active("critical") },
    todayKwh,
    todayCost: todayKwh * 0.056,
    todayKgco2e: (todayKwh * energy.gco2ePerKwh) / 1_000,
    told: { mix: "meter", carbon: "meter", price: "meter", today: "meter" },
    asOfTs: Math.min(ts, now),
  };
};

const chipsOf = (i: number, b: number, chipC: number, plate: Nameplate): ChipReading[] =>
  Array.from({ length: plate.chips }, (_, c) => {
    const bad = i % 97 === 23 && b === 1 && c === 41;
    const dead = i % 97 === 71 && b === 2 && c > 60;
    return {
      index: c,
      tempC: dead ? null : chipC - 16 + 15 * (c / plate.chips) + 2 * chance(i * 3 + b, c) + (bad ? 19 : 0),
      hashrateGhs: null,
      frequencyMhz: 525,
      voltageV: null,
      errors: bad ? 318 : Math.floor(3 * chance(c, b)),
      row: Math.floor(c / 18),
      column: c % 18,
      working: !dead,
    };
  });
const boardsOf = (i: number, f: Figures, plate: Nameplate, withChips: boolean): BoardReading[] =>
  Array.from({ length: plate.boards }, (_, b) => {
    const dead = i % 97 === 71 && b === 2;
    const chipC = (f.chipC ?? 60) - 2.2 * (plate.boards - 1 - b);
    return {
      index: b,
      hashrateThs: f.hashrateThs === null ? null : (f.hashrateThs / plate.boards) * (1 + 0.02 * (chance(i, b) - 0.5)),
      expectedThs: plate.hashrateThs / plate.boards,
      boardC: i % 97 === 30 ? null : (f.boardC ?? 60) - 2.2 * (plate.boards - 1 - b),
      chipC,
      inletC: f.intakeC === null ? null : f.intakeC + 9,
      outletC: (f.boardC ?? 60) - 4,
      chips: dead ? 61 : plate.chips,
      expectedChips: plate.chips,
      frequencyMhz: 525,
      voltageV: 13.7 + 0.1 * chance(i, b + 20),
      hwErrors: Math.floor(40 * chance(i, b + 30)),
      serial: `HB${serialOf(i).slice(-6)}${b}`,
      chipMap: withChips ? chipsOf(i, b, chipC, plate) : [],
    };
  });

const measuredOf = (i: number, ts: number, now: number, withChips: boolean): Measured => {
  const state = stateOf(i, ts, now);
  if (state === "new") return NOTHING_MEASURED;
  const f = figuresOf(i, state === "offline" ? now - 42 * 60_000 : ts, now);
  const { plate } = modelOf(i);
  return {
    ...NOTHING_MEASURED,
    mode: state === "paused" ? "paused" : state === "tuning" ? "tuning" : state === "fault" ? "fault" : "mining",
    hashrateThs: f.hashrateThs,
    averageThs: f.hashrateThs === null ? null : f.hashrateThs * 1.004,
    expectedThs: plate.hashrateThs,
    powerW: f.powerW,
    powerLimitW: plate.powerW,
    intakeC: f.intakeC,
    outletC: (f.boardC ?? 60) - 4,
    boardC: f.boardC,
    chipC: f.chipC,
    psuC: 52.4,
    voltageV: 13.72,
    frequencyMhz: 525,
    fanPct: 78,
    accepted: 48_211 + i,
    rejected: 37,
    stale: 12,
    hwErrors: 211,
    hwErrorPct: 0.02,
    uptimeS: 618_000 + i * 60,
    fans: Array.from({ length: plate.fans }, (_, n) => ({
      index: n,
      rpm: i % 97 === 64 && n === 2 ? 0 : Math.round((f.fanRpm ?? 0) + 40 * n),
    })),
    boards: boardsOf(i, f, plate, withChips),
    pools: [
      {
        index: 0,
        url: "stratum+tcp://pool.example:3333",
        worker: `fjord.${nameOf(i)}`,
        active: true,
        alive: true,
        accepted: 48_211 + i,
        rejected: 37,
        stale: 12,
      },
      {
        index: 1,
        url: "stratum+tcp://spare.example:3333",
        worker: `fjord.${nameOf(i)}`,
        active: false,
        alive: true,
        accepted: 0,
        rejected: 0,
        stale: 0,
      },
    ],
    errors:
      state === "fault"
        ? [
            {
              code: "BOARD_CHIPS_MISSING",
              severity: "critical",
              component: "board",
              index: 2,
              raw: "J0:8 chain 2 find 61 asic, expect 110",
            },
          ]
        : i % 97 === 64
          ? [{ code: "FAN_FAILED", severity: "major", component: "fan", index: 2, raw: "fan 3 lost" }]
          : [],
  };
};
export const twinOf = (i: number, ts: number, now: number, tokens: ReadonlyMap<number, number>, withChips = true): Twin => {
  const row = liveRow(i, ts, now);
  const m = modelOf(i);
  const line = rosterRow(i, tokens);
  return {
    site: SITE,
    rig: nameOf(i),
    index: i,
    state: row.state,
    stateSinceTs: row.state === "hashing" ? now - 5 * DAY : now - 41 * 60_000,
    identity: {
      ...NO_IDENTITY,
      make: m.make,
      model: m.model,
      firmware: m.firmware,
      serial: serialOf(i),
      mac: macOf(i),
      ip: line.ip,
      hostname: nameOf(i),
      psuSerial: `PS${serialOf(i).slice(-6)}`,
      controlBoardSerial: `CB${serialOf(i).slice(-6)}`,
      boardSerials: Array.from({ length: m.plate.boards }, (_, b) => `HB${serialOf(i).slice(-6)}${b}`),
    },
    modelId: m.id,
    nameplate: m.plate,
    position: line.position,
    tokenId: line.tokenId,
    tier: line.tier,
    format: "own",
    firstSeenTs: now - 40 * DAY,
    lastSeenTs: row.lastSeenTs,
    lastDeviceTs: row.lastSeenTs === null ? null : row.lastSeenTs - 180,
    skewMs: 180,
    boot: "4f1c",
    lastSeq: 88_120,
    announced: row.state === "offline" ? "lost" : "online",
    latest: measuredOf(i, ts, now, withChips),
    quality:
      i % 97 === 30
        ? {
            boardC: "sentinel",
            "boards.0.boardC": "sentinel",
            "boards.1.boardC": "sentinel",
            "boards.2.boardC": "sentinel",
            psuC: "frozen",
          }
        : {},
    counts: { readings: 691_200, duplicates: 14, late: 3, missed: 22 },
    rev: 700_000,
  };
};
