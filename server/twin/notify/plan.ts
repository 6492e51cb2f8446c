/**
 * Who is told what, and when: pure. One message tells of an incident, not of each of its members; what is short, slight or too much at
 * once is told together.
 */
import { activeAlarms, type AlarmBook } from "../alarms/book.ts";
import { SEVERITIES, type Severity } from "../alarms/kinds.ts";
import type { Alarm } from "../twin.ts";
import { inHours, minuteOf, wallTime } from "../wall-time.ts";
import type { NewNotice, NoticeEvent, Noted, NotifyBook } from "./book.ts";
import type { NotifyRoute, NotifyRules, NotifySettings } from "./shapes.ts";
import { clean, digestTitle, endLine, linesOf, severalTitle, titleOf, whatLine } from "./words.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** More at once are told in one message. */
const MOST_SINGLE = 3;
const MOST_LINES = 40;

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
const fits = ({ least, sites }: NotifyRoute, { severity, site }: Noted): boolean =>
  rank(severity) >= rank(least) && (sites.length === 0 || sites.includes(site));

/** Nobody need be told again: each alarm of it that still stands was acknowledged, or is put off. */
const isSeen = (ofIncident: ReadonlyMap<string, readonly Alarm[]>, { id }: Noted, nowTs: number): boolean => {
  const standing = ofIncident.get(id) ?? [];
  return (
    standing.length > 0 && standing.every(({ acknowledgedTs, snoozedUntilTs }) => acknowledgedTs !== null || (snoozedUntilTs ?? 0) > nowTs)
  );
};

interface Event {
  readonly event: NoticeEvent;
  readonly noted: Noted;
}

const eventOf = (
  noted: Noted,
  channel: string,
  routes: readonly NotifyRoute[],
  { repeatH, gatherS }: NotifyRules,
  seen: (noted: Noted) => boolean,
  nowTs: number,
): NoticeEvent | null => {
  const told = noted.told[channel];
  if (noted.closedTs !== null) return told === undefined || told.isEnded || noted.isMerged ? null : "cleared";
  if (!routes.some((route) => fits(route, noted))) return null;
  if (told === undefined) return nowTs - noted.openedTs >= gatherS * 1_000 && !seen(noted) ? "opened" : null;
  if (rank(noted.severity) > rank(told.severity)) return seen(noted) ? null : "worse";
  return repeatH > 0 && nowTs - told.ts >= repeatH * HOUR_MS && !seen(noted) ? "repeat" : null;
};

const single = ({ event, noted }: Event, channel: string, nowTs: number): NewNotice => ({
  id: `${channel}/${noted.id}/${event}/${event === "opened" || event === "cleared" ? noted.openedTs : nowTs}`,
  channel,
  event,
  severity: noted.severity,
  title: titleOf(event, noted),
  lines: linesOf(event, noted, nowTs),
  about: [{ incident: noted.id, isEnd: event === "cleared" }],
});

const gravest = (all: readonly Noted[]): Severity =>
  all.reduce<Severity>((most, { severity }) => (rank(severity) > rank(most) ? severity : most), "info");

const together = (events: readonly Event[], channel: string, nowTs: number): NewNotice => {
  const graveFirst = events.toSorted((a, b) => rank(b.noted.severity) - rank(a.noted.severity));
  const lines = graveFirst.map(({ event, noted }) => (event === "cleared" ? endLine(noted) : whatLine(noted)));
  return {
    id: `${channel}/several/${nowTs}`,
    channel,
    event: "several",
    severity: gravest(events.map(({ noted }) => noted)),
    title: severalTitle(events.length),
    lines: [...lines.slice(0, MOST_LINES), ...(lines.length > MOST_LINES ? [`and ${lines.length - MOST_LINES} more`] : [])],
    about: events.map(({ event, noted }) => ({ incident: noted.id, isEnd: event === "cleared" })),
  };
};

/** The last moment at which a digest was due, ms UTC. */
const digestDue = ({ digestAt, zone }: NotifyRules, nowTs: number): number => {
  const { minute } = wallTime(nowTs, zone);
  return Math.floor(nowTs / MINUTE_MS) * MINUTE_MS - ((minute - minuteOf(digestAt) + 1_440) % 1_440) * MINUTE_MS;
};

const digestOf = (book: NotifyBook, settings: NotifySettings, channel: string, nowTs: number): NewNotice | null => {
  const routes = settings.rules.routes.filter((route) => route.channel === channel && route.when === "digest");
  if (routes.length === 0) return null;
  const dueTs = digestDue(settings.rules, nowTs);
  const lastTs = book.digested.get(channel) ?? settings.sinceTs;
  // Clocks that are put forward or back move the hour, never the day.
  if (lastTs > dueTs - 2 * HOUR_MS && lastTs !== settings.sinceTs) return null;
  if (dueTs <= settings.sinceTs) return null;
  const fromTs = Math.max(lastTs, dueTs - 26 * HOUR_MS);
  const found = [...book.noted.values()].filter(
    (noted) =>
      !noted.isMerged && noted.openedTs >= fromTs && noted.told[channel] === undefined && routes.some((route) => fits(route, noted)),
  );
  if (found.length === 0) return null;
  const { id: _, ...rest } = together(
    found.map((noted) => ({ noted, event: noted.closedTs === null ? ("opened" as const) : ("cleared" as const) })),
    channel,
    nowTs,
  );
  return { ...rest, id: `${channel}/digest/${dueTs}`, event: "digest", title: clean(digestTitle(found.length)) };
};

/** What is to be told now; nothing of it is in the book yet. `settings` names the channels that are on. */
export const planNotices = (book: NotifyBook, alarms: AlarmBook, settings: NotifySettings, nowTs: number): NewNotice[] => {
  const { rules } = settings;
  if (book.noted.size === 0 || rules.routes.length === 0) return [];
  const wall = wallTime(nowTs, rules.zone);
  let standing: Map<string, Alarm[]> | null = null;
  const seen = (noted: Noted): boolean => {
    if (standing === null) {
      standing = new Map();
      for (const alarm of activeAlarms(alarms))
        if (alarm.incident !== null) standing.set(alarm.incident, [...(standing.get(alarm.incident) ?? []), alarm]);
    }
    return isSeen(standing, noted, nowTs);
  };
  return settings.channels
    .filter(({ isOn }) => isOn)
    .flatMap(({ id: channel }) => {
      const routes = rules.routes.filter((route) => route.channel === channel && route.when === "at-once" && inHours(route, wall));
      const events = [...book.noted.values()].flatMap((noted): Event[] => {
        const event = eventOf(noted, channel, routes, rules, seen, nowTs);
        return event === null ? [] : [{ event, noted }];
      });
      const digest = digestOf(book, settings, channel, nowTs);
      const lastHour = [...book.notices.values()].filter((each) => each.channel === channel && nowTs - each.queuedTs < HOUR_MS).length;
      const left = rules.perHour - lastHour;
      const digests = digest === null ? [] : [digest];
      if (events.length === 0 || left <= 0) return digests;
      if (events.length <= Math.min(MOST_SINGLE, left)) return [...events.map((event) => single(event, channel, nowTs)), ...digests];
      return [together(events, channel, nowTs), ...digests];
    });
};
