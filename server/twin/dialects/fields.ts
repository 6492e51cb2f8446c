/** What a stranger's name for a quantity means, and with which unit; and values so named made into a reading. */
import { num, txt, truth, mac } from "../formats/answers.ts";
import { finish, type BoardDraft, type Draft, type PoolDraft, type Raw, type Read } from "../formats/draft.ts";
import { findModel } from "../models.ts";
import { NO_IDENTITY, type Mode } from "../reading.ts";

/** Every field something can be mapped to, with what one unit of it is called. */
export const FIELDS: Readonly<Record<string, string>> = {
  mode: "",
  hashrateThs: "TH/s",
  averageThs: "TH/s",
  expectedThs: "TH/s",
  powerW: "W",
  powerLimitW: "W",
  intakeC: "°C",
  outletC: "°C",
  boardC: "°C",
  chipC: "°C",
  psuC: "°C",
  voltageV: "V",
  frequencyMhz: "MHz",
  fanPct: "%",
  accepted: "",
  rejected: "",
  stale: "",
  hwErrors: "",
  hwErrorPct: "%",
  uptimeS: "s",
  model: "",
  make: "",
  firmware: "",
  serial: "",
  mac: "",
  worker: "",
  poolUrl: "",
};
const OWN = new Map(Object.keys(FIELDS).map((name) => [name.toLowerCase(), name]));
const BOARD_FIELDS = new Set([
  "hashrateThs",
  "expectedThs",
  "boardC",
  "chipC",
  "intakeC",
  "outletC",
  "frequencyMhz",
  "voltageV",
  "hwErrors",
]);

/** A field, and what a value is to be multiplied with and then added to, to be in its unit. */
export interface Meaning {
  /** One of FIELDS, or "fans.N.rpm", or "boards.N.FIELD". */
  readonly field: string;
  readonly factor: number;
  readonly offset: number;
}

const FACTORS: readonly (readonly [field: RegExp, unit: RegExp, factor: number, offset?: number])[] = [
  [/Ths$/, /^(?:ph|petahash)/, 1e3],
  [/Ths$/, /^(?:th|terahash)/, 1],
  [/Ths$/, /^(?:gh|gigahash)/, 1e-3],
  [/Ths$/, /^(?:mh|megahash)/, 1e-6],
  [/Ths$/, /^(?:kh|kilohash)/, 1e-9],
  [/Ths$/, /^(?:h\/?s|hash)/, 1e-12],
  [/W$/, /^(?:kw|kilowatt)/, 1e3],
  [/W$/, /^(?:w|watt)/, 1],
  [/C$/, /^(?:°?\s*f$|deg_?f|fahrenheit)/, 5 / 9, -160 / 9],
  [/C$/, /^(?:°?\s*c$|deg_?c|celsius)/, 1],
  [/V$/, /^(?:mv|millivolt)/, 1e-3],
  [/V$/, /^(?:v|volt)/, 1],
  [/Mhz$/, /^(?:ghz)/, 1e3],
  [/Mhz$/, /^(?:mhz)/, 1],
  [/Mhz$/, /^(?:khz)/, 1e-3],
  [/Mhz$/, /^(?:hz)/, 1e-6],
  [/S$/, /^(?:ms)$/, 1e-3],
  [/S$/, /^(?:min)/, 60],
  [/S$/, /^(?:h|hours?)$/, 3_600],
  [/S$/, /^(?:d|days?)$/, 86_400],
  [/S$/, /^(?:s|sec)/, 1],
];
/** What is a quantity of degrees, volts and seconds says so even where its unit is not told; rates and powers come in too many. */
const NEEDS_UNIT = /(?:Ths|W|V|Mhz)$/;

const unitOf = (field: string, unit: string): Pick<Meaning, "factor" | "offset"> | null => {
  const told = unit.trim().toLowerCase();
  const found = FACTORS.find(([of, name]) => of.test(field) && name.test(told));
  if (found !== undefined) return { factor: found[2], offset: found[3] ?? 0 };
  return told === "" && !NEEDS_UNIT.test(field) ? { factor: 1, offset: 0 } : null;
};

