/**
 * Alarms of one cause are one incident. Several alarms of a rig are one; alarms of one symptom on most rigs of a rack, a power
 * distribution unit, a gateway, a container, a pool or the site are one, and the smallest of these that explains them is the cause. What
 * began in a rack and turns out to be the container's, or the weather's, is told as that: the smaller incidents are merged into it.
 */
import type { Alarm, Twin } from "../twin.ts";
import { activeAlarms, changeAlarm, graver, type AlarmBook } from "./book.ts";
import { groupsOf, isPartOf, keyOf, pdusByRig, type Group } from "./groups.ts";
import { ALARM_KINDS, KINDS, type Severity, type Symptom } from "./kinds.ts";
import type { CauseScope, Incident } from "./incident.ts";
import type { Watch } from "./watch.ts";

/** After its last alarm is cleared, an incident stays open for this long: what comes back then is still the same. */
export const QUIET_MS = 15 * 60_000;
/** Alarms of one cause come within this time of each other. */
const TOGETHER_MS = 20 * 60_000;
/** A gateway that falls silent and rigs that do so within this time, of which nobody told by whom they come, are one. */
const GATEWAY_MS = 5 * 60_000;
const FEWEST_RIGS = 3;
/** Part of a group that must be affected, and part of the affected that the group must explain. */
const AFFECTED_PART = 0.5;
const EXPLAINED_PART = 0.9;
const MOST_MEMBERS = 20_000;

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

export interface Rollup {
  readonly alarms: Alarm[];
  readonly incidents: Map<string, Incident>;
}

/** One rolling up: the book, what is around it, and what changed. */
interface Roll {
  readonly book: AlarmBook;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly watches: ReadonlyMap<string, Watch>;
  readonly pduOf: ReadonlyMap<string, string>;
  readonly nowTs: number;
  readonly out: Rollup;
  /** Open ones: by symptom and group, and those of which a rig is a member. */
  readonly byGroup: Map<string, string>;
  readonly byRig: Map<string, Set<string>>;
}

const symptomOf = ({ kind }: Alarm): Symptom => {
  const { symptom } = KINDS[kind];
  return symptom === "cooling" ? "heat" : symptom;
};
const groupKey = (symptom: Symptom, group: Group): string => `${symptom}/${keyOf(group)}`;
const isGroup = ({ scope }: Incident): boolean => scope !== "rig" && scope !== "system";
const mainOf = (alarms: readonly Alarm[]): Alarm | undefined =>
  alarms.toSorted((a, b) => ALARM_KINDS.indexOf(a.kind) - ALARM_KINDS.indexOf(b.kind))[0];

const put = ({ book, out }: Roll, incident: Incident): Incident => {
  book.incidents.set(incident.id, incident);
  out.incidents.set(incident.id, incident);
  return incident;
};

const noteMember = (byRig: Map<string, Set<string>>, rig: string, incident: string): void => {
  const mine = byRig.get(rig);
  if (mine === undefined) byRig.set(rig, new Set([incident]));
  else mine.add(incident);
};

const open = (roll: Roll, site: string, group: Group, symptom: Symptom, severity: Severity, openedTs: number, says: string): Incident => {
  const { scope, name } = group;
  const id = `${site}/incident/${scope}/${name.replaceAll(" ", "-")}/${symptom}/${openedTs}`;
  if (scope !== "rig") roll.byGroup.set(groupKey(symptom, group), id);
  return put(roll, {
    id,
    site,
    scope,
    name,
    symptom,
    severity,
    says,
    openedTs,
    lastTs: roll.nowTs,
    closedTs: null,
    mergedInto: null,
    members: [],
  });
};

/** Members are added in one go: thousands of alarms of one cause come within one tick. */
const join = (roll: Roll, incident: Incident, alarms: readonly Alarm[]): Incident => {
  const { book, nowTs, out } = roll;
  const known = new Set(incident.members.map(({ alarm }) => alarm));
  const members = [...incident.members];
  let { severity } = incident;
  for (const { id, rig, severity: its } of alarms) {
    severity = graver(severity, its);
    if (!known.has(id) && members.length < MOST_MEMBERS) members.push({ rig, alarm: id });
    noteMember(roll.byRig, rig, incident.id);
    const told = changeAlarm(book, id, (each) => ({ ...each, incident: incident.id }));
    if (told !== null) out.alarms.push(told);
  }
  return put(roll, { ...incident, severity, lastTs: nowTs, members });
};

/** The incident goes into another: its active alarms move, and it is closed. */
const merge = (roll: Roll, from: Incident, into: Incident, active: readonly Alarm[]): Incident => {
  const { book, nowTs, out, byGroup } = roll;
  if (from.id === into.id) return into;
  book.incidents.delete(from.id);
  out.incidents.set(from.id, { ...from, closedTs: nowTs, mergedInto: into.id });
  if (byGroup.get(groupKey(from.symptom, from)) === from.id) byGroup.delete(groupKey(from.symptom, from));
  for (const { rig } of from.members) roll.byRig.get(rig)?.delete(from.id);
  return join(
    roll,
    into,
    active.filter(({ incident }) => incident === from.id),
  );
};

