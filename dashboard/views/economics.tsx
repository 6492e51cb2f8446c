import { Button, NativeSelect } from "@mantine/core";
import { IconCoins, IconDownload, IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { GROUPS } from "../../server/twin/usage/groups.ts";
import type { Quote } from "../../server/twin/usage/quotes.ts";
import type { Usage } from "../../server/twin/usage/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, energyKwh, fixed, iso, MISSING } from "../format.ts";
import "../look/orders.css";
import { useAddress } from "../parts/address.ts";
import { Curtailments } from "../parts/curtailments.tsx";
import { daysOf, isDaySpan, SPAN_OPTIONS, type DaySpan } from "../parts/day-spans.ts";
import { Answered, Empty, Loading, Panel } from "../parts/panel.tsx";
import { QuoteForm } from "../parts/quote-form.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { Segments } from "../parts/segments.tsx";
import { Age } from "../parts/value.tsx";
import { FigureTile } from "../parts/figure-tile.tsx";
import { useAnswer, useNow, useSite, useTotals } from "../site.tsx";
import { moneyText as text } from "../texts-money.ts";
import { say } from "../texts.ts";

const DAY = 86_400_000;
const SHOWN = 200;

const Figures = ({ usage }: { readonly usage: Usage }): ReactNode => {
  const { total } = usage;
  const currency = usage.currency ?? "";
  const wall = energyKwh(total.wallKwh);
  const gap = total.reportedKwh > 0 ? `${fixed((100 * (total.wallKwh - total.reportedKwh)) / total.reportedKwh, 1)}\u202f%` : MISSING;
  return (
    <div className="board energy-figures">
      <FigureTile name={text.wall} shown={wall} side={text.wallSide(gap)} />
      <FigureTile
        name={text.cost}
        shown={{ text: fixed(total.cost, 2), unit: currency }}
        side={text.costSide(`${fixed(total.costPerThH, 5)} ${currency}`)}
      />
      <FigureTile
        name={text.carbon}
        shown={{ text: fixed(total.kgco2e, 1), unit: "kgCO2e" }}
        side={text.carbonSide(fixed(total.gco2ePerThH, 2))}
      />
      <FigureTile
        name={text.revenue}
        shown={{ text: fixed(total.revenue, 2), unit: usage.hashpriceCurrency ?? "" }}
        side={usage.hashprice === null ? text.noHashprice : text.revenueSide}
      />
      <FigureTile name={text.margin} shown={{ text: fixed(total.margin, 2), unit: currency }} side={text.marginSide} />
      <FigureTile
        name={text.breakEven}
        shown={{ text: fixed(total.breakEvenPerKwh, 4), unit: `${currency}/kWh` }}
        side={text.breakEvenSide}
      />
    </div>
  );
};

const Lines = ({ usage }: { readonly usage: Usage }): ReactNode => {
  const worst = usage.lines.length < 10 ? 0 : Math.ceil(usage.lines.length / 10);
  return usage.lines.length === 0 ? (
    <Empty icon={<IconCoins size={26} />} title={text.none} />
  ) : (
    <ScrollX label={text.table}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{text.groups[usage.by]}</th>
            {text.heads.map((head) => (
              <th key={head} scope="col" className="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {usage.lines.slice(0, SHOWN).map((line, i) => (
            <tr key={line.name}>
              <th scope="row">
                {line.name} {line.rigs > 1 ? <span className="faint">{count(line.rigs)}</span> : null}
                {i < worst ? <span className="tag"> {text.worst}</span> : null}
              </th>
              <td className="num">{fixed(line.thH, 0)}</td>
              <td className="num">{fixed(line.wallKwh, 1)}</td>
              <td className="num">{fixed(line.efficiencyJTh, 1)}</td>
              <td className="num">{fixed(line.cost, 2)}</td>
              <td className="num">{fixed(line.costPerThH, 5)}</td>
              <td className="num">{fixed(line.gco2ePerThH, 2)}</td>
              <td className="num">{fixed(line.revenue, 2)}</td>
              <td className={line.margin !== null && line.margin < 0 ? "num bad" : "num"}>{fixed(line.margin, 2)}</td>
              <td className="num">{fixed(line.breakEvenPerKwh, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
};

const Prices = ({
  quotes,
  currency,
  now,
  onDone,
}: {
  readonly quotes: readonly Quote[];
  readonly currency: string;
  readonly now: number;
  readonly onDone: () => void;
}): ReactNode => {
  const [entering, setEntering] = useState(false);
  return (
    <Panel
      title={text.prices}
      note={text.pricesNote}
      tools={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={entering ? undefined : <IconPlus size={14} />}
          onClick={() => setEntering(!entering)}
        >
          {entering ? say.cancel : text.enter}
        </Button>
      }
    >
      {entering ? (
        <QuoteForm
          currency={currency}
          now={now}
          onDone={() => {
            setEntering(false);
            onDone();
          }}
        />
      ) : null}
      {quotes.length === 0 ? <p className="quiet">{text.noPrices}</p> : null}
      <ul className="order-lines">
        {quotes
          .toReversed()
          .slice(0, 20)
          .map((each) => (
            <li key={`${each.of}/${each.fromTs}`} className="row apart">
              <span>
                <b>{text.kinds[each.of]}</b> {fixed(each.value, 4)} {text.units[each.of](each.currency ?? "")}
                <br />
                <span className="faint">
                  {each.source} · {text.enteredBy(each.by)} · <Age ts={each.enteredTs} limitMs={2 * DAY} />
                </span>
              </span>
              <span className="quiet">
                {text.holds} {iso(each.fromTs).slice(0, 10)}
              </span>
            </li>
          ))}
      </ul>
    </Panel>
  );
};

const EconomicsView = (): ReactNode => {
  const { addressOf } = useSite();
  const totals = useTotals();
  const now = useNow();
  const address = useAddress();
  const asked = address.get("days");
  const span: DaySpan = isDaySpan(asked) ? asked : "7d";
  const by = GROUPS.find((each) => each === address.get("by")) ?? "rack";
  const range = now === null ? null : daysOf(span, now);
  const query = range === null ? null : { from: range.from, to: range.to, by };
  const usage = useAnswer<Usage>(query && { route: ROUTES.usage, query }, 60_000, `usage ${span} ${by}`);
  const quotes = useAnswer<{ readonly quotes: readonly Quote[] }>({ route: ROUTES.quotes }, null);
  if (totals === null || now === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={420} />
      </div>
    );
  const again = (): void => {
    usage.refresh();
    quotes.refresh();
  };
  const price = usage.data?.hashprice ?? null;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{usage.data === null ? "" : text.basis(usage.data.days)}</span>
        <div className="tools">
          <NativeSelect
            size="xs"
            aria-label={text.groupLabel}
            value={by}
            data={GROUPS.map((value) => ({ value, label: `${text.groupLabel} ${text.groups[value].toLowerCase()}` }))}
            onChange={(event) => address.put({ by: event.currentTarget.value })}
          />
          <Segments label={text.spanLabel} value={span} options={SPAN_OPTIONS} onChange={(value) => address.put({ days: value })} />
          {query === null ? null : (
            <Button
              component="a"
              href={addressOf({ route: ROUTES.usageCsv, query })}
              download
              size="xs"
              variant="default"
              leftSection={<IconDownload size={14} />}
            >
              {text.csv}
            </Button>
          )}
        </div>
      </div>
      <Answered answer={usage} height={420}>
        {(data) => (
          <>
            <Figures usage={data} />
            {price === null ? null : (
              <p className="quiet">
                {text.kinds.hashprice} {fixed(price.value, 4)} {text.units.hashprice(price.currency ?? "")} · {price.source} ·{" "}
                <Age ts={price.enteredTs} limitMs={2 * DAY} />
              </p>
            )}
            {data.comparable ? null : (
              <p className="warm" role="status">
                {text.incomparable(data.hashpriceCurrency ?? "", data.currency ?? "")}
              </p>
            )}
            <Panel
              title={text.table}
              note={text.tableNote}
              flush
              foot={data.lines.length > SHOWN ? `${text.more(data.lines.length - SHOWN)} ${text.honest}` : text.honest}
            >
              <Lines usage={data} />
            </Panel>
            <Panel title={text.curtailments} note={text.curtailmentsNote} flush>
              <Curtailments curtailments={data.curtailments} currency={data.currency} />
            </Panel>
          </>
        )}
      </Answered>
      <Answered answer={quotes}>
        {(data) => <Prices quotes={data.quotes} currency={totals.currency ?? "USD"} now={now} onDone={again} />}
      </Answered>
    </div>
  );
};
export default EconomicsView;
