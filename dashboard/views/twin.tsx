/** What a twin shows to the world: its passport, its days, and the means to check them without trusting this farm. */
import { IconFileCertificate } from "@tabler/icons-react";
import { useEffect, useMemo, type ReactNode } from "react";
import type { DayLine, DaysAnswer } from "../../server/twin/bundle.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, energyKwh, fixed, lasting, percent, together, utcMinute } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { Checking } from "../parts/checking.tsx";
import { DayChart } from "../parts/day-chart.tsx";
import type { DaySeries } from "../parts/day-series.ts";
import { DayTable } from "../parts/day-table.tsx";
import { Mark } from "../parts/mark.tsx";
import { Answered, Empty, Loading, Panel, Trouble } from "../parts/panel.tsx";
import { Copy, Identity, Life, Ownership, type Passport } from "../parts/passport.tsx";
import { PartHistory } from "../parts/part-questions.tsx";
import { Worth } from "../parts/proof.tsx";
import { Records } from "../parts/records.tsx";
import { SchemeToggle } from "../parts/scheme-toggle.tsx";
import { Segments } from "../parts/segments.tsx";
import { StateMark, Value } from "../parts/value.tsx";
import { Substitution } from "../parts/substitution-line.tsx";
import { useAnswer } from "../site.tsx";
import { say } from "../texts.ts";
import { twinText as text } from "../texts-twin.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { calendarOf, hashes, percentOf, sumOf, type CalendarDay, type Sum } from "../twin-days.ts";
import "../look/proof.css";
import "../look/twin.css";

const RENEW_MS = 60_000;
const RANGES = ["30", "90", "365"] as const;
type Range = (typeof RANGES)[number];
const isRange = (name: string): name is Range => (RANGES as readonly string[]).includes(name);

const Frame = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <>
    <a className="skip" href="#main">
      {text.skip}
    </a>
    <header className="public-head">
      <span className="brand">
        <Mark /> {say.product}
      </span>
      <span className="quiet wide-only">{text.publicPage}</span>
      <span className="public-tools">
        <SchemeToggle />
      </span>
    </header>
    <main id="main" tabIndex={-1} className="page twin-page">
      {children}
    </main>
    <footer className="public-foot quiet">
      <p>{text.footer}</p>
    </footer>
  </>
);

const Head = ({ passport }: { readonly passport: Passport }): ReactNode => {
  const { twin, tokenId } = passport;
  const machine = [twin.identity.make, twin.identity.model].filter(Boolean).join(" ") || text.nameless;
  const title = text.title(machine, tokenId);
  useEffect(() => {
    document.title = `${title} · ${twin.site} · ${say.product}`;
  }, [title, twin.site]);
  return (
    <div className="twin-top">
      <p className="kicker">{text.kicker}</p>
      <h1>{title}</h1>
      <p className="row">
        <span>{text.rigOf(twin.rig, twin.site)}</span>
        <span className="tag big">
          <StateMark state={twin.state} />
        </span>
        <span className="tag big" title={say.tierMeans[twin.tier]}>
          {say.tiers[twin.tier]}
        </span>
        <span className="quiet">
          {twin.lastSeenTs === null ? text.neverSeen : text.lastSeen(utcMinute(twin.lastSeenTs), lasting(Date.now() - twin.lastSeenTs))}
        </span>
        <Copy what={text.copy.toLowerCase()} value={`${location.origin}${location.pathname}`} />
      </p>
    </div>
  );
};

const tierOf = ({ tier }: Sum): string => (tier === null ? "" : tier === "mixed" ? text.mixedTier : say.tiers[tier]);

