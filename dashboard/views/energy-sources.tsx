import type { ReactNode } from "react";
import { Link } from "wouter";
import type { EnergyTruthAnswer } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayMinute, fixed, hashrate, MISSING, power, together } from "../format.ts";
import { EnergyPages } from "../parts/energy-pages.tsx";
import { FigureTile } from "../parts/figure-tile.tsx";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { toned, Value } from "../parts/value.tsx";
import { useAnswer, useTotals } from "../site.tsx";
import { sourcesText as text } from "../texts-energy.ts";
import { say } from "../texts.ts";

type Truth = EnergyTruthAnswer;
type Source = keyof typeof text.sources;
const SOURCES = Object.keys(text.sources) as Source[];
const SHOWN = 100;

const told = <Who extends string>(who: Who | null, words: Readonly<Record<Who, string>>): string =>
  who === null ? text.nobody : text.toldBy(words[who]);
const signed = (value: number | null, digits: number): string =>
  value === null ? MISSING : `${value >= 0 ? "+" : ""}${fixed(value, digits)}`;
const shareOf = (share: number): string => `${fixed(100 * share, 0)}\u202f%`;

const Figures = ({ truth, currency }: { readonly truth: Truth; readonly currency: string }): ReactNode => (
  <div className="board energy-figures">
    <FigureTile name={text.site} shown={power(truth.siteMw / 1_000)} side={text.siteFrom[truth.siteSource]} />
    <FigureTile
      name={text.gap}
      shown={{ text: signed(truth.gapPct, 1), unit: "%" }}
      side={truth.gapPct === null ? text.noGap : text.gapSide}
    />
    <FigureTile
      name={text.efficiency}
      shown={{ text: fixed(truth.efficiencyJTh, 2), unit: "J/TH" }}
      side={text.efficiencySide(together(hashrate(truth.hashrateThs)))}
    />
    <FigureTile name={text.perThh} shown={{ text: fixed(truth.perThh?.kwh, 4), unit: "kWh" }} side={text.siteFrom[truth.siteSource]} />
    <FigureTile
      name={text.cost}
      shown={{ text: fixed(truth.perThh?.cost, 5), unit: currency }}
      side={told(truth.from.price, text.whoPrice)}
    />
    <FigureTile
      name={text.carbon}
      shown={{ text: fixed(truth.perThh?.kgco2e, 5), unit: "kgCO2e" }}
      side={told(truth.from.carbon, text.whoCarbon)}
    />
  </div>
);

const InForce = ({ truth }: { readonly truth: Truth }): ReactNode => (
  <Panel title={text.inForce} note={text.inForceNote} flush>
    <table className="table">
      <tbody>
        {SOURCES.map((source) => (
          <tr key={source}>
            <th scope="row">{text.sources[source]}</th>
            <td className="num">{text.rigsBy(truth.bySource[source] ?? 0)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">{text.unknown}</th>
          <td className="num">{text.rigsBy(truth.unknown.length)}</td>
        </tr>
      </tbody>
    </table>
  </Panel>
);

const Mix = ({ truth }: { readonly truth: Truth }): ReactNode => (
  <Panel title={text.mix} note={told(truth.from.mix, text.whoMix)} flush>
    {truth.mix === null ? (
      <Empty title={text.nobody}>{text.noMix}</Empty>
    ) : (
      <table className="table">
        <tbody>
          {Object.entries(truth.mix).map(([source, share]) => (
            <tr key={source}>
              <th scope="row">
                <span className="mark" style={toned(`src-${source}`)}>
                  <i className="dot" aria-hidden />
                  {say.sources[source as keyof typeof say.sources]}
                </span>
              </th>
              <td className="num">{shareOf(share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Panel>
);

const clockOf = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const Settings = ({ settings, currency }: { readonly settings: Truth["settings"]; readonly currency: string }): ReactNode => {
  const sharesOf = (shares: Readonly<Record<string, number>>): string => {
    const sum = Object.values(shares).reduce((all, share) => all + share, 0);
    return Object.entries(shares)
      .filter(([, share]) => share > 0)
      .map(([source, share]) => `${say.sources[source as keyof typeof say.sources]} ${shareOf(share / sum)}`)
      .join(", ");
  };
  const lines: readonly (readonly [string, ReactNode])[] = [
    [
      text.plan,
      settings.plan.length === 0
        ? text.none
        : settings.plan.map(({ fromMinute, shares }) => <div key={fromMinute}>{text.planLine(clockOf(fromMinute), sharesOf(shares))}</div>),
    ],
    [text.price, settings.pricePerKwh === null ? text.none : `${fixed(settings.pricePerKwh, 4)} ${currency}/kWh`],
    [text.grid, settings.gridGco2ePerKwh === null ? text.none : `${fixed(settings.gridGco2ePerKwh, 0)} gCO2e/kWh`],
    [
      text.feed,
      settings.feed === null
        ? text.none
        : text.feedOf(settings.feed.values, dayMinute(settings.feed.fromTs), dayMinute(settings.feed.toTs)),
    ],
    [
      text.custom,
      Object.keys(settings.rigsW).length + Object.keys(settings.modelsW).length === 0
        ? text.none
        : text.customOf(Object.keys(settings.rigsW).length, Object.keys(settings.modelsW).length),
    ],
  ];
  return (
    <Panel title={text.settings} note={text.settingsNote} flush>
      <table className="table">
        <tbody>
          {lines.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={value === text.none ? "quiet" : ""}>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
};

const Rigs = ({ rigs }: { readonly rigs: Truth["rigs"] }): ReactNode => {
  const shown = rigs.toSorted((a, b) => Math.abs(b.gapPct ?? -1) - Math.abs(a.gapPct ?? -1)).slice(0, SHOWN);
  return (
    <Panel title={text.rigs} note={text.rigsNote(shown.length, rigs.length)} flush>
      <ScrollX label={text.rigs}>
        <table className="table">
          <thead>
            <tr>
              {text.heads.map((head, i) => (
                <th key={head} scope="col" className={i === 0 || i === 2 ? "" : "num"}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ rig, powerW, source, reportedW, gapPct, attributedMw, efficiencyJTh }) => (
              <tr key={rig}>
                <th scope="row">
                  <Link className="plain-link" style={{ whiteSpace: "nowrap" }} to={`/rigs/${encodeURIComponent(rig)}`}>
                    {rig}
                  </Link>
                </th>
                <td className="num">
                  <Value shown={power(powerW)} />
                </td>
                <td>{text.sources[source]}</td>
                <td className="num">
                  <Value shown={power(reportedW)} />
                </td>
                <td className="num">{gapPct === null ? MISSING : `${signed(gapPct, 1)}\u202f%`}</td>
                <td className="num">
                  <Value shown={power(attributedMw / 1_000)} />
                </td>
                <td className="num">{fixed(efficiencyJTh, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </Panel>
  );
};

const EnergySourcesView = (): ReactNode => {
  const currency = useTotals()?.currency ?? say.energy.noCurrency;
  const answer = useAnswer<Truth>({ route: ROUTES.energyTruth }, 10_000);
  return (
    <div className="page">
      <EnergyPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{text.lead}</span>
      </div>
      <Answered answer={answer} height={420}>
        {(truth) => (
          <>
            <Figures truth={truth} currency={currency} />
            <div className="grid-2">
              <InForce truth={truth} />
              <Mix truth={truth} />
            </div>
            <Settings settings={truth.settings} currency={currency} />
            <Rigs rigs={truth.rigs} />
          </>
        )}
      </Answered>
    </div>
  );
};
export default EnergySourcesView;
