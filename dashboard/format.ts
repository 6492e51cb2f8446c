/** Figures as people read them: always with a unit, never more digits than were measured. Missing is an en dash. */

/** A value with its unit; `text` alone is for places which show the unit once for all. */
export interface Shown {
  readonly text: string;
  readonly unit: string;
}
export const MISSING = "–";

const formatters = new Map<number, Intl.NumberFormat>();
/** A plain number with that many decimals and thin grouping. */
export const fixed = (value: number | null | undefined, decimals: number): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  let formatter = formatters.get(decimals);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formatters.set(decimals, formatter);
  }
  // A lone minus before a rounded zero says nothing.
  const text = formatter.format(value).replace(/^-(0(?:\.0+)?)$/, "$1");
  return text.replaceAll(",", "\u202f").replace(/^-/, "\u2212");
};
export const count = (value: number | null | undefined): string => fixed(value, 0);

/** From what value on, shown in what unit of how many base units, with how many decimals. */
type Step = readonly [least: number, unit: string, by: number, decimals: number];
const scaled = (value: number, steps: readonly Step[]): Shown => {
  const [, unit, by, decimals] = steps.find(([least]) => Math.abs(value) >= least) ?? (steps[steps.length - 1] as Step);
  return { text: fixed(value / by, decimals), unit };
};
const THS: readonly Step[] = [
  [1_000_000, "EH/s", 1_000_000, 3],
  [1_000, "PH/s", 1_000, 2],
  [10, "TH/s", 1, 1],
  [0, "TH/s", 1, 2],
];
const WATT: readonly Step[] = [
  [1_000_000, "MW", 1_000_000, 2],
  [10_000, "kW", 1_000, 1],
  [0, "W", 1, 0],
];
const KWH: readonly Step[] = [
  [10_000, "MWh", 1_000, 1],
  [100, "kWh", 1, 0],
  [0, "kWh", 1, 1],
];
/** Degrees in which the site has its temperatures shown; measured, kept and filed they are in °C. */
let degrees: "C" | "F" = "C";
export const setDegrees = (wished: "C" | "F"): void => void (degrees = wished);

/** A unit as it is shown here, and how a value in it, and a difference of two, are turned into that. */
export const asShown = (
  unit: string,
): { readonly unit: string; readonly of: (value: number) => number; readonly by: number; readonly plus: number } =>
  unit === "°C" && degrees === "F"
    ? { unit: "°F", of: (c) => c * 1.8 + 32, by: 1.8, plus: 32 }
    : { unit, of: (value) => value, by: 1, plus: 0 };

/** A temperature in a sentence, and whether it is a difference of two. */
const IN_WORDS = /(-?\d+)(\.\d+)? °C( warmer)?/g;
/** A sentence of the server's, which has °C, with temperatures in what the site has them shown in. */
export const inSiteDegrees = (sentence: string): string => {
  const { unit, of, by } = asShown("°C");
  if (unit === "°C") return sentence;
  return sentence.replace(IN_WORDS, (_all, whole: string, part = "", warmer = "") => {
    const c = Number(`${whole}${part}`);
    return `${(warmer === "" ? of(c) : by * c).toFixed(part === "" ? 0 : part.length - 1)} ${unit}${warmer}`;
  });
};

const known = (value: number | null | undefined): value is number => value !== null && value !== undefined && Number.isFinite(value);

/** Takes TH/s. */
export const hashrate = (ths: number | null | undefined): Shown => (known(ths) ? scaled(ths, THS) : { text: MISSING, unit: "TH/s" });
/** Takes W. */
export const power = (w: number | null | undefined): Shown => (known(w) ? scaled(w, WATT) : { text: MISSING, unit: "W" });
/** Takes kWh. */
export const energyKwh = (kwh: number | null | undefined): Shown => (known(kwh) ? scaled(kwh, KWH) : { text: MISSING, unit: "kWh" });
/** Takes °C; gives it in what the site has its temperatures shown in. */
export const celsius = (c: number | null | undefined): Shown => {
  const { unit, of } = asShown("°C");
  return { text: fixed(known(c) ? of(c) : null, 1), unit };
};
export const rpm = (value: number | null | undefined): Shown => ({ text: fixed(value, 0), unit: "RPM" });
export const efficiency = (jth: number | null | undefined): Shown => ({ text: fixed(jth, 1), unit: "J/TH" });
export const percent = (part: number | null | undefined, whole: number | null | undefined, decimals = 1): string =>
  part === null || part === undefined || !whole ? MISSING : `${fixed((100 * part) / whole, decimals)}\u202f%`;
