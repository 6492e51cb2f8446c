import { Checkbox } from "@mantine/core";
import { memo, useMemo, useState, type ReactNode } from "react";
import { Link } from "wouter";
import type { Incident } from "../../server/twin/alarms/incident.ts";
import type { Alarm } from "../../server/twin/twin.ts";
import { dayMinute, inSiteDegrees, iso } from "../format.ts";
import { useAlarms, useNowText } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";
import { Comments } from "./comments.tsx";
import { Empty, Panel } from "./panel.tsx";
import { SeverityMark, Since, toned } from "./value.tsx";

const text = alarmText.incidents;
const SHOWN_MEMBERS = 60;

const Members = ({ incident, standing }: { readonly incident: Incident; readonly standing: ReadonlyMap<string, Alarm> }): ReactNode => (
  <ul className="incident-members">
    {incident.members.slice(0, SHOWN_MEMBERS).map(({ rig, alarm: id }) => {
      const alarm = standing.get(id);
      return (
        <li key={id}>
          {alarm !== undefined && alarm.scope !== "rig" ? (
            <b>{rig}</b>
          ) : (
            <Link className="plain-link" to={`/rigs/${encodeURIComponent(rig)}`}>
              <b>{rig}</b>
            </Link>
          )}{" "}
          {alarm === undefined ? (
            <span className="faint">{text.ended}</span>
          ) : (
            <span className="quiet">
              {say.alarmKinds[alarm.kind]}: {inSiteDegrees(alarm.message)}
              {alarm.comments.map((comment) => (
                <span key={comment.ts} className="incident-comment">
                  “{comment.text}” <span className="faint">{comment.by}</span>
                </span>
              ))}
            </span>
          )}
        </li>
      );
    })}
    {incident.members.length > SHOWN_MEMBERS ? <li className="faint">{text.more(incident.members.length - SHOWN_MEMBERS)}</li> : null}
  </ul>
);

/** How its alarms stand: seen by whom, whose, put off. */
const standOf = (alarms: readonly Alarm[], now: number): string => {
  if (alarms.length === 0) return text.closing;
  const seen = alarms.filter(({ acknowledgedTs }) => acknowledgedTs !== null).length;
  const owners = [...new Set(alarms.flatMap(({ owner }) => owner ?? []))];
  const until = alarms.reduce((least, { snoozedUntilTs }) => Math.min(least, snoozedUntilTs ?? 0), Infinity);
  return [
    text.seen(seen, alarms.length),
    owners.length === 0 ? "" : text.owner(owners.join(", ")),
    until > now ? text.snoozed(dayMinute(until)) : "",
  ]
    .filter(Boolean)
    .join(" · ");
};

const Stand = ({ alarms }: { readonly alarms: readonly Alarm[] }): ReactNode => useNowText((now) => standOf(alarms, now));

/** Open incidents, the gravest that nobody has seen first. */
export const Incidents = memo(
  ({
    incidents,
    chosen,
    onChoose,
  }: {
    readonly incidents: readonly Incident[];
    readonly chosen: ReadonlySet<string>;
    /** null: nothing can be done here, as in a replay. */
    readonly onChoose: ((id: string, yes: boolean) => void) | null;
  }): ReactNode => {
    const feed = useAlarms();
    const [open, setOpen] = useState<string | null>(null);
    const standing = useMemo(() => new Map(feed.filter(({ clearedTs }) => clearedTs === null).map((alarm) => [alarm.id, alarm])), [feed]);
    return (
      <Panel title={text.title} note={text.note} flush>
        {incidents.length === 0 ? (
          <Empty title={text.none} />
        ) : (
          <ul className="incidents">
            {incidents.map((incident) => {
              const alarms = incident.members.flatMap(({ alarm }) => standing.get(alarm) ?? []);
              const rigs = new Set(incident.members.map(({ rig }) => rig)).size;
              return (
                <li key={incident.id} className="incident" style={toned(`sev-${incident.severity}`)}>
                  {onChoose === null ? (
                    <span />
                  ) : (
                    <Checkbox
                      size="xs"
                      aria-label={text.pick(incident.says)}
                      checked={chosen.has(incident.id)}
                      onChange={(event) => onChoose(incident.id, event.currentTarget.checked)}
                    />
                  )}
                  <SeverityMark severity={incident.severity} />
                  <div className="what">
                    <b>{incident.says}</b>
                    <br />
                    <span className="quiet">
                      {text.scopes[incident.scope]} {incident.name} · {text.rigs(rigs)} · <Stand alarms={alarms} />
                    </span>
                    <details onToggle={(event) => setOpen(event.currentTarget.open ? incident.id : null)}>
                      <summary>{text.members(incident.members.length)}</summary>
                      <Members incident={incident} standing={standing} />
                      {open === incident.id ? <Comments about={{ of: "incident", incident: incident.id }} /> : null}
                    </details>
                  </div>
                  <span className="quiet when">
                    <time dateTime={iso(incident.openedTs)} title={iso(incident.openedTs)}>
                      {dayMinute(incident.openedTs)}
                    </time>{" "}
                    · <Since ts={incident.openedTs} says={say.alarms.lasts} />
                  </span>
                </li>
              );
            })}
          </ul>
        )}
      </Panel>
    );
  },
);
