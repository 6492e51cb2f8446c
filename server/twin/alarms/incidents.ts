/**
 * Alarms of one cause are one incident. Several alarms of a rig are one; alarms of one symptom on most rigs of a rack, a power
 * distribution unit, a gateway, a container, a pool or the site are one, and the smallest of these that explains them is the cause.
 */
import type { Alarm, Twin } from "../twin.ts";
import { activeAlarms, changeAlarm, graver, type AlarmBook } from "./book.ts";
import { ALARM_KINDS, KINDS, type Severity, type Symptom } from "./kinds.ts";
import { CAUSES, type CauseScope, type Incident } from "./incident.ts";
import type { Watch } from "./watch.ts";

/** After its last alarm is cleared, an incident stays open for this long: what comes back then is still the same. */
export const QUIET_MS = 15 * 60_000;
/** Alarms of one cause come within this time of each other. */
const TOGETHER_MS = 20 * 60_000;
const FEWEST_RIGS = 3;
/** Part of a group that must be affected, and part of the affected that the group must explain. */
const AFFECTED_PART = 0.5;
const EXPLAINED_PART = 0.9;
const MOST_MEMBERS = 20_000;

interface Group {
  readonly scope: CauseScope;
  readonly name: string;
  size: number;
}
/** Groups of a rig, smallest kind first. */
const groupsOf = (twin: Twin, watch: Watch | undefined, pduOf: ReadonlyMap<string, string>): { scope: CauseScope; name: string }[] => {
  const groups: { scope: CauseScope; name: string }[] = [];
  if (twin.position !== null) groups.push({ scope: "rack", name: `${twin.position.container} ${twin.position.rack}` });
  const pdu = pduOf.get(twin.rig);
  if (pdu !== undefined) groups.push({ scope: "pdu", name: pdu });
  if (watch !== undefined && watch.gateway !== null) groups.push({ scope: "gateway", name: watch.gateway });
  if (twin.position !== null) groups.push({ scope: "container", name: twin.position.container });
  if (watch !== undefined && watch.pool !== null) groups.push({ scope: "pool", name: watch.pool.known[0]?.split(" ")[0] ?? "" });
  groups.push({ scope: "site", name: twin.site });
  return groups;
};

const mainOf = (alarms: readonly Alarm[]): Alarm | undefined =>
  alarms.toSorted((a, b) => ALARM_KINDS.indexOf(a.kind) - ALARM_KINDS.indexOf(b.kind))[0];

const NAMES: Readonly<Record<CauseScope, string>> = {
  rig: "Rig",
  rack: "Rack",
  pdu: "PDU",
  gateway: "Gateway",
  container: "Container",
  pool: "Pool",
  site: "Site",
  system: "System",
};

const isLoose = (incident: Incident): boolean => incident.closedTs === null;

const join = (book: AlarmBook, incident: Incident, alarm: Alarm, nowTs: number, changedAlarms: Alarm[]): Incident => {
  const next: Incident = {
    ...incident,
    severity: graver(incident.severity, alarm.severity),
    lastTs: nowTs,
    members: incident.members.length >= MOST_MEMBERS ? incident.members : [...incident.members, { rig: alarm.rig, alarm: alarm.id }],
  };
  book.incidents.set(next.id, next);
  const told = changeAlarm(book, alarm.id, (each) => ({ ...each, incident: next.id }));
  if (told !== null) changedAlarms.push(told);
  return next;
};

const open = (
  book: AlarmBook,
  site: string,
  scope: CauseScope,
  name: string,
  symptom: Symptom,
  says: string,
  severity: Severity,
  nowTs: number,
): Incident => {
  const id = `${site}/incident/${scope}/${name.replaceAll(" ", "-")}/${symptom}/${nowTs}`;
  const incident: Incident = {
    id,
    site,
    scope,
    name,
    symptom,
    severity,
    says,
    openedTs: nowTs,
    lastTs: nowTs,
    closedTs: null,
    mergedInto: null,
    members: [],
  };
  book.incidents.set(id, incident);
  return incident;
};

export interface Rollup {
  readonly alarms: Alarm[];
  readonly incidents: Map<string, Incident>;
}

const symptomOf = (alarm: Alarm): Symptom => {
  const { symptom } = KINDS[alarm.kind];
  return symptom === "cooling" ? "heat" : symptom;
};

/** Puts fresh alarms into incidents, rolls up, and closes what has been quiet. Gives what changed. Changes `book`. */
export const rollUp = (book: AlarmBook, twins: ReadonlyMap<string, Twin>, watches: ReadonlyMap<string, Watch>, nowTs: number): Rollup => {
  const out: Rollup = { alarms: [], incidents: new Map() };
  const note = (incident: Incident): void => void out.incidents.set(incident.id, incident);
  if (book.fresh.length > 0) {
    const fresh = new Set(book.fresh);
    book.fresh = [];
    const active = activeAlarms(book);
    const pduOf = new Map([...book.pdus].flatMap(([pdu, rigs]) => rigs.map((rig): [string, string] => [rig, pdu])));
    for (const alarm of active) if (fresh.has(alarm.id)) note(place(book, alarm, twins, watches, pduOf, nowTs, out.alarms));
    for (const symptom of new Set(active.filter(({ id }) => fresh.has(id)).map(symptomOf)))
      gather(book, symptom, activeAlarms(book), twins, watches, pduOf, nowTs, out, note);
  }
  if (book.incidents.size > 0) close(book, nowTs, note);
  return out;
};