const NAMES: readonly (readonly [name: RegExp, field: string])[] = [
  [/power.?(?:limit|target|setpoint)/, "powerLimitW"],
  [/hash.?rate.*(?:av|mean|24h|1h|day)|(?:av|mean).*hash.?rate/, "averageThs"],
  [/hash.?rate.*(?:expect|nominal|ideal|factory|nameplate)|(?:expect|nominal|ideal|factory).*hash.?rate/, "expectedThs"],
  [/hash.?rate|\bhr\b|hashing.?speed/, "hashrateThs"],
  [/power.?(?:state|switch|mode|factor|on\b)/, ""],
  [/power|watt|consumption/, "powerW"],
  [/(?:chip|asic|junction).*temp|temp.*(?:chip|asic)/, "chipC"],
  [/(?:psu|vr|regulator).*temp|temp.*(?:psu|vr\b)/, "psuC"],
  [/(?:inlet|intake|ambient|env|in\b).*temp|temp.*(?:inlet|intake|ambient|env)/, "intakeC"],
  [/(?:outlet|exhaust|out\b).*temp|temp.*(?:outlet|exhaust)/, "outletC"],
  [/temp/, "boardC"],
  [/fan.*(?:pct|percent|duty|pwm|%)/, "fanPct"],
  [/volt/, "voltageV"],
  [/freq/, "frequencyMhz"],
  [/uptime|elapsed/, "uptimeS"],
  [/accept/, "accepted"],
  [/reject/, "rejected"],
  [/stale/, "stale"],
  [/(?:hw|hardware).*err.*(?:pct|percent|rate|%)/, "hwErrorPct"],
  [/(?:hw|hardware).*err/, "hwErrors"],
  [/pool.*(?:url|host)|stratum/, "poolUrl"],
  [/worker|pool.*user/, "worker"],
  [/firmware|fw.?ver|software.?ver/, "firmware"],
  [/serial/, "serial"],
  [/\bmac\b/, "mac"],
  [/model|miner.?type/, "model"],
  [/manufacturer|\bmake\b|vendor/, "make"],
  [/is.?mining|mining.?(?:state|status|mode)|miner.?(?:state|status|mode)|^(?:.*[/. ])?mining$|^mode$|^state$|^status$/, "mode"],
];

/** Unit in the name itself: "Hashrate (TH/s)", "power_w", "chip-temp-c". */
const UNIT_IN_NAME =
  /[([]\s*([^)\]]+)\s*[)\]]\s*$|[ _\-./](ph|th|gh|mh|kh)[/_]?s$|[ _\-./](ths|ghs|mhs|khs|phs|kw|w|watts?|c|f|mv|v|mhz|ghz|hz|rpm|pct|percent|s|sec|seconds|ms|min|minutes|hours|days)$/i;

/**
 * What `name` means, with the unit it is told in; null where it means nothing here or its unit is not known, since a rate in the wrong
 * unit is worse than none. `unit` is what the dialect says of it besides, "" where nothing.
 */
