/** Times on the command lines of the recorder and the player. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90s", "1h30m", "250ms", "2d" in milliseconds; null where the text is none. */
export const durationOf = (text: string): number | null => {
  const match = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.exec(text.trim());
  if (match === null) return text.trim() === "0" ? 0 : null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) total += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return Math.round(total);
};

const MOST_TS = 8.64e15;

/** ISO 8601 with its zone, ms since 1970, or a duration that `fromDuration` makes a moment of; ms UTC, null where the text is none. */
export const momentOf = (text: string, fromDuration: (ms: number) => number): number | null => {
  const ms = durationOf(text);
  if (ms !== null) return fromDuration(ms);
  if (/^\d{11,16}$/.test(text)) return Number(text) <= MOST_TS ? Number(text) : null;
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(iso) ? iso : null;
};

/** "1 h 02 min", "3 min 20 s", "4.2 s". */
export const told = (ms: number): string => {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3_600)} h ${String(Math.floor((whole % 3_600) / 60)).padStart(2, "0")} min`;
};