export const together = ({ text, unit }: Shown): string => (text === MISSING ? MISSING : `${text}\u202f${unit}`);

/** A length of time in its two largest units: "4 s", "3 min", "2 h 05 min", "6 d 3 h". Takes ms. */
export const lasting = (ms: number): string => {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 60) return `${s}\u202fs`;
  const min = Math.floor(s / 60);
  if (min < 10 && s % 60 > 0) return `${min}\u202fmin ${s % 60}\u202fs`;
  if (min < 60) return `${min}\u202fmin`;
  const h = Math.floor(min / 60);
  if (h < 48) return min % 60 === 0 ? `${h}\u202fh` : `${h}\u202fh ${min % 60}\u202fmin`;
  const d = Math.floor(h / 24);
  return h % 24 === 0 ? `${d}\u202fd` : `${d}\u202fd ${h % 24}\u202fh`;
};

/** Of the site; undefined: the reader's own. */
let siteZone: string | undefined;
const clockOf = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...(siteZone === undefined ? {} : { timeZone: siteZone }), ...options });
const clocks = () => ({
  time: clockOf({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  minute: clockOf({ hour: "2-digit", minute: "2-digit" }),
  month: clockOf({ day: "numeric", month: "short" }),
  day: clockOf({ year: "numeric", month: "2-digit", day: "2-digit" }),
  zone: clockOf({ timeZoneName: "short" }),
});
let shown = clocks();
/** From now on times are shown in that IANA zone; null: in the reader's. One that this browser does not know changes nothing. */
export const setZone = (zone: string | null): void => {
  if ((zone ?? undefined) === siteZone) return;
  const before = siteZone;
  try {
    siteZone = zone ?? undefined;
    shown = clocks();
  } catch {
    siteZone = before;
  }
};
export const time = (ts: number): string => shown.time.format(ts);
export const minute = (ts: number): string => shown.minute.format(ts);
/** 21 Nov in the zone shown. */
export const dayAndMonth = (ts: number): string => shown.month.format(ts);
/** 2026-11-21 in the zone shown. */
export const day = (ts: number): string => {
  const parts = Object.fromEntries(shown.day.formatToParts(ts).map(({ type, value }) => [type, value]));
  return `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
};
export const dayTime = (ts: number): string => `${day(ts)} ${time(ts)}`;
export const dayMinute = (ts: number): string => `${day(ts)} ${minute(ts)}`;
/** The zone shown in a few letters, e.g. "UTC" or "CET". */
export const zone = (ts: number): string => shown.zone.formatToParts(ts).find(({ type }) => type === "timeZoneName")?.value ?? "";
/** How far the clocks shown are ahead of UTC at that time, ms. */
export const aheadMs = (ts: number): number => Date.parse(`${day(ts)}T${time(ts)}Z`) - Math.floor(ts / 1_000) * 1_000;
export const iso = (ts: number): string => new Date(ts).toISOString();
/** A hash or address, its middle left out. */
export const short = (hex: string, each = 6): string =>
  hex.length <= 2 * each + 5 ? hex : `${hex.slice(0, each + 2)}…${hex.slice(-each)}`;

/** The value of `<input type="datetime-local">` for a time, and back; both in the zone shown. */
export const toField = (ts: number): string => `${day(ts)}T${time(ts)}`;
export const fromField = (text: string): number | null => {
  const wall = Date.parse(`${text}${/T\d\d:\d\d/.test(text) ? "" : "T00:00"}Z`);
  if (!Number.isFinite(wall)) return null;
  // Twice: the first guess may lie beyond a change of the clocks.
  const guess = wall - aheadMs(wall);
  return wall - aheadMs(guess);
};

/** `2026-11-20 14:05`, UTC. */
export const utcMinute = (ts: number): string => new Date(ts).toISOString().slice(0, 16).replace("T", " ");
export const utcDay = (ts: number): string => new Date(ts).toISOString().slice(0, 10);
