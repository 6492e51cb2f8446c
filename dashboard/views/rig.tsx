import { IconMapPin } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "wouter";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { RigField, SeriesAnswer } from "../../server/twin/series.ts";
import type { Alarm, Twin } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { celsius, fixed, hashrate, lasting, percent, power, rpm, together } from "../format.ts";
import { Comments } from "../parts/comments.tsx";
import { AlarmLines } from "../parts/alarm-lines.tsx";
import { Chart } from "../parts/chart.tsx";
import { useChartSpan } from "../parts/chart-span.ts";
import { ChartSpanTools } from "../parts/chart-span-tools.tsx";
import { Flag } from "../parts/flag.tsx";
import { Answered, Empty, Loading, Panel, Trouble } from "../parts/panel.tsx";
import type { Happening, Line } from "../parts/plot.ts";
import type { Quantity } from "../parts/quantity.ts";
import { RigPartQuestions } from "../parts/part-questions.tsx";
import { RigCommands } from "../parts/rig-commands.tsx";
import { Records } from "../parts/records.tsx";
import { Boards, FansAndErrors, Passport, Pools } from "../parts/rig-parts.tsx";
import { Token } from "../parts/token.tsx";
import { Age, SeverityMark, StateMark, Value } from "../parts/value.tsx";
import { useAnswer, useNow, useRig, useTotals, useViewClock } from "../site.tsx";
import type { RigNow } from "../state.ts";
import { say } from "../texts.ts";
import { useExpected } from "./rig-expected.ts";

const text = say.rig;
const POINTS = 360;
const FIELDS = ["hashrateThs", "powerW", "boardC", "chipC", "intakeC", "fanRpm"] as const satisfies readonly RigField[];

const Head = ({ rig, twin }: { readonly rig: RigNow; readonly twin: Twin | null }): ReactNode => {
  const { roster } = rig;
  const now = useNow();
  return (
    <div className="rig-top">
      <div className="page-head">
        <h1>{roster.rig}</h1>
        <span className="tag big">
          <StateMark state={rig.state} />
          {twin !== null && now !== null && twin.state === rig.state ? (
            <span className="faint">{text.since(lasting(now - twin.stateSinceTs))}</span>
          ) : null}
        </span>
        {rig.alarm === null ? null : (
          <span className="tag big">
            <SeverityMark severity={rig.alarm} />
          </span>
        )}
        <span className="tag" title={say.tierMeans[roster.tier]}>
          {say.tiers[roster.tier]}
        </span>
        <span className="quiet">
          <Age ts={rig.lastSeenTs} from={text.lastReading} />
        </span>
      </div>
      <p className="rig-facts quiet">
        <span>{[roster.make, roster.model].filter(Boolean).join(" ") || say.missing}</span>
        <span>
          {roster.position === null ? (
            say.unplaced
          ) : (
            <Link to={`/map?q=${encodeURIComponent(roster.rig)}`}>
              <IconMapPin size={13} aria-hidden /> {say.place(roster.position)}
            </Link>
          )}
        </span>
        {roster.ip === null ? null : (
          <a href={`http://${roster.ip}/`} target="_blank" rel="noreferrer" title={text.machinePage}>
            {roster.ip}
          </a>
        )}
        {roster.firmware === null ? null : (
          <span>
            {text.firmware} {roster.firmware}
          </span>
        )}
        {roster.serial === null ? null : (
          <span>
            {text.serial} <span className="mono">{roster.serial}</span>
          </span>
        )}
        {roster.tokenId === null ? null : (
          <a href="#token">
            {text.token} #{roster.tokenId}
          </a>
        )}
      </p>
    </div>
  );
};