const groupsOfRig = ({ twins, watches, pduOf }: Roll, symptom: Symptom, rig: string): Group[] => {
  const twin = twins.get(rig);
  return twin === undefined ? [] : groupsOf(symptom, twin, watches.get(rig), pduOf);
};

const openOf = ({ book }: Roll, id: string | undefined): Incident | undefined => (id === undefined ? undefined : book.incidents.get(id));

/** The open incident that an alarm belongs to: its group's, one of which it follows, or its rig's. */
const homeOf = (roll: Roll, alarm: Alarm, symptom: Symptom): Incident | undefined => {
  for (const group of groupsOfRig(roll, symptom, alarm.rig)) {
    const whole = openOf(roll, roll.byGroup.get(groupKey(symptom, group)));
    if (whole !== undefined) return whole;
  }
  const mine = [...(roll.byRig.get(alarm.rig) ?? [])].flatMap((id) => openOf(roll, id) ?? []);
  return mine.find((incident) => isGroup(incident) && isPartOf(symptom, incident.symptom)) ?? mine.find((incident) => !isGroup(incident));
};

const place = (roll: Roll, alarm: Alarm): void => {
  const symptom = symptomOf(alarm);
  const { site, rig, severity, message } = alarm;
  const scope: CauseScope = alarm.scope;
  const found =
    homeOf(roll, alarm, symptom) ??
    open(roll, site, { scope, name: rig }, symptom, severity, roll.nowTs, `${NAMES[scope]} ${rig}: ${message}`);
  join(roll, found, [alarm]);
};

interface Counted extends Group {
  size: number;
  readonly rigs: Set<string>;
}
/** All groups of the site that may be the cause of a symptom, with the affected rigs in each. */
const countGroups = (roll: Roll, symptom: Symptom, affected: ReadonlySet<string>): Counted[] => {
  const groups = new Map<string, Counted>();
  for (const twin of roll.twins.values())
    for (const one of groupsOf(symptom, twin, roll.watches.get(twin.rig), roll.pduOf)) {
      let group = groups.get(keyOf(one));
      if (group === undefined) groups.set(keyOf(one), (group = { ...one, size: 0, rigs: new Set() }));
      group.size += 1;
      if (affected.has(twin.rig)) group.rigs.add(twin.rig);
    }
  return [...groups.values()];
};
const fitting = (groups: readonly Counted[]): Counted[] =>
  groups.filter(({ rigs, size }) => rigs.size >= FEWEST_RIGS && rigs.size >= size * AFFECTED_PART);

const isNamed = ({ watches }: Roll, rigs: Iterable<string>, gateway: string): boolean => {
  for (const rig of rigs) if ((watches.get(rig)?.gateway ?? gateway) !== gateway) return false;
  return true;
};

/** The gateway that fell silent with these rigs, where there is just one that it can have been. */
const silentGateway = (roll: Roll, rigs: Iterable<string>, sinceTs: number): Incident | undefined => {
  const all = [...rigs];
  const may = [...roll.book.incidents.values()].filter(
    ({ scope, symptom, openedTs, name }) =>
      scope === "gateway" && symptom === "silence" && Math.abs(openedTs - sinceTs) <= GATEWAY_MS && isNamed(roll, all, name),
  );
  return may.length === 1 ? may[0] : undefined;
};

/** Makes one incident of a group's alarms; what those were told in before goes into it. */
const bring = (roll: Roll, group: Counted, alarms: readonly Alarm[], symptom: Symptom, active: readonly Alarm[]): void => {
  const main = mainOf(alarms);
  if (main === undefined) return;
  const sinceTs = Math.min(...alarms.map(({ raisedTs }) => raisedTs));
  const rigs = new Set(alarms.map(({ rig }) => rig));
  const says = `${NAMES[group.scope]} ${group.name}: ${rigs.size} of ${group.size} rigs, ${main.message}`;
  const gateway = symptom === "silence" ? silentGateway(roll, rigs, sinceTs) : undefined;
  const known = gateway ?? openOf(roll, roll.byGroup.get(groupKey(symptom, group)));
  let into = known ?? open(roll, main.site, group, symptom, main.severity, sinceTs, says);
  if (gateway !== undefined)
    into = put(roll, { ...into, says: `Gateway ${gateway.name}: its connection broke, ${rigs.size} rigs with it.` });
  else if (known !== undefined) into = put(roll, { ...into, says });
  const before = new Set(alarms.flatMap(({ incident }) => openOf(roll, incident ?? undefined) ?? []));
  into = join(roll, into, alarms);
  const moved = new Set(alarms.map(({ id }) => id));
  for (const from of before) {
    if (from.id === into.id) continue;
    // A rig that had something else as well keeps that as its own incident.
    const rest = active.filter((alarm) => alarm.incident === from.id && !moved.has(alarm.id));
    if (isGroup(from) || rest.every((alarm) => isPartOf(symptomOf(alarm), symptom))) into = merge(roll, from, into, active);
  }
};

