import { Button, NativeSelect } from "@mantine/core";
import { IconDownload, IconTool } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { csvOf } from "../../server/twin/csv.ts";
import type { Reliability } from "../../server/twin/orders/shapes.ts";
import { GROUPS } from "../../server/twin/usage/groups.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, dayMinute, fixed } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { daysOf, isDaySpan, SPAN_OPTIONS, type DaySpan } from "../parts/day-spans.ts";
import { FigureTile } from "../parts/figure-tile.tsx";
import { MaintenancePages } from "../parts/maintenance-pages.tsx";
import { Answered, Empty, Loading, Panel } from "../parts/panel.tsx";
import { saveFile } from "../parts/save-file.ts";
import { ScrollX } from "../parts/scroll-x.tsx";
import { Segments } from "../parts/segments.tsx";
import { useAnswer, useNow, useTotals } from "../site.tsx";
import { moneyText } from "../texts-money.ts";
import { upkeepText } from "../texts-upkeep.ts";

const text = upkeepText.figures;
const SHOWN = 200;
type Line = Reliability["total"];

const costOf = ({ costs }: Line): string => costs.map(({ currency, amount }) => `${fixed(amount, 2)} ${currency}`).join(" + ");
const eachOf = ({ costs }: Line): string =>
  costs.flatMap(({ currency, perThH }) => (perThH === null ? [] : [`${fixed(perThH, 6)} ${currency}`])).join(" + ");
const hours = (h: number | null): { text: string; unit: string } => ({ text: fixed(h, h !== null && h < 100 ? 1 : 0), unit: "h" });

const Figures = ({ told }: { readonly told: Reliability }): ReactNode => {
  const { total, lines, by } = told;
  const [cost] = total.costs;
  return (
    <div className="board energy-figures">
      <FigureTile name={text.failures} shown={{ text: count(total.failures), unit: "" }} side={text.failuresSide} />
      <FigureTile name={text.mtbf} shown={hours(total.mtbfH)} side={text.mtbfSide(count(total.runH))} />
      <FigureTile name={text.mttr} shown={hours(total.mttrH)} side={text.mttrSide(total.mended, `${fixed(total.waitedH ?? 0, 1)} h`)} />
      <FigureTile
        name={text.cost}
        shown={{ text: fixed(cost?.amount ?? null, 2), unit: cost?.currency ?? "" }}
        side={cost === undefined ? text.noCost : text.costSide(eachOf(total))}
      />
      <FigureTile name={text.alarms} shown={{ text: count(total.alarms), unit: "" }} side={text.alarmsSide} />
      <FigureTile
        name={text.repeats}
        shown={{ text: count(lines.filter(({ isRepeat }) => isRepeat).length), unit: moneyText.groups[by].toLowerCase() }}
        side={by === "rig" ? text.repeatsSide.rig : text.repeatsSide.other}
      />
    </div>
  );
};

/** Where a line's rigs are: a rig's own page, the table of the others. */
const addressOf = (by: Reliability["by"], name: string): string =>
  by === "rig" ? `/rigs/${encodeURIComponent(name)}` : `/rigs?q=${encodeURIComponent(by === "rack" ? name.replace(" / ", " ") : name)}`;

const Lines = ({ told }: { readonly told: Reliability }): ReactNode =>
  told.lines.length === 0 ? (
    <Empty icon={<IconTool size={26} />} title={text.none} />
  ) : (
    <ScrollX label={text.table}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{moneyText.groups[told.by]}</th>
            {text.heads.map((head) => (
              <th key={head} scope="col" className="num">
                {head}
              </th>
            ))}
            {told.by === "rig" ? <th scope="col">{text.order}</th> : null}
          </tr>
        </thead>
        <tbody>
          {told.lines.slice(0, SHOWN).map((line) => (
            <tr key={line.name}>
              <th scope="row">
                <Link to={addressOf(told.by, line.name)}>{line.name}</Link>{" "}
                {line.rigs > 1 ? <span className="faint">{count(line.rigs)}</span> : null}
                {line.isRepeat ? <span className="tag warm"> {text.repeat}</span> : null}
              </th>
              <td className="num">{count(line.failures)}</td>
              <td className="num">{count(line.runH)}</td>
              <td className="num">{fixed(line.mtbfH, 0)}</td>
              <td className="num">{fixed(line.mttrH, 1)}</td>
              <td className="num">{fixed(line.waitedH, 1)}</td>
              <td className="num">{costOf(line)}</td>
              <td className="num">{eachOf(line)}</td>
              <td className="num">{count(line.alarms)}</td>
              {told.by === "rig" ? (
                <td>
                  {line.failures === 0 && line.alarms === 0 ? null : (
                    <Link to={`/maintenance/new?rigs=${encodeURIComponent(line.name)}`} aria-label={text.orderFor(line.name)}>
                      {text.order}
                    </Link>
                  )}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );

const FIGURES = ["rigs", "failures", "mended", "runH", "thH", "mtbfH", "mttrH", "waitedH", "alarms"] as const;
const csvOfLines = ({ by, lines, total }: Reliability): string =>
  csvOf(
    [by, ...FIGURES, "costs", "costsPerThH", "repeat"],
    [...lines, { ...total, name: "total" }].map((line) => [
      line.name,
      ...FIGURES.map((key) => line[key]),
      line.costs.map(({ currency, amount }) => `${amount} ${currency}`).join("; "),
      line.costs.map(({ currency, perThH }) => `${perThH ?? ""} ${currency}`).join("; "),
      line.isRepeat ? "yes" : "no",
    ]),
  );

const ReliabilityView = (): ReactNode => {
  const totals = useTotals();
  const now = useNow();
  const address = useAddress();
  const asked = address.get("days");
  const span: DaySpan = isDaySpan(asked) ? asked : "30d";
  const by = GROUPS.find((each) => each === address.get("by")) ?? "rig";
  const range = now === null ? null : daysOf(span, now);
  const answer = useAnswer<Reliability>(
    range && { route: ROUTES.reliability, query: { from: range.from, to: range.to, by } },
    60_000,
    `reliability ${span} ${by}`,
  );
  if (totals === null || now === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={420} />
      </div>
    );
  const { data } = answer;
  return (
    <div className="page">
      <MaintenancePages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{data === null ? "" : text.lead(data.days)}</span>
        <div className="tools">
          <NativeSelect
            size="xs"
            aria-label={moneyText.groupLabel}
            value={by}
            data={GROUPS.map((value) => ({ value, label: `${moneyText.groupLabel} ${moneyText.groups[value].toLowerCase()}` }))}
            onChange={(event) => address.put({ by: event.currentTarget.value })}
          />
          <Segments label={moneyText.spanLabel} value={span} options={SPAN_OPTIONS} onChange={(value) => address.put({ days: value })} />
          {data === null ? null : (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconDownload size={14} />}
              onClick={() => saveFile(`${totals.site}-reliability-${by}.csv`, csvOfLines(data))}
            >
              {text.csv}
            </Button>
          )}
        </div>
      </div>
      <Answered answer={answer} height={420}>
        {(told) => (
          <>
            <Figures told={told} />
            <Panel
              title={text.table}
              flush
              foot={told.alarmsFromTs === null ? text.means : `${text.alarmsFrom(dayMinute(told.alarmsFromTs))} ${text.means}`}
            >
              <Lines told={told} />
            </Panel>
          </>
        )}
      </Answered>
    </div>
  );
};
export default ReliabilityView;
