import { useMemo, type ReactNode } from "react";
import { Link } from "wouter";
import type { Incident } from "../../server/twin/alarms/incident.ts";
import type { SiteSeriesAnswer } from "../../server/twin/series.ts";
import type { Alarm } from "../../server/twin/twin.ts";
import type { OrderLine } from "../../server/twin/orders/lines.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { celsius, count, fixed, hashrate, power, together } from "../format.ts";
import "../look/picks.css";
import { useAlarms, useAnswer, useOrders, useSpan, useViewClock } from "../site.tsx";
import { changedText as text } from "../texts-changed.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { Answered, Empty, Panel } from "./panel.tsx";
import { RackLine, useRacks } from "./rack-list.tsx";
import { Age, SeverityMark } from "./value.tsx";

const HOUR = 3_600_000;
const POINTS = 60;
/** Of the hour, how much is averaged at either end. */
const EDGE_MS = HOUR / 12;
const KINDS_SHOWN = 5;
const RACKS_SHOWN = 5;
const INCIDENTS_SHOWN = 4;

const meanOf = (values: readonly (number | null)[]): number | null => {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : told.reduce((sum, value) => sum + value, 0) / told.length;
};

interface Moved {
  readonly name: string;
  readonly to: string;
  readonly before: number | null;
  readonly now: number | null;
  readonly shown: (value: number | null) => string;
}
/** Figures at the hour's end beside those at its beginning. */
const movedIn = (series: SiteSeriesAnswer): Moved[] => {
  // Rigs that report every few minutes have few buckets, and the two ends are to have none in common.
  const edge = Math.max(1, Math.min(Math.round(EDGE_MS / series.bucketMs), (series.ts.length - 1) >> 1));
  const ends = (column: readonly (number | null)[]): { before: number | null; now: number | null } => ({
    before: meanOf(column.slice(0, edge)),
    // The newest bucket is still being filled.
    now: meanOf(column.slice(-edge - 1, -1)),
  });
  return [
    { name: say.lines.hashrate, to: "/map?by=hashratePct", ...ends(series.hashrateThs), shown: (value) => together(hashrate(value)) },
    { name: say.lines.power, to: "/energy?range=1h", ...ends(series.powerW), shown: (value) => together(power(value)) },
    { name: text.rigs, to: "/rigs?state=offline,hung,fault", ...ends(series.rigs), shown: (value) => count(value) },
    { name: say.overview.hottest, to: "/map?by=boardC", ...ends(series.boardMaxC), shown: (value) => together(celsius(value)) },
  ];
};

const changeOf = ({ before, now }: Moved): string =>
  before === null || now === null || before === 0 ? "" : `${now >= before ? "+" : ""}${fixed((100 * (now - before)) / before, 1)}\u202f%`;

const byKind = (alarms: readonly Alarm[]): { readonly alarm: Alarm; readonly n: number }[] => {
  const kinds = new Map<string, { alarm: Alarm; n: number }>();
  for (const alarm of alarms) {
    const known = kinds.get(alarm.kind);
    if (known === undefined) kinds.set(alarm.kind, { alarm, n: 1 });
    else known.n += 1;
  }
  return [...kinds.values()].toSorted((a, b) => b.n - a.n);
};
const ordersIn = (orders: readonly OrderLine[], since: number): OrderLine[] =>
  orders.filter(({ changedTs }) => changedTs >= since).toSorted((a, b) => b.changedTs - a.changedTs);