const place = (
  book: AlarmBook,
  alarm: Alarm,
  twins: ReadonlyMap<string, Twin>,
  watches: ReadonlyMap<string, Watch>,
  pduOf: ReadonlyMap<string, string>,
  nowTs: number,
  changed: Alarm[],
): Incident => {
  const twin = twins.get(alarm.rig);
  const symptom = symptomOf(alarm);
  const groups = twin === undefined ? [] : groupsOf(twin, watches.get(alarm.rig), pduOf);
  const open_ = [...book.incidents.values()].filter(isLoose);
  const whole = open_.find(
    (incident) => incident.symptom === symptom && groups.some(({ scope, name }) => scope === incident.scope && name === incident.name),
  );
  const byRig = open_.find((incident) => incident.members.some(({ rig }) => rig === alarm.rig));
  const scope: CauseScope = alarm.scope === "rig" ? "rig" : alarm.scope;
  const found =
    whole ??
    byRig ??
    open(book, alarm.site, scope, alarm.rig, symptom, `${NAMES[scope]} ${alarm.rig}: ${alarm.message}`, alarm.severity, nowTs);
  return join(book, found, alarm, nowTs, changed);
};

/** Where most rigs of a group show one symptom, that group is the cause. */
const gather = (
  book: AlarmBook,
  symptom: Symptom,
  active: readonly Alarm[],
  twins: ReadonlyMap<string, Twin>,
  watches: ReadonlyMap<string, Watch>,
  pduOf: ReadonlyMap<string, string>,
  nowTs: number,
  out: Rollup,
  note: (incident: Incident) => void,
): void => {
  const mine = active.filter(
    (alarm) => symptomOf(alarm) === symptom && alarm.scope === "rig" && nowTs - alarm.raisedTs <= TOGETHER_MS && !isGathered(book, alarm),
  );
  const affected = new Set(mine.map(({ rig }) => rig));
  if (affected.size < FEWEST_RIGS) return;
  const groups = new Map<string, Group & { rigs: Set<string> }>();
  for (const twin of twins.values()) {
    for (const { scope, name } of groupsOf(twin, watches.get(twin.rig), pduOf)) {
      const key = `${scope}/${name}`;
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { scope, name, size: 0, rigs: new Set() }));
      group.size += 1;
      if (affected.has(twin.rig)) group.rigs.add(twin.rig);
    }
  }
  const fits = [...groups.values()]
    .filter(({ rigs, size }) => rigs.size >= FEWEST_RIGS && rigs.size >= size * AFFECTED_PART)
    .toSorted((a, b) => CAUSES.indexOf(a.scope) - CAUSES.indexOf(b.scope) || a.size - b.size);
  const silent = [...book.incidents.values()].find(
    (incident) => isLoose(incident) && incident.scope === "gateway" && symptom === "silence",
  );
  const whole =
    (silent === undefined ? undefined : fits.find(({ scope, name }) => scope === "gateway" && name === silent.name)) ??
    fits.find(({ rigs }) => rigs.size >= affected.size * EXPLAINED_PART);
  const chosen = whole === undefined ? fits : [whole];
  const taken = new Set<string>();
  for (const group of chosen) {
    const left = [...group.rigs].filter((rig) => !taken.has(rig));
    if (left.length < FEWEST_RIGS) continue;
    left.forEach((rig) => taken.add(rig));
    const alarms = mine.filter(({ rig }) => left.includes(rig));
    const main = mainOf(alarms);
    if (main === undefined) continue;
    const says = `${NAMES[group.scope]} ${group.name}: ${left.length} of ${group.size} rigs, ${main.message}`;
    let incident =
      group.scope === "gateway" && silent?.name === group.name
        ? silent
        : open(book, main.site, group.scope, group.name, symptom, says, main.severity, Math.min(...alarms.map(({ raisedTs }) => raisedTs)));
    for (const alarm of alarms) {
      const before = alarm.incident === null ? undefined : book.incidents.get(alarm.incident);
      if (before !== undefined && before.id !== incident.id) {
        const merged = { ...before, closedTs: nowTs, mergedInto: incident.id };
        book.incidents.delete(before.id);
        note(merged);
      }
      incident = join(book, incident, alarm, nowTs, out.alarms);
    }
    note(incident);
  }
};

const isGathered = (book: AlarmBook, alarm: Alarm): boolean => {
  const incident = alarm.incident === null ? undefined : book.incidents.get(alarm.incident);
  return incident !== undefined && incident.scope !== "rig";
};

const close = (book: AlarmBook, nowTs: number, note: (incident: Incident) => void): void => {
  const active = new Set<string>();
  for (const mine of book.held.values())
    for (const held of Object.values(mine)) if ((held.alarm?.incident ?? null) !== null) active.add(held.alarm?.incident ?? "");
  for (const incident of book.incidents.values()) {
    if (active.has(incident.id)) {
      if (incident.lastTs < nowTs - 1_000) book.incidents.set(incident.id, { ...incident, lastTs: nowTs });
      continue;
    }
    if (nowTs - incident.lastTs < QUIET_MS) continue;
    book.incidents.delete(incident.id);
    note({ ...incident, closedTs: incident.lastTs });
  }
};
