import { IconBolt } from "@tabler/icons-react";
import { useMemo, type ReactNode } from "react";
import type { EnergyAnswer, SiteSeriesAnswer } from "../../server/twin/series.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { celsius, energyKwh, fixed, MISSING, percent, power } from "../format.ts";
import { EnergyPages } from "../parts/energy-pages.tsx";
import { Chart } from "../parts/chart.tsx";
import { useChartSpan } from "../parts/chart-span.ts";
import { ChartSpanTools } from "../parts/chart-span-tools.tsx";
import { mixIntensity, sumsOf } from "../parts/energy-sums.ts";
import { mixLines } from "../parts/mix.ts";
import { Empty, Loading, Panel, Trouble } from "../parts/panel.tsx";
import type { Line } from "../parts/plot.ts";
import { Age, toned, Value } from "../parts/value.tsx";
import { FigureTile } from "../parts/figure-tile.tsx";
import { useAnswer, useTotals } from "../site.tsx";
import type { ToldBy } from "../../server/twin/twin.ts";
import { say } from "../texts.ts";

const text = say.energy;
const POINTS = 240;
/** Who told a figure, where it was not a meter. */
const byWhom = (told: ToldBy["carbon"]): string => (told === null || told === "meter" ? "" : `, ${say.overview.toldBy[told]}`);

const EnergyView = (): ReactNode => {
  const totals = useTotals();
  const shown = useChartSpan(POINTS, "24h");
  const { span, hold, name } = shown;
  const query = span && { from: span.from, to: span.to, points: POINTS };
  const energy = useAnswer<EnergyAnswer>(query && { route: ROUTES.energy, query }, null, `energy ${name}`);
  const site = useAnswer<SiteSeriesAnswer>(query && { route: ROUTES.siteSeries, query }, null, `site ${name}`);
  const currency = totals?.currency ?? text.noCurrency;
  const lines = useMemo(() => {
    const e = energy.data;
    const x = e?.ts ?? [];
    const reported = new Map((site.data?.ts ?? []).map((ts, i) => [ts, site.data?.powerW[i] ?? null]));
    const gap = x.map((ts, i) => {
      const m = e?.meteredW[i] ?? null;
      const r = reported.get(ts) ?? null;
      return m === null || r === null || r === 0 ? null : (100 * (m - r)) / r;
    });
    return {
      mix: mixLines(e),
      carbon: [
        { label: say.lines.carbon, quantity: "carbon", tone: "line-carbon", x, y: e === null ? [] : mixIntensity(e) },
      ] satisfies Line[],
      price: [
        { label: say.lines.price, quantity: { unit: `${currency}/kWh`, digits: 4 }, tone: "line-warm", x, y: e?.pricePerKwh ?? [] },
      ] satisfies Line[],
      gap: [
        { label: say.lines.metered, quantity: "power", tone: "line-power", x, y: e?.meteredW ?? [] },
        {
          label: say.lines.reported,
          quantity: "power",
          tone: "line-cool",
          x: site.data?.ts ?? [],
          y: site.data?.powerW ?? [],
          dashed: true,
        },
        { label: say.lines.gap, quantity: "percent", tone: "line-hot", x, y: gap, side: "right" },
      ] satisfies Line[],
    };
  }, [energy.data, site.data, currency]);
  const sums = useMemo(() => (energy.data === null ? null : sumsOf(energy.data, site.data)), [energy.data, site.data]);
  const rest =
    energy.data !== null
      ? {}
      : { instead: energy.failure === null ? <Loading height={190} /> : <Trouble failure={energy.failure} retry={energy.refresh} /> };
  const unmetered = totals !== null && totals.meteredW === null && sums !== null && !sums.isMetered;
  if (totals === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={160} />
        <Loading height={420} />
      </div>
    );
  const meter = <Age ts={totals.meteredTs} from={say.overview.metered} />;
  const gap =
    sums !== null && sums.reportedKwh > 0 && sums.meteredKwh > 0 ? (100 * (sums.meteredKwh - sums.reportedKwh)) / sums.reportedKwh : null;
  return (
    <div className="page">
      <EnergyPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{meter}</span>
        <div className="tools">
          <ChartSpanTools of={shown} />
        </div>
      </div>
      <div className="board energy-figures">
        <FigureTile
          name={text.now}
          shown={power(totals.meteredW ?? totals.reportedW)}
          side={totals.meteredW === null ? say.overview.reportedOnly : say.overview.metered}
        />
        <FigureTile
          name={text.used}
          shown={energyKwh(sums?.kwh)}
          side={sums !== null && !sums.isMetered ? text.inRangeReported : text.inRange}
        />
        <FigureTile
          name={text.cost}
          shown={{ text: fixed(sums?.cost, 0), unit: currency }}
          side={text.priceNow(totals.pricePerKwh === null ? MISSING : fixed(totals.pricePerKwh, 4), currency, byWhom(totals.told.price))}
        />
        <FigureTile
          name={text.emissions}
          shown={{ text: fixed(sums?.kgco2e, 0), unit: "kgCO2e" }}
          side={text.carbonNow(fixed(totals.gco2ePerKwh, 0), byWhom(totals.told.carbon))}
        />
        <FigureTile
          name={text.gap}
          shown={{ text: gap === null ? MISSING : `${gap >= 0 ? "+" : ""}${fixed(gap, 1)}`, unit: "%" }}
          side={text.gapMeans}
        />
        <FigureTile name={text.ambient} shown={celsius(totals.ambientC)} side={say.overview.metered} />
      </div>
      {unmetered ? (
        <div className="panel">
          <Empty icon={<IconBolt size={28} />} title={text.noMeter}>
            {text.noMeterHow}
          </Empty>
        </div>
      ) : null}
      <Chart
        title={totals.told.mix === "plan" ? text.mixPlanned : text.mix}
        lines={lines.mix}
        span={span}
        height={250}
        fromZero
        onSpan={hold}
        {...rest}
      />
      <div className="grid-2">
        <Chart title={text.carbonChart} lines={lines.carbon} span={span} height={170} onSpan={hold} {...rest} />
        <Chart title={text.priceChart} lines={lines.price} span={span} height={170} onSpan={hold} {...rest} />
      </div>
      <div className="grid-2">
        <Chart title={text.gapChart} lines={lines.gap} span={span} height={190} onSpan={hold} {...rest} />
        <Panel title={text.bySource} note={text.bySourceNote} flush foot={text.honest}>
          {sums === null && energy.failure !== null ? (
            <Trouble failure={energy.failure} retry={energy.refresh} />
          ) : sums === null ? (
            <Loading />
          ) : sums.bySource.length === 0 ? (
            <Empty title={say.chart.none} />
          ) : (
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{text.source}</th>
                  <th scope="col" className="num">
                    {text.nowShort}
                  </th>
                  <th scope="col" className="num">
                    {text.used}
                  </th>
                  <th scope="col" className="num">
                    {text.share}
                  </th>
                </tr>
              </thead>
              <tbody>
                {sums.bySource.map(({ source, kwh, nowW }) => (
                  <tr key={source}>
                    <th scope="row">
                      <span className="mark" style={toned(`src-${source}`)}>
                        <i className="dot" aria-hidden />
                        {say.sources[source]}
                      </span>
                    </th>
                    <td className="num">
                      <Value shown={power(nowW)} />
                    </td>
                    <td className="num">
                      <Value shown={energyKwh(kwh)} />
                    </td>
                    <td className="num">
                      {percent(
                        kwh,
                        sums.bySource.reduce((sum, each) => sum + each.kwh, 0),
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
      </div>
    </div>
  );
};
export default EnergyView;
