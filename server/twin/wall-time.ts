/** Time of day as a site's own clocks show it. */
const formats = new Map<string, Intl.DateTimeFormat>();
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
};

/** True where `zone` is a name of the IANA time zone database that this engine knows. */
export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
};

export interface WallTime {
  /** 0: Sunday. */
  readonly day: number;
  /** Since local midnight, 0 to 1439. */
  readonly minute: number;
}

/** What the clocks of an IANA `zone` show at `ts` (ms since 1970 UTC). Throws RangeError where there is no such zone. */
export const wallTime = (ts: number, zone: string): WallTime => {
  const told: Record<string, string> = {};
  for (const { type, value } of formatOf(zone).formatToParts(ts)) told[type] = value;
  return {
    day: DAYS.indexOf(told["weekday"] as (typeof DAYS)[number]),
    minute: Number(told["hour"]) * 60 + Number(told["minute"]),
  };
};

/** `HH:MM` as minutes since midnight. */
export const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/** A stretch of each week; `from` = `to` is the whole day, `from` later than `to` reaches over midnight and belongs to the day it began. */
export interface Hours {
  readonly days: readonly number[];
  readonly from: string;
  readonly to: string;
}
export const inHours = ({ days, from, to }: Hours, { day, minute }: WallTime): boolean => {
  const [first, end] = [minuteOf(from), minuteOf(to)];
  if (first === end) return days.includes(day);
  if (first < end) return days.includes(day) && minute >= first && minute < end;
  return (days.includes(day) && minute >= first) || (days.includes((day + 6) % 7) && minute < end);
};
