import { IconCircleCheck, IconPlugConnected } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { Link } from "wouter";
import type { EnergyAnswer, SiteSeriesAnswer } from "../../server/twin/series.ts";
import { RIG_STATES, SEVERITIES, type SiteTotals } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { celsius, count, efficiency, energyKwh, fixed, hashrate, percent, power, together } from "../format.ts";
import { AlarmLines } from "../parts/alarm-lines.tsx";
import { Chart } from "../parts/chart.tsx";
import { useChartSpan, type ChartSpan } from "../parts/chart-span.ts";
import { ChartSpanTools } from "../parts/chart-span-tools.tsx";
import { mixIntensity } from "../parts/energy-sums.ts";
import { mixLines } from "../parts/mix.ts";
import { Empty, Loading, Panel, Trouble } from "../parts/panel.tsx";
import type { Line } from "../parts/plot.ts";
import { PartQuestions } from "../parts/part-questions.tsx";
import { Tile } from "../parts/tile.tsx";
import { Age, SeverityMark, StateMark, toned, Value } from "../parts/value.tsx";
import { useAlarms, useAnswer, useGist, useTotals } from "../site.tsx";
import { say } from "../texts.ts";

// After the first picture: it needs neither.
const OverviewMore = lazy(async () => ({ default: (await import("../parts/overview-more.tsx")).OverviewMore }));

const text = say.overview;
const POINTS = 240;

const StatesBar = ({ totals }: { readonly totals: SiteTotals }): ReactNode => {
  const shown = RIG_STATES.filter((state) => totals.byState[state] > 0);
  return (
    <>
      <span className="bar" aria-hidden>
        {shown.map((state) => (
          <i
            key={state}
            className={state === "offline" || state === "new" ? "hollow" : ""}
            style={{ ...toned(`state-${state}`), flexGrow: totals.byState[state] }}
          />
        ))}
      </span>
      <span className="facts">
        {shown.map((state) => (
          <span key={state} className="mark">
            <StateMark state={state} /> <b>{count(totals.byState[state])}</b>
          </span>
        ))}
      </span>
    </>
  );
};

const AlarmFigures = ({ totals }: { readonly totals: SiteTotals }): ReactNode => {
  const active = [...SEVERITIES].reverse().filter((severity) => totals.activeAlarms[severity] > 0);
  if (active.length === 0)
    return (
      <span className="tile-side mark" style={{ color: "var(--ink)" }}>
        <IconCircleCheck size={18} color="var(--state-hashing)" aria-hidden /> {text.noAlarms}
      </span>
    );
  return (
    <span className="facts" style={{ flexDirection: "column" }}>
      {active.map((severity) => (
        <span key={severity} className="row apart" style={{ inlineSize: "100%" }}>
          <SeverityMark severity={severity} /> <b>{totals.activeAlarms[severity]}</b>
        </span>
      ))}
    </span>
  );
};

const Tiles = ({ totals }: { readonly totals: SiteTotals }): ReactNode => {
  const metered = totals.meteredW !== null;
  const gap = totals.meteredW !== null && totals.reportedW > 0 ? (100 * (totals.meteredW - totals.reportedW)) / totals.reportedW : null;
  const share = totals.nameplateThs > 0 ? Math.min(1, totals.hashrateThs / totals.nameplateThs) : 0;
  const from = <Age ts={totals.asOfTs} from={text.reported} />;
  const meter = metered ? <Age ts={totals.meteredTs} from={text.metered} /> : from;
  const all = SEVERITIES.reduce((sum, severity) => sum + totals.activeAlarms[severity], 0);
  return (
    <div className="board tiles">
      <Tile
        name={text.hashrate}
        span={3}
        to="/map?by=hashratePct"
        shown={hashrate(totals.hashrateThs)}
        side={
          <>
            {text.ofNameplate(percent(totals.hashrateThs, totals.nameplateThs), together(hashrate(totals.nameplateThs)))}
            <br />
            <span title={text.targetMeans}>
              {text.ofTarget(percent(totals.hashrateThs, totals.targetThs), together(hashrate(totals.targetThs)))}
            </span>
          </>
        }
        foot={from}
      >
        <span className="meter" aria-hidden>
          <i style={{ inlineSize: `${100 * share}%` }} />
        </span>
      </Tile>
      <Tile
        name={text.power}
        span={3}
        to="/energy"
        shown={power(totals.meteredW ?? totals.reportedW)}
        side={
          metered
            ? text.reportedIs(together(power(totals.reportedW)), gap === null ? "" : `${gap >= 0 ? "+" : ""}${fixed(gap, 1)}\u202f%`)
            : text.reportedOnly
        }
        foot={meter}
      />
      <Tile
        name={metered ? text.efficiency : text.efficiencyUnmetered}
        span={3}
        to="/energy"
        shown={efficiency(totals.efficiencyJTh)}
        side={metered ? text.ofPlate : text.ofReported}
        foot={meter}
      />
      <Tile
        name={text.alarms}
        span={3}
        to="/alarms"
        shown={{ text: count(all), unit: text.activeUnit }}
        foot={<Age ts={totals.asOfTs} from={text.fromAlarms} />}
      >
        <AlarmFigures totals={totals} />
      </Tile>
      <Tile
        name={`${text.states} · ${text.rigs(count(totals.rigs))}`}
        span={6}
        to="/rigs"
        foot={<Age ts={totals.asOfTs} from={text.fromFold} />}
      >
        <StatesBar totals={totals} />
      </Tile>
      <Tile
        name={`${text.today}, ${text.todaySince}`}
        span={3}
        to="/energy"
        foot={totals.told.today === "rigs" ? <Age ts={totals.asOfTs} from={text.todayFromRigs} /> : meter}
      >
        <span className="tile-value">
          <Value shown={energyKwh(totals.todayKwh)} />
        </span>
        <span className="pairs">
          <span className="quiet">{text.cost}</span>
          <span>
            <Value shown={{ text: fixed(totals.todayCost, 0), unit: totals.currency ?? text.noCurrency }} />
          </span>
          <span className="quiet">{text.emissions}</span>
          <span>
            <Value shown={{ text: fixed(totals.todayKgco2e, 0), unit: "kgCO2e" }} />
          </span>
        </span>
      </Tile>
      <Tile
        name={text.surroundings}
        span={3}
        to="/map?by=boardC"
        foot={<Age ts={totals.meteredTs ?? totals.asOfTs} from={text.ambientFoot} />}
      >
        <span className="pairs">
          <span className="quiet">{text.ambient}</span>
          <span>
            <Value shown={celsius(totals.ambientC)} />
          </span>
          <span className="quiet">{text.hottest}</span>
          <span>
            <Value shown={celsius(totals.hottestBoardC)} />
          </span>
          <span className="quiet">{text.carbon}</span>
          <span>
            <Value shown={{ text: fixed(totals.gco2ePerKwh, 0), unit: "gCO2e/kWh" }} />
          </span>
        </span>
      </Tile>
    </div>
  );
};