const Figures = ({ calendar, lines }: { readonly calendar: readonly CalendarDay[]; readonly lines: readonly DayLine[] }): ReactNode => {
  const sum = useMemo(() => sumOf(lines), [lines]);
  const missing = calendar.filter(({ line }) => line === null || line.n === 0).length;
  const figures = [
    {
      name: text.delivered,
      shown: hashes(sum.deliveredThH),
      side: sum.nameplateThH === null ? text.noNameplate : text.ofNameplate(percent(sum.deliveredThH, sum.nameplateThH)),
    },
    {
      name: text.energy,
      shown: energyKwh(sum.energyKwh),
      side: text.perDay(together(energyKwh(sum.energyKwh / Math.max(1, lines.length)))),
    },
    { name: text.efficiency, shown: { text: fixed(sum.efficiencyJTh, 1), unit: "J/TH" }, side: text.efficiencyFoot },
    {
      name: text.uptime,
      shown: { text: fixed(sum.uptimePct, 1), unit: "%" },
      side: text.uptimeWithout(percentOf(sum.uptimeExcusedPct)),
      title: text.excusedMeans,
    },
    { name: text.readings, shown: { text: count(sum.n), unit: "" }, side: text.ofNumbered(percent(sum.n, sum.expected)) },
    {
      name: text.anchored,
      shown: { text: count(sum.anchored), unit: text.ofDays(lines.length) },
      side:
        [missing > 0 ? text.missing(missing) : "", sum.withGaps > 0 ? text.withGaps(sum.withGaps) : ""].filter(Boolean).join(", ") ||
        text.noGaps,
      isWarm: missing > 0,
    },
  ];
  return (
    <div className="board twin-figures">
      {figures.map(({ name, shown, side, title, isWarm }) => (
        <div key={name} className="tile" title={title}>
          <span className="tile-name">{name}</span>
          <span className="tile-value small">
            <Value shown={shown} />
          </span>
          <span className={isWarm === true ? "tile-side warm" : "tile-side"}>{side}</span>
          <span className="tile-foot">
            {tierOf(sum)} · {text.fromRows}
          </span>
        </div>
      ))}
    </div>
  );
};

const Charts = ({ calendar, tier }: { readonly calendar: readonly CalendarDay[]; readonly tier: string }): ReactNode => {
  const { dates, delivered, energy, uptime } = useMemo(() => {
    const pick = (of: (line: DayLine) => number | null): (number | null)[] =>
      calendar.map(({ line }) => (line === null || line.n === 0 ? null : of(line)));
    return {
      dates: calendar.map(({ date }) => date),
      delivered: [
        { label: text.deliveredLine, as: "bar", tone: "line-hash", values: pick(({ totals }) => totals.deliveredThH) },
        {
          label: text.nameplateLine,
          as: "line",
          tone: "copper",
          dashed: true,
          stepped: true,
          values: pick(({ totals }) => totals.nameplateThH),
        },
      ] satisfies DaySeries[],
      energy: [
        { label: text.energyLine, as: "bar", tone: "line-cool", values: pick(({ totals }) => totals.energyKwh) },
      ] satisfies DaySeries[],
      uptime: [
        { label: text.uptimeLine, as: "line", tone: "line-hash", values: pick(({ totals }) => totals.uptimePct) },
        { label: text.uptimeExcusedLine, as: "line", tone: "copper", dashed: true, values: pick(({ totals }) => totals.uptimeExcusedPct) },
      ] satisfies DaySeries[],
    };
  }, [calendar]);
  const note = `${tier} · ${text.chartNote}`;
  return (
    <>
      <DayChart title={text.deliveredChart} note={note} dates={dates} series={delivered} unit="TH·h" digits={0} height={230} />
      <div className="grid-2">
        <DayChart title={text.energyChart} note={note} dates={dates} series={energy} unit="kWh" digits={1} />
        <DayChart title={text.uptimeChart} note={note} dates={dates} series={uptime} unit="%" digits={1} most={100} />
      </div>
    </>
  );
};

const NoDays = ({ passport, inRange }: { readonly passport: Passport; readonly inRange: boolean }): ReactNode => {
  const now = Date.now();
  const firstEnd = Math.max((Math.floor(passport.twin.firstSeenTs / DAY_MS) + 1) * DAY_MS, now - (now % DAY_MS) + (inRange ? 0 : DAY_MS));
  return (
    <div className="panel">
      <Empty icon={<IconFileCertificate size={26} />} title={inRange ? text.noneInRange : text.noDays}>
        {inRange ? text.noneInRangeMore : text.noDaysMore(new Date(firstEnd - DAY_MS).toISOString().slice(0, 10), lasting(firstEnd - now))}
      </Empty>
    </div>
  );
};