const Figures = ({ rig, twin }: { readonly rig: RigNow; readonly twin: Twin | null }): ReactNode => {
  const { numbers, roster } = rig;
  const quality = twin?.quality ?? {};
  const jth =
    numbers.powerW !== null && numbers.hashrateThs !== null && numbers.hashrateThs > 0 ? numbers.powerW / numbers.hashrateThs : null;
  const figures = [
    {
      name: say.columns.hashrate,
      shown: hashrate(numbers.hashrateThs),
      field: "hashrateThs",
      side:
        roster.nameplateThs === null
          ? text.noNameplate
          : `${percent(numbers.hashrateThs, roster.nameplateThs)} ${text.of} ${together(hashrate(roster.nameplateThs))}`,
    },
    {
      name: say.columns.power,
      shown: power(numbers.powerW),
      field: "powerW",
      side:
        roster.nameplateW === null
          ? text.ownEstimate
          : `${percent(numbers.powerW, roster.nameplateW)} ${text.of} ${together(power(roster.nameplateW))}`,
    },
    { name: say.columns.efficiency, shown: { text: fixed(jth, 1), unit: "J/TH" }, field: "powerW", side: text.asReported },
    { name: say.columns.boardC, shown: celsius(numbers.boardC), field: "boardC", side: text.hottest },
    { name: say.columns.chipC, shown: celsius(numbers.chipC), field: "chipC", side: text.hottest },
    { name: say.columns.intakeC, shown: celsius(numbers.intakeC), field: "intakeC", side: text.air },
    { name: say.columns.fan, shown: rpm(numbers.fanRpm), field: "fanRpm", side: text.mean },
  ];
  return (
    <div className="board rig-figures">
      {figures.map(({ name, shown, field, side }) => (
        <div key={name} className="tile">
          <span className="tile-name">{name}</span>
          <span className="tile-value small">
            <Value shown={shown} />
          </span>
          <span className="tile-side">{quality[field] === undefined ? side : <Flag quality={quality[field]} />}</span>
        </div>
      ))}
    </div>
  );
};

const line = (
  label: string,
  quantity: Quantity,
  tone: string,
  data: SeriesAnswer | null,
  field: string,
  more: Partial<Line> = {},
): Line => ({ label, quantity, tone, x: data?.ts ?? [], y: data?.fields[field]?.mean ?? [], ...more });

const Charts = ({ rig, happenings }: { readonly rig: RigNow; readonly happenings: readonly Happening[] }): ReactNode => {
  const shown = useChartSpan(POINTS, "6h");
  const { span, hold } = shown;
  const name = `${rig.roster.rig} ${shown.name}`;
  const series = useAnswer<SeriesAnswer>(
    span && {
      route: ROUTES.series,
      parameters: { rig: rig.roster.rig },
      query: { from: span.from, to: span.to, points: POINTS, fields: FIELDS.join(",") },
    },
    null,
    `rig ${name}`,
  );
  const expected = useExpected(rig.roster.rig, span, POINTS, name);
  const lines = useMemo(
    () => ({
      hashrate: [line(say.lines.hashrate, "hashrate", "line-hash", series.data, "hashrateThs", { fill: true }), ...expected.hashrate],
      heat: [
        line(say.lines.chip, "celsius", "line-hot", series.data, "chipC"),
        line(say.lines.board, "celsius", "line-warm", series.data, "boardC"),
        line(say.lines.intake, "celsius", "line-cool", series.data, "intakeC"),
      ],
      power: [line(say.lines.power, "power", "line-power", series.data, "powerW"), ...expected.power],
      // On an axis of its own: a board that wears is two degrees off long before it is hot.
      board: [line(say.lines.board, "celsius", "line-warm", series.data, "boardC"), ...expected.board],
      fans: [line(say.lines.fans, "rpm", "line-cool", series.data, "fanRpm")],
    }),
    [series.data, expected],
  );
  const rest =
    series.data !== null
      ? {}
      : { instead: series.failure === null ? <Loading height={190} /> : <Trouble failure={series.failure} retry={series.refresh} /> };
  const common = { span, happenings, onSpan: hold, height: 170, ...rest };
  return (
    <>
      <div className="row apart">
        <h2 className="section">{text.charts}</h2>
        <div className="row">
          <ChartSpanTools of={shown} />
        </div>
      </div>
      <div className="grid-2">
        <Chart title={say.overview.hashrateChart} lines={lines.hashrate} {...common} />
        <Chart title={text.temperatures} lines={lines.heat} {...common} />
        <Chart title={say.overview.powerChart} lines={lines.power} {...common} />
        <Chart title={text.fans} lines={lines.fans} {...common} />
        {expected.board.length > 0 && (
          <div className="whole-row">
            <Chart title={text.boardHistory} lines={lines.board} {...common} />
          </div>
        )}
      </div>
    </>
  );
};