const Charts = ({ shown }: { readonly shown: ChartSpan }): ReactNode => {
  const { span, name, hold } = shown;
  const query = span === null ? null : { from: span.from, to: span.to, points: POINTS };
  const series = useAnswer<SiteSeriesAnswer>(query && { route: ROUTES.siteSeries, query }, null, `site ${name}`);
  const energy = useAnswer<EnergyAnswer>(query && { route: ROUTES.energy, query }, null, `energy ${name}`);
  const lines = useMemo(() => {
    const s = series.data;
    const e = energy.data;
    const x = s?.ts ?? [];
    return {
      hashrate: [
        { label: say.lines.hashrate, quantity: "hashrate", tone: "line-hash", x, y: s?.hashrateThs ?? [], fill: true },
      ] satisfies Line[],
      heat: [
        { label: say.lines.boardMax, quantity: "celsius", tone: "line-hot", x, y: s?.boardMaxC ?? [] },
        { label: say.lines.boardMean, quantity: "celsius", tone: "line-warm", x, y: s?.boardMeanC ?? [] },
      ] satisfies Line[],
      power: [
        { label: say.lines.metered, quantity: "power", tone: "line-power", x: e?.ts ?? [], y: e?.meteredW ?? [] },
        { label: say.lines.reported, quantity: "power", tone: "line-cool", x, y: s?.powerW ?? [], dashed: true },
      ] satisfies Line[],
      mix: [
        ...mixLines(e),
        {
          label: say.lines.carbon,
          quantity: "carbon",
          tone: "line-carbon",
          x: e?.ts ?? [],
          y: e === null ? [] : mixIntensity(e),
          side: "right",
        } satisfies Line,
      ],
    };
  }, [series.data, energy.data]);
  const instead = (answer: {
    readonly data: unknown;
    readonly failure: { readonly status: number; readonly code: string; readonly message: string } | null;
    readonly refresh: () => void;
  }): { instead?: ReactNode } =>
    answer.data !== null
      ? {}
      : { instead: answer.failure === null ? <Loading height={210} /> : <Trouble failure={answer.failure} retry={answer.refresh} /> };
  return (
    <div className="grid-2">
      <Chart title={text.hashrateChart} lines={lines.hashrate} span={span} onSpan={hold} {...instead(series)} />
      <Chart title={text.tempChart} lines={lines.heat} span={span} onSpan={hold} {...instead(series)} />
      <Chart title={text.powerChart} lines={lines.power} span={span} onSpan={hold} {...instead(energy)} />
      <Chart title={text.mixChart} lines={lines.mix} span={span} fromZero onSpan={hold} {...instead(energy)} />
    </div>
  );
};

const Recent = (): ReactNode => {
  const alarms = useAlarms().slice(0, 8);
  return (
    <Panel title={text.recent} flush tools={<Link to="/alarms">{text.allAlarms}</Link>}>
      {alarms.length === 0 ? (
        <Empty icon={<IconCircleCheck size={24} />} title={say.alarms.quiet}>
          {say.alarms.quietMore}
        </Empty>
      ) : (
        <AlarmLines alarms={alarms} />
      )}
    </Panel>
  );
};

const Rest = ({ shown, hasRigs }: { readonly shown: ChartSpan; readonly hasRigs: boolean }): ReactNode => (
  <>
    {hasRigs ? (
      <Suspense fallback={<Loading height={220} />}>
        <OverviewMore />
      </Suspense>
    ) : null}
    <Charts shown={shown} />
    <PartQuestions />
    <Recent />
  </>
);

export const OverviewView = (): ReactNode => {
  const gist = useGist();
  const isWhole = useTotals() !== null;
  const shown = useChartSpan(POINTS, "6h");
  if (gist === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={236} />
        <Loading height={420} />
      </div>
    );
  return (
    <div className="page">
      <div className="page-head">
        <h1>{text.title}</h1>
        <div className="tools">
          <ChartSpanTools of={shown} />
        </div>
      </div>
      {gist.rigs === 0 ? (
        <div className="panel">
          <Empty icon={<IconPlugConnected size={28} />} title={text.nothingYet}>
            {text.nothingYetHow}
          </Empty>
        </div>
      ) : (
        <Tiles totals={gist} />
      )}
      {isWhole ? <Rest shown={shown} hasRigs={gist.rigs > 0} /> : <Loading height={420} />}
    </div>
  );
};