export const meaningOf = (name: string, unit = ""): Meaning | null => {
  if (name.length > 200) return null;
  const last = name.split(/[/.:]/).at(-1) ?? name;
  const own = OWN.get(last.toLowerCase());
  const board = /(?:hash.?)?(?:board|chain)s?[ _\-./:]?(\d{1,2})/i.exec(name)?.[1];
  const placed = (field: string): string =>
    board !== undefined && Number(board) < 16 && BOARD_FIELDS.has(field) ? `boards.${Number(board)}.${field}` : field;
  if (own !== undefined && unit === "") return { field: placed(own), factor: 1, offset: 0 };
  const [, inBrackets, rateUnit, suffix] = UNIT_IN_NAME.exec(name) ?? [];
  const told = unit !== "" ? unit : (inBrackets ?? rateUnit ?? suffix ?? "");
  // camelCase is words too
  const plain = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const fan = /fan[ _\-./:]?(\d{1,2})?/.exec(plain);
  if (
    fan !== null &&
    !/temp|pct|percent|duty|pwm/.test(plain) &&
    (/rpm/i.test(told) || /rpm|speed/.test(plain)) &&
    !/%|pct|percent/i.test(told)
  )
    return { field: `fans.${Number(fan[1] ?? 0)}.rpm`, factor: 1, offset: 0 };
  const field = NAMES.find(([pattern]) => pattern.test(plain))?.[1] ?? "";
  if (field === "") return null;
  const scale = unitOf(field, told);
  return scale === null ? null : { field: placed(field), ...scale };
};

const modeOf = (value: unknown): Mode => {
  if (typeof value === "string" && /tun|calib|warm|init|boot/i.test(value)) return "tuning";
  if (typeof value === "string" && /paus|stop|sleep|idle|off|curtail|suspend/i.test(value)) return "paused";
  if (typeof value === "string" && /fail|fault|error/i.test(value)) return "fault";
  if (typeof value === "string" && /min(?:ing|e)|run|hash|normal|on\b|ok/i.test(value)) return "mining";
  const told = truth(value);
  return told === null ? "unknown" : told ? "mining" : "paused";
};

type Numbers = { -readonly [Key in keyof Draft]?: Draft[Key] };

/** Values by field, in the units of the fields, as a reading. Whatever cannot be true becomes unknown, as everywhere. */
export const readFields = (values: ReadonlyMap<string, unknown>): Read => {
  const draft: Record<string, unknown> = {};
  const fans: Raw[] = [];
  const boards = new Map<number, Record<string, unknown>>();
  for (const [field, value] of values) {
    const [kind = "", place = "", inner = ""] = field.split(".");
    if (kind === "fans") fans[Math.min(63, Number(place))] = num(value);
    else if (kind === "boards") {
      const row = boards.get(Number(place)) ?? {};
      row[inner === "intakeC" ? "inletC" : inner] = num(value);
      boards.set(Number(place), row);
    } else if (FIELDS[kind] !== undefined) draft[kind] = value;
  }
  const text = (name: string, most = 128): string | null => txt(draft[name], most);
  const numbers = Object.fromEntries(
    Object.keys(FIELDS)
      .filter(
        (name) =>
          name !== "mode" &&
          draft[name] !== undefined &&
          !["model", "make", "firmware", "serial", "mac", "worker", "poolUrl"].includes(name),
      )
      .map((name) => [name, num(draft[name])]),
  ) as Numbers;
  const model = findModel(text("make"), text("model"));
  const pool: readonly PoolDraft[] =
    text("poolUrl", 512) === null ? [] : [{ url: text("poolUrl", 512), worker: text("worker", 256), active: true }];
  const told = draft["mode"] === undefined ? null : modeOf(draft["mode"]);
  const hashes = typeof numbers["hashrateThs"] === "number" && numbers["hashrateThs"] > 0;
  return finish(
    {
      ...NO_IDENTITY,
      make: model?.make ?? text("make"),
      model: model?.name ?? text("model"),
      firmware: text("firmware"),
      serial: text("serial", 64),
      mac: mac(draft["mac"]),
    },
    {
      ...numbers,
      mode: told ?? (hashes ? "mining" : "unknown"),
      fans: Array.from(fans, (rpm) => rpm ?? null),
      boards: [...boards].sort(([a], [b]) => a - b).map(([index, row]) => ({ ...row, index }) as BoardDraft),
      pools: pool,
    },
    model,
  );
};

/** A value brought into the unit of its field; what is no number stays as it is. */
export const scaled = ({ factor, offset }: Meaning, value: unknown): unknown => {
  if (factor === 1 && offset === 0) return value;
  const number = num(value);
  return number === null ? null : number * factor + offset;
};