/** The end of the newest day that may be there; it moves on at midnight UTC only. */
const endOf = (now: number): number => (Math.floor(now / DAY_MS) + 1) * DAY_MS;

const Days = ({ passport }: { readonly passport: Passport }): ReactNode => {
  const address = useAddress();
  const wished = address.get("days");
  const range: Range = isRange(wished) ? wished : "30";
  const to = endOf(Date.now());
  const question = {
    route: ROUTES.days,
    parameters: { tokenId: passport.tokenId },
    query: { from: to - (Number(range) + 1) * DAY_MS, to },
  };
  const days = useAnswer<DaysAnswer>(question, RENEW_MS);
  return (
    <>
      <div className="row apart">
        <h2 className="section">{text.figures}</h2>
        <Segments
          label={text.range}
          value={range}
          options={RANGES.map((value) => ({ value, label: text.ranges[value] }))}
          onChange={(value) => address.put({ days: value })}
        />
      </div>
      <Answered answer={days} height={420}>
        {({ days: lines }) => <Sealed passport={passport} lines={lines} inRange={passport.twin.firstSeenTs < question.query.from} />}
      </Answered>
    </>
  );
};

const Sealed = ({
  passport,
  lines,
  inRange,
}: {
  readonly passport: Passport;
  readonly lines: readonly DayLine[];
  readonly inRange: boolean;
}): ReactNode => {
  const calendar = useMemo(() => calendarOf(lines), [lines]);
  const tier = useMemo(() => tierOf(sumOf(lines)), [lines]);
  if (lines.length === 0)
    return (
      <>
        <NoDays passport={passport} inRange={inRange} />
        <Panel title={text.verify}>
          <Worth />
        </Panel>
      </>
    );
  return (
    <>
      <Figures calendar={calendar} lines={lines} />
      <Charts calendar={calendar} tier={tier} />
      <DayTable calendar={calendar} />
      <Checking passport={passport} lines={lines} />
    </>
  );
};

const Known = ({ token }: { readonly token: number }): ReactNode => {
  const answer = useAnswer<Passport>({ route: ROUTES.twin, parameters: { tokenId: token } }, RENEW_MS);
  const { data, failure } = answer;
  if (data === null && failure?.code === "TOKEN_UNKNOWN")
    return (
      <div className="panel">
        <h1 className="unseen">{text.unknownTitle(String(token))}</h1>
        <Empty icon={<IconFileCertificate size={26} />} title={text.unknownTitle(String(token))}>
          {text.unknownMore}
        </Empty>
      </div>
    );
  if (data === null)
    return (
      <>
        <h1 className="unseen">{text.title(text.nameless, token)}</h1>
        {failure === null ? (
          <>
            <Loading height={90} />
            <Loading height={260} />
            <Loading height={420} />
          </>
        ) : (
          <div className="panel">
            <Trouble failure={failure} retry={answer.refresh} />
          </div>
        )}
      </>
    );
  return (
    <>
      <Head passport={data} />
      <Answered answer={answer}>{() => null}</Answered>
      <Substitution substitution={data.substitution} isPublic />
      <div className="grid-2 passport-grid">
        <Identity passport={data} />
        <div className="stack">
          <Ownership passport={data} />
          <Life passport={data} />
        </div>
      </div>
      <PartHistory changes={data.partChanges} />
      <Days passport={data} />
      <Records rig={data.twin.rig} answer={{ ...answer, data: { records: data.records } }} readOnly isPublic />
    </>
  );
};

const TwinView = ({ token }: { readonly token: string }): ReactNode => (
  <Frame>
    {/^[0-9]{1,15}$/.test(token) ? (
      <Known token={Number(token)} />
    ) : (
      <div className="panel">
        <h1 className="unseen">{text.notNumber(token.slice(0, 40))}</h1>
        <Empty title={text.notNumber(token.slice(0, 40))}>{text.notNumberMore}</Empty>
      </div>
    )}
  </Frame>
);
export default TwinView;
