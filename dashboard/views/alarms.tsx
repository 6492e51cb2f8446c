import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { memo, useCallback, useDeferredValue, useMemo, useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { Incident } from "../../server/twin/alarms/incident.ts";
import { SEVERITIES, type Alarm, type Severity } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, dayMinute, inSiteDegrees, iso, lasting } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { AlarmBulk } from "../parts/alarm-bulk.tsx";
import { AlarmPages } from "../parts/alarm-pages.tsx";
import { useBadge } from "../parts/badge.ts";
import { Incidents } from "../parts/incidents.tsx";
import { Empty, Loading, Trouble } from "../parts/panel.tsx";
import { PartQuestions } from "../parts/part-questions.tsx";
import { Segments } from "../parts/segments.tsx";
import { Age, SeverityMark, Since, toned } from "../parts/value.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { failureOf, useAlarms, useAnswer, useSite, useTotals, useViewClock } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";

const text = say.alarms;
const STATES = ["active", "cleared", "all"] as const;
type Shown = (typeof STATES)[number];
/** Past alarms that are fetched at first; what one page asks for at most. */
const PAGE = 250;
const MOST = 10_000;
/** Active ones that are drawn at first, and with each wish for more. */
const ACTIVE = 100;
const DAY_MS = 86_400_000;

const Acknowledge = ({ alarm }: { readonly alarm: Alarm }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [opened, setOpened] = useState(false);
  const [busy, setBusy] = useState(false);
  const [by, setBy] = useState(badge);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = async (who: string): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post({ route: ROUTES.alarms }, { alarm: alarm.id, by: who });
      setBadge(who);
      setOpened(false);
    } catch (error) {
      setTrouble(failureOf(error).message);
      setOpened(true);
    }
    setBusy(false);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (by.trim() !== "") void send(by.trim());
  };
  const button = (
    <Button
      size="compact-xs"
      variant="default"
      loading={busy}
      onClick={() => (badge === "" || trouble !== null ? setOpened(true) : void send(badge))}
      aria-label={text.acknowledgeOf(alarm.rig, say.alarmKinds[alarm.kind])}
    >
      {text.acknowledge}
    </Button>
  );
  // Hundreds of rows have one each: what opens is made when it is opened.
  if (!opened) return button;
  return (
    <Popover opened onChange={setOpened} position="bottom-end" trapFocus shadow="none" width={280}>
      <Popover.Target>{button}</Popover.Target>
      <Popover.Dropdown>
        <form className="stack" onSubmit={submit}>
          <TextInput
            label={text.by}
            description={say.recordForm.pseudonym}
            value={by}
            onChange={(event) => setBy(event.currentTarget.value)}
            maxLength={64}
            autoComplete="off"
            error={trouble}
            data-autofocus
          />
          <Button type="submit" size="xs" disabled={by.trim() === ""}>
            {text.acknowledge}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
};

interface RowProps {
  readonly alarm: Alarm;
  readonly live: boolean;
  readonly isChosen: boolean;
  readonly onChoose: (id: string, yes: boolean) => void;
}
const Row = memo(({ alarm, live, isChosen, onChoose }: RowProps): ReactNode => (
  <li className="alarm-row" data-cleared={alarm.clearedTs !== null} style={toned(`sev-${alarm.severity}`)}>
    {live ? (
      <span className="pick">
        {alarm.clearedTs === null ? (
          <Checkbox
            size="xs"
            aria-label={alarmText.incidents.pick(`${say.alarmKinds[alarm.kind]}, ${alarm.rig}`)}
            checked={isChosen}
            onChange={(event) => onChoose(alarm.id, event.currentTarget.checked)}
          />
        ) : null}
      </span>
    ) : null}
    <SeverityMark severity={alarm.severity} />
    <span>
      <Link className="plain-link" to={`/rigs/${encodeURIComponent(alarm.rig)}`}>
        <b>{alarm.rig}</b>
      </Link>{" "}
      <span className="faint">{say.alarmKinds[alarm.kind]}</span>
    </span>
    <span className="says">{inSiteDegrees(alarm.message)}</span>
    <span className="quiet when">
      <time dateTime={iso(alarm.sinceTs)} title={iso(alarm.sinceTs)}>
        {dayMinute(alarm.sinceTs)}
      </time>{" "}
      · {alarm.clearedTs === null ? <Since ts={alarm.sinceTs} says={text.lasts} /> : text.lasted(lasting(alarm.clearedTs - alarm.sinceTs))}
    </span>
    <span className="act">
      {alarm.acknowledgedTs !== null ? (
        <span className="faint">
          <IconCircleCheck size={13} aria-hidden /> {text.acknowledgedBy(alarm.acknowledgedBy ?? "")}
        </span>
      ) : alarm.clearedTs !== null ? (
        <span className="faint">{text.cleared}</span>
      ) : live ? (
        <Acknowledge alarm={alarm} />
      ) : (
        <span className="faint">{text.open}</span>
      )}
    </span>
  </li>
));

