/** One act on many alarms: an entry of the journal for each, written together. */
import type { AlarmAct } from "../twin/alarms/acts.ts";
import { activeAlarms } from "../twin/alarms/book.ts";
import type { AlarmActs } from "../twin/alarm-bulk.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";

const actOf = (told: AlarmActs, alarm: string): AlarmAct => {
  const { by } = told;
  switch (told.what) {
    case "acknowledge":
      return { what: "acknowledge", alarm, by };
    case "own":
      return { what: "own", alarm, owner: told.owner, by };
    case "comment":
      return { what: "comment", alarm, text: told.text, by };
    case "snooze":
      return { what: "snooze", alarm, untilTs: told.untilTs, by };
  }
};

export const createAlarmBulk = ({
  farm,
  write,
}: {
  readonly farm: () => Farm;
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
}) => ({
  /** Throws Refused NOT_FOUND where it names nothing that is there, JOURNAL_UNAVAILABLE, DISK_FULL. */
  alarmActs: async (told: AlarmActs): Promise<{ alarms: number; unknown: number }> => {
    const active = activeAlarms(farm().alarms);
    const wanted = new Set(told.alarms);
    const incidents = new Set(told.incidents);
    const found = active.filter(({ id, incident }) => wanted.has(id) || (incident !== null && incidents.has(incident)));
    const known = new Set([...found.map(({ id }) => id), ...found.map(({ incident }) => incident ?? "")]);
    const unknown = [...wanted, ...incidents].filter((id) => !known.has(id)).length;
    if (found.length === 0) throw new Refused("NOT_FOUND", "None of these alarms stands any more.");
    const encoder = new TextEncoder();
    await Promise.all(found.map(({ id }) => write(OWN.act, encoder.encode(JSON.stringify(actOf(told, id))))));
    return { alarms: found.length, unknown };
  },
});