/** What changed in the last hour; each line leads to its detail. */
const Changed = (): ReactNode => {
  const span = useSpan(HOUR, POINTS);
  const view = useViewClock()?.view ?? "live";
  const alarms = useAlarms();
  const orders = useOrders();
  const since = span?.from ?? Infinity;
  const query = span && { from: span.from, to: span.to, points: POINTS };
  const series = useAnswer<SiteSeriesAnswer>(query && { route: ROUTES.siteSeries, query }, null, `hour ${view}`);
  const raised = useMemo(() => byKind(alarms.filter(({ raisedTs }) => raisedTs >= since)), [alarms, since]);
  const cleared = alarms.filter(({ clearedTs }) => clearedTs !== null && clearedTs >= since).length;
  const moved = useMemo(() => ordersIn(orders, since), [orders, since]);
  return (
    <Panel title={text.title} note={text.note} flush>
      <Answered answer={series} height={140}>
        {(data) => (
          <ul className="changed">
            {movedIn(data).map((each) => (
              <li key={each.name}>
                <Link to={each.to}>
                  <span>{each.name}</span>
                  <span className="num">
                    <span className="faint">{each.shown(each.before)} →</span> {each.shown(each.now)}
                  </span>
                  <b className="num">{changeOf(each)}</b>
                </Link>
              </li>
            ))}
            {raised.slice(0, KINDS_SHOWN).map(({ alarm, n }) => (
              <li key={alarm.kind}>
                <Link
                  to={
                    n === 1
                      ? `/rigs/${encodeURIComponent(alarm.rig)}`
                      : `/alarms?show=all&q=${encodeURIComponent(say.alarmKinds[alarm.kind])}`
                  }
                >
                  <span>
                    <SeverityMark severity={alarm.severity} /> {say.alarmKinds[alarm.kind]}
                  </span>
                  <span className="quiet ellipsis">{n === 1 ? alarm.rig : text.raised(n)}</span>
                  <b className="num">{text.more(n)}</b>
                </Link>
              </li>
            ))}
            {cleared === 0 ? null : (
              <li>
                <Link to="/alarms?show=cleared">
                  <span>{text.cleared}</span>
                  <span />
                  <b className="num">{count(cleared)}</b>
                </Link>
              </li>
            )}
            {moved.slice(0, KINDS_SHOWN).map((order) => (
              <li key={order.id}>
                <Link to={`/maintenance/${order.id}`}>
                  <span>{order.id}</span>
                  <span className="quiet ellipsis">{order.title}</span>
                  <b>{workText.states[order.state]}</b>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Answered>
      {raised.length === 0 && cleared === 0 && moved.length === 0 && series.data !== null ? (
        <p className="quiet changed-none">{text.nothing}</p>
      ) : null}
    </Panel>
  );
};

const WeakRacks = (): ReactNode => {
  const racks = useRacks();
  return (
    <Panel title={text.racks} note={text.racksNote} flush tools={<Link to="/map">{text.allRacks}</Link>}>
      {racks.length === 0 ? (
        <Empty title={text.noRacks}>{text.noRacksMore}</Empty>
      ) : (
        <ul className="rack-list">
          {racks.slice(0, RACKS_SHOWN).map((rack) => (
            <li key={rack.name}>
              <Link to={`/map?rack=${encodeURIComponent(rack.name)}`}>
                <RackLine rack={rack} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
};

/** What is wrong now, one line a cause. */
const OpenIncidents = (): ReactNode => {
  const answer = useAnswer<{ readonly incidents: readonly Incident[] }>({ route: ROUTES.incidents }, 5_000);
  return (
    <Panel title={text.incidents} flush tools={<Link to="/alarms">{say.overview.allAlarms}</Link>}>
      <Answered answer={answer} height={80}>
        {({ incidents }) =>
          incidents.length === 0 ? (
            <p className="quiet changed-none">{text.noIncident}</p>
          ) : (
            <ul className="changed by-cause">
              {incidents.slice(0, INCIDENTS_SHOWN).map((incident) => (
                <li key={incident.id}>
                  <Link to={`/alarms?q=${encodeURIComponent(incident.members.length === 1 ? (incident.members[0]?.rig ?? "") : "")}`}>
                    <SeverityMark severity={incident.severity} />
                    <span className="ellipsis">{incident.says}</span>
                    <b className="num">
                      <Age ts={incident.openedTs} limitMs={Infinity} />
                    </b>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  );
};

/** Below the tiles: what changed, and where it is weakest. */
export const OverviewMore = (): ReactNode => (
  <>
    <OpenIncidents />
    <div className="grid-2">
      <Changed />
      <WeakRacks />
    </div>
  </>
);
