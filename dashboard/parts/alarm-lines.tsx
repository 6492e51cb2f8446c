import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Alarm } from "../../server/twin/twin.ts";
import { inSiteDegrees } from "../format.ts";
import { say } from "../texts.ts";
import { Age, SeverityMark } from "./value.tsx";

/** A short list of alarms, newest first; `bare` on a rig's own page. */
export const AlarmLines = ({ alarms, bare = false }: { readonly alarms: readonly Alarm[]; readonly bare?: boolean }): ReactNode => (
  <div>
    {alarms.map((alarm) => (
      <div key={alarm.id} className={bare ? "alarm-line bare" : "alarm-line"}>
        <SeverityMark severity={alarm.severity} />
        {bare ? null : (
          <Link className="plain-link" to={`/rigs/${encodeURIComponent(alarm.rig)}`}>
            {alarm.rig}
          </Link>
        )}
        <span className="says quiet">{inSiteDegrees(alarm.message)}</span>
        <span className="faint num">
          {alarm.clearedTs === null ? (
            <Link to={`/maintenance/new?alarm=${encodeURIComponent(alarm.id)}`} aria-label={say.alarms.orderFor(alarm.rig)}>
              {say.alarms.order}
            </Link>
          ) : null}{" "}
          {alarm.clearedTs === null ? "" : `${say.alarms.cleared} · `}
          <Age ts={alarm.clearedTs ?? alarm.sinceTs} limitMs={Infinity} />
        </span>
      </div>
    ))}
  </div>
);