/** Where most rigs of a group show one symptom, that group is the cause. */
const gather = (roll: Roll, symptom: Symptom, active: readonly Alarm[]): void => {
  const { nowTs } = roll;
  const same = active.filter((alarm) => alarm.scope === "rig" && symptomOf(alarm) === symptom);
  const isFresh = ({ raisedTs }: Alarm): boolean => nowTs - raisedTs <= TOGETHER_MS;
  const groupOf = ({ incident }: Alarm): Incident | undefined => {
    const found = openOf(roll, incident ?? undefined);
    return found !== undefined && isGroup(found) ? found : undefined;
  };
  // A group to which something was added lately is still growing: it may be part of something larger.
  const growing = new Set(same.filter(isFresh).flatMap((alarm) => groupOf(alarm)?.id ?? []));
  const all = same.filter((alarm) => growing.has(groupOf(alarm)?.id ?? "") || isFresh(alarm));
  const affected = new Set(all.map(({ rig }) => rig));
  if (affected.size < FEWEST_RIGS) return;
  const groups = countGroups(roll, symptom, affected);
  const whole = fitting(groups).find(({ rigs }) => rigs.size >= affected.size * EXPLAINED_PART);
  if (whole !== undefined) {
    bring(
      roll,
      whole,
      all.filter(({ rig }) => whole.rigs.has(rig)),
      symptom,
      active,
    );
    return;
  }
  const taken = new Set<string>();
  const loose = all.filter((alarm) => groupOf(alarm) === undefined);
  for (const group of fitting(countGroups(roll, symptom, new Set(loose.map(({ rig }) => rig))))) {
    const alarms = loose.filter(({ rig }) => group.rigs.has(rig) && !taken.has(rig));
    if (new Set(alarms.map(({ rig }) => rig)).size < FEWEST_RIGS) continue;
    for (const { rig } of alarms) taken.add(rig);
    bring(roll, group, alarms, symptom, active);
  }
};

/** A gateway that is found silent after its rigs were: theirs was its silence. */
const claimRigs = (roll: Roll, alarm: Alarm, active: readonly Alarm[]): void => {
  const incident = openOf(roll, activeIncident(active, alarm.id));
  if (incident === undefined) return;
  const may = [...roll.book.incidents.values()].filter(
    (other) =>
      isGroup(other) &&
      other.scope !== "gateway" &&
      other.symptom === "silence" &&
      Math.abs(other.openedTs - incident.openedTs) <= GATEWAY_MS &&
      isNamed(
        roll,
        other.members.map(({ rig }) => rig),
        alarm.rig,
      ),
  );
  const [only] = may;
  if (may.length === 1 && only !== undefined) merge(roll, only, incident, active);
};
const activeIncident = (active: readonly Alarm[], id: string): string | undefined =>
  active.find((alarm) => alarm.id === id)?.incident ?? undefined;

const startRoll = (book: AlarmBook, twins: Roll["twins"], watches: Roll["watches"], nowTs: number, out: Rollup): Roll => {
  const byGroup = new Map<string, string>();
  const byRig = new Map<string, Set<string>>();
  for (const incident of book.incidents.values()) {
    if (isGroup(incident)) byGroup.set(groupKey(incident.symptom, incident), incident.id);
    for (const { rig } of incident.members) noteMember(byRig, rig, incident.id);
  }
  return { book, twins, watches, pduOf: pdusByRig(book.pdus), nowTs, out, byGroup, byRig };
};

/** Puts fresh alarms into incidents, rolls up, and closes what has been quiet. Gives what changed. Changes `book`. */
export const rollUp = (book: AlarmBook, twins: ReadonlyMap<string, Twin>, watches: ReadonlyMap<string, Watch>, nowTs: number): Rollup => {
  const out: Rollup = { alarms: [], incidents: new Map() };
  if (book.fresh.length > 0) {
    const ids = new Set(book.fresh);
    book.fresh = [];
    const roll = startRoll(book, twins, watches, nowTs, out);
    const fresh = activeAlarms(book).filter(({ id }) => ids.has(id));
    for (const alarm of fresh) place(roll, alarm);
    for (const symptom of new Set(fresh.map(symptomOf))) gather(roll, symptom, activeAlarms(book));
    for (const alarm of fresh) if (alarm.kind === "gateway-silent") claimRigs(roll, alarm, activeAlarms(book));
  }
  if (book.incidents.size > 0) close(book, nowTs, out);
  return out;
};

const close = (book: AlarmBook, nowTs: number, out: Rollup): void => {
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
    out.incidents.set(incident.id, { ...incident, closedTs: incident.lastTs });
  }
};