const happeningsOf = (alarms: readonly Alarm[], records: readonly TwinRecord[]): Happening[] => [
  ...alarms.map((alarm) => ({
    ts: alarm.sinceTs,
    untilTs: alarm.clearedTs,
    label: say.alarmKinds[alarm.kind],
    tone: `sev-${alarm.severity}`,
  })),
  ...records.map(({ body }) => ({ ts: body.performedTs, label: say.kinds[body.kind], tone: "copper" })),
];

const SETTLING_MS = 1_500;
const RESTING_MS = 15_000;

const RigView = ({ rig: name }: { readonly rig: string }): ReactNode => {
  const totals = useTotals();
  const rig = useRig(name);
  const replay = useViewClock()?.view === "replay";
  const known = rig !== null;
  const twin = useAnswer<Twin>(known ? { route: ROUTES.rig, parameters: { rig: name } } : null, 5_000);
  const [settling, setSettling] = useState(false);
  const book = useAnswer<{ readonly records: readonly TwinRecord[] }>(
    known ? { route: ROUTES.records, parameters: { rig: name } } : null,
    settling ? SETTLING_MS : RESTING_MS,
  );
  const alarms = useAnswer<{ readonly alarms: readonly Alarm[] }>(
    known ? { route: ROUTES.alarms, query: { rig: name, state: "all", limit: 200 } } : null,
    RESTING_MS,
  );
  const records = book.data?.records ?? [];
  const unsettled = records.some(({ status }) => status === "sealed" || status === "sent");
  if (unsettled !== settling) setSettling(unsettled);
  const happenings = useMemo(() => happeningsOf(alarms.data?.alarms ?? [], book.data?.records ?? []), [alarms.data, book.data]);
  if (totals === null)
    return (
      <div className="page">
        <h1 className="unseen">{name}</h1>
        <Loading height={120} />
        <Loading height={420} />
      </div>
    );
  if (rig === null)
    return (
      <div className="page">
        <h1 className="unseen">{name}</h1>
        <div className="panel">
          <Empty title={text.unknown(name)}>
            {replay ? text.notYet : text.unknownMore} <Link to="/rigs">{text.allRigs}</Link>
          </Empty>
        </div>
      </div>
    );
  const note = <Age ts={twin.data?.lastSeenTs ?? null} from={say.tiers[rig.roster.tier]} />;
  return (
    <div className="page">
      <Head rig={rig} twin={twin.data} />
      <Figures rig={rig} twin={twin.data} />
      {replay ? null : <RigPartQuestions rig={name} onAnswered={book.refresh} />}
      <Charts rig={rig} happenings={happenings} />
      <Answered answer={twin} height={300}>
        {(data) => (
          <>
            <Boards twin={data} note={note} />
            <div className="grid-2">
              <FansAndErrors twin={data} note={note} />
              <Pools twin={data} note={note} />
            </div>
            {replay ? null : <RigCommands twin={data} />}
            <div className="grid-2">
              <Passport twin={data} note={note} />
              <Panel title={text.alarms} flush>
                <Answered answer={alarms}>
                  {({ alarms: all }) => (all.length === 0 ? <Empty title={text.noAlarms} /> : <AlarmLines bare alarms={all.slice(0, 8)} />)}
                </Answered>
              </Panel>
            </div>
          </>
        )}
      </Answered>
      <Comments about={{ of: "rig", rig: name }} />
      <div className="grid-2" id="token">
        <Records rig={name} answer={book} readOnly={replay} />
        {twin.data === null ? <Answered answer={twin}>{() => null}</Answered> : <Token twin={twin.data} records={records} />}
      </div>
    </div>
  );
};
export default RigView;