interface ListProps {
  readonly found: readonly Alarm[];
  readonly rows: number;
  readonly live: boolean;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: RowProps["onChoose"];
}
/** Drawn anew when an alarm changes, not with every frame. */
const List = memo(({ found, rows, live, chosen, onChoose }: ListProps): ReactNode => (
  <ul className="alarm-rows">
    {found.slice(0, rows).map((alarm) => (
      <Row key={alarm.id} alarm={alarm} live={live} isChosen={chosen.has(alarm.id)} onChoose={onChoose} />
    ))}
  </ul>
));

/** The words of the head, whose age goes on by itself. */
const Lead = ({ found }: { readonly found: number }): ReactNode => {
  const totals = useTotals();
  return totals === null ? null : (
    <span className="lead" role="status">
      {text.lead(count(found))} · <Age ts={totals.asOfTs} from={say.overview.fromAlarms} />
    </span>
  );
};

const withOrWithout = (set: ReadonlySet<string>, id: string, yes: boolean): ReadonlySet<string> => {
  const next = new Set(set);
  if (yes) next.add(id);
  else next.delete(id);
  return next;
};

const rankOf = (each: Alarm): number =>
  (each.clearedTs === null ? 10 : 0) + (each.acknowledgedTs === null ? 5 : 0) + SEVERITIES.indexOf(each.severity);

const AlarmsView = (): ReactNode => {
  const feed = useAlarms();
  const isThere = useSite().store.totals() !== null;
  const live = useViewClock()?.view !== "replay";
  const address = useAddress();
  const { put } = address;
  const [incidents, setIncidents] = useState<ReadonlySet<string>>(new Set());
  const [alarms, setAlarms] = useState<ReadonlySet<string>>(new Set());
  const open = useAnswer<{ readonly incidents: readonly Incident[] }>({ route: ROUTES.incidents }, 5_000);
  const shown: Shown = STATES.find((state) => state === address.get("show")) ?? "active";
  const severity = SEVERITIES.find((each) => each === address.get("severity")) ?? null;
  const query = address.get("q");
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const [most, setMost] = useState(PAGE);
  const [active, setActive] = useState(ACTIVE);
  const until = address.get("until");
  const untilTs = Date.parse(`${until}T00:00:00Z`) + DAY_MS;
  const narrowed = {
    ...(severity === null ? {} : { severity }),
    ...(wanted === "" ? {} : { search: wanted }),
    ...(Number.isFinite(untilTs) ? { to: untilTs } : {}),
  };
  const past = useAnswer<{ readonly total: number; readonly alarms: readonly Alarm[]; readonly next: string | null }>(
    shown !== "active" ? { route: ROUTES.alarms, query: { state: "cleared", limit: most, ...narrowed } } : null,
    30_000,
    "past-alarms",
  );
  const all = useMemo(() => {
    const byId = new Map((past.data?.alarms ?? []).map((alarm) => [alarm.id, alarm]));
    for (const alarm of feed) byId.set(alarm.id, alarm);
    return [...byId.values()];
  }, [feed, past.data]);
  const found = useMemo(
    () =>
      all
        .filter(
          (alarm) =>
            (shown === "all" || (shown === "active") === (alarm.clearedTs === null)) &&
            (shown === "active" || !Number.isFinite(untilTs) || alarm.raisedTs < untilTs) &&
            (severity === null || alarm.severity === severity) &&
            (wanted === "" || `${alarm.rig} ${inSiteDegrees(alarm.message)} ${say.alarmKinds[alarm.kind]}`.toLowerCase().includes(wanted)),
        )
        .sort((a, b) => (shown === "active" ? rankOf(b) - rankOf(a) : 0) || b.raisedTs - a.raisedTs),
    [all, shown, untilTs, severity, wanted],
  );
  const choose = useCallback((id: string, yes: boolean): void => setAlarms((before) => withOrWithout(before, id, yes)), []);
  const chooseIncident = useCallback((id: string, yes: boolean): void => setIncidents((before) => withOrWithout(before, id, yes)), []);
  const rows = shown === "active" ? active : most;
  const counts = (each: Severity): number =>
    all.filter((alarm) => alarm.severity === each && (shown === "all" || (shown === "active") === (alarm.clearedTs === null))).length;
  const clear = (): void => {
    setIncidents(new Set());
    setAlarms(new Set());
  };
  const standing = new Set(all.flatMap(({ id, clearedTs }) => (clearedTs === null ? [id] : [])));
  const openIncidents = useMemo(
    () =>
      (open.data?.incidents ?? []).toSorted(
        (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.openedTs - a.openedTs,
      ),
    [open.data],
  );
  const chosen = {
    incidents: openIncidents.flatMap(({ id }) => (incidents.has(id) ? [id] : [])),
    alarms: [...alarms].filter((id) => standing.has(id)),
  };
  return (
    <div className="page">
      <AlarmPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <Lead found={found.length} />
        <div className="tools">
          <SearchField label={text.find} value={query} onChange={(q) => put({ q })} />
          {shown === "active" ? null : (
            <TextInput
              size="xs"
              type="date"
              aria-label={alarmText.history.until}
              title={alarmText.history.until}
              value={until}
              onChange={(event) => (setMost(PAGE), put({ until: event.currentTarget.value }))}
            />
          )}
          <Segments
            label={text.show}
            value={shown}
            options={STATES.map((value) => ({ value, label: text.states[value] }))}
            onChange={(value) => (setMost(PAGE), put({ show: value === "active" ? "" : value }))}
          />
        </div>
      </div>
      {live ? <AlarmBulk chosen={chosen} onDone={() => (clear(), open.refresh())} onClear={clear} /> : null}
      {open.failure === null ? null : <Trouble failure={open.failure} retry={open.refresh} />}
      {openIncidents.length === 0 ? null : (
        <Incidents incidents={openIncidents} chosen={incidents} onChoose={live ? chooseIncident : null} />
      )}
      <div className="row" role="group" aria-label={text.bySeverity}>
        {[...SEVERITIES].reverse().map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={severity === each}
            style={toned(`sev-${each}`)}
            onClick={() => put({ severity: severity === each ? "" : each })}
          >
            <SeverityMark severity={each} /> <b>{counts(each)}</b>
          </button>
        ))}
      </div>
      <section className="panel" aria-label={text.title}>
        {past.failure === null ? null : <Trouble failure={past.failure} retry={past.refresh} />}
        {!isThere || past.loading ? (
          <div className="panel-body">
            <Loading height={240} />
          </div>
        ) : found.length === 0 ? (
          <div className="calm">
            <Empty
              icon={<IconCircleCheck size={34} stroke={1.3} color="var(--state-hashing)" />}
              title={shown === "active" && severity === null && wanted === "" ? text.quiet : text.noneFound}
            >
              {shown === "active" && severity === null && wanted === "" ? text.quietMore : text.noneFoundMore}
            </Empty>
          </div>
        ) : (
          <List found={found} rows={rows} live={live} chosen={alarms} onChoose={choose} />
        )}
        {shown !== "active" && past.data !== null && past.data.next !== null && most < MOST ? (
          <footer className="panel-foot row">
            <span className="faint">{alarmText.history.shown(past.data.alarms.length, past.data.total)}</span>
            <Button size="compact-xs" variant="default" loading={past.loading} onClick={() => setMost(Math.min(MOST, most + 2 * PAGE))}>
              {alarmText.history.older}
            </Button>
          </footer>
        ) : found.length > rows ? (
          <footer className="panel-foot row">
            <span className="faint">{text.more(found.length - rows)}</span>
            <Button size="compact-xs" variant="default" onClick={() => setActive(active + 4 * ACTIVE)}>
              {text.showMore}
            </Button>
          </footer>
        ) : null}
      </section>
      <PartQuestions />
    </div>
  );
};
export default AlarmsView;
