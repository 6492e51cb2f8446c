import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconBolt, IconChevronLeft, IconChevronRight, IconDownload } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MonthReport } from "../../server/twin/usage/report.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, efficiency, energyKwh, fixed, iso, MISSING, percent, together } from "../format.ts";
import "../look/orders.css";
import { useAddress } from "../parts/address.ts";
import { Curtailments } from "../parts/curtailments.tsx";
import { EnergyPages } from "../parts/energy-pages.tsx";
import { FigureTile } from "../parts/figure-tile.tsx";
import { Answered, Empty, Loading, Panel } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { Segments } from "../parts/segments.tsx";
import { toned, Value } from "../parts/value.tsx";
import { useAnswer, useNow, useSite, useTotals } from "../site.tsx";
import { moneyText } from "../texts-money.ts";
import { reportText as text } from "../texts-report.ts";
import { say } from "../texts.ts";

const GROUPS = ["racks", "models"] as const;
const SHOWN = 60;

const monthOf = (ts: number): string => iso(ts).slice(0, 7);
/** The month so many after one. */
const later = (month: string, by: number): string => {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return monthOf(Date.UTC(year, number - 1 + by, 1));
};
const each = (value: number | null, thH: number): number | null => (value === null || thH <= 0 ? null : value / thH);

const Figures = ({ report }: { readonly report: MonthReport }): ReactNode => {
  const { total } = report;
  const currency = report.currency ?? "";
  const carbon = each(total.kgco2e, total.thH);
  return (
    <div className="board energy-figures">
      <FigureTile name={text.wall} shown={energyKwh(total.wallKwh)} side={text.wallSide(together(energyKwh(total.reportedKwh)))} />
      <FigureTile
        name={text.cost}
        shown={{ text: fixed(total.cost, 2), unit: currency }}
        side={text.perThH(`${fixed(each(total.cost, total.thH), 5)} ${currency}`)}
      />
      <FigureTile
        name={text.carbon}
        shown={{ text: fixed(total.kgco2e, 1), unit: "kgCO2e" }}
        side={text.perThH(`${fixed(carbon === null ? null : 1_000 * carbon, 2)} gCO2e`)}
      />
      <FigureTile name={text.delivered} shown={{ text: count(total.thH), unit: "TH·h" }} side={text.deliveredSide} />
      <FigureTile name={text.efficiency} shown={efficiency(total.efficiencyJTh)} side={text.efficiencySide} />
      <FigureTile
        name={text.avoided}
        shown={energyKwh(total.avoidedKwh)}
        side={text.avoidedSide(`${fixed(total.saved, 2)} ${currency}`, `${fixed(total.savedKgco2e, 1)} kgCO2e`)}
      />
    </div>
  );
};

const Sources = ({ report: { total } }: { readonly report: MonthReport }): ReactNode => {
  const sources = Object.entries(total.sourcesKwh);
  const inflow = sources.reduce((sum, [, kwh]) => sum + Math.max(0, kwh), 0);
  return sources.length === 0 ? (
    <Empty title={say.energy.noMeter} />
  ) : (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{say.energy.source}</th>
          <th scope="col" className="num">
            {say.energy.used}
          </th>
          <th scope="col" className="num">
            {say.energy.share}
          </th>
        </tr>
      </thead>
      <tbody>
        {sources.map(([source, kwh]) => (
          <tr key={source}>
            <th scope="row">
              <span className="mark" style={toned(`src-${source}`)}>
                <i className="dot" aria-hidden />
                {say.sources[source] ?? source}
              </span>
            </th>
            <td className="num">
              <Value shown={energyKwh(kwh)} />
            </td>
            <td className="num">{kwh < 0 ? MISSING : percent(kwh, inflow)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Groups = ({ report, by }: { readonly report: MonthReport; readonly by: (typeof GROUPS)[number] }): ReactNode => (
  <ScrollX label={text.byGroup}>
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{moneyText.groups[by === "racks" ? "rack" : "model"]}</th>
          {text.heads.map((head) => (
            <th key={head} scope="col" className="num">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {report[by].slice(0, SHOWN).map((line) => (
          <tr key={line.name}>
            <th scope="row">{line.name}</th>
            <td className="num">{count(line.rigs)}</td>
            <td className="num">{fixed(line.wallKwh, 1)}</td>
            <td className="num">{count(line.thH)}</td>
            <td className="num">{fixed(line.efficiencyJTh, 1)}</td>
            <td className="num">{fixed(line.costPerThH, 5)}</td>
            <td className="num">{fixed(line.gco2ePerThH, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const Days = ({ report }: { readonly report: MonthReport }): ReactNode => (
  <ScrollX label={text.byDay}>
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{text.day}</th>
          {text.dayHeads.map((head) => (
            <th key={head} scope="col" className="num">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {report.days.map((line) => (
          <tr key={line.day}>
            <th scope="row">{line.day}</th>
            <td className="num">{fixed(line.wallKwh, 1)}</td>
            <td className="num">{fixed(line.cost, 2)}</td>
            <td className="num">{fixed(line.kgco2e, 1)}</td>
            <td className="num">{count(line.thH)}</td>
            <td className="num">{fixed(line.efficiencyJTh, 1)}</td>
            <td className="num">{fixed(line.avoidedKwh, 1)}</td>
            <td className={line.unmeteredH > 0 ? "num warm" : "num"}>{fixed(line.unmeteredH, 1)}</td>
            <td className={line.silentRigH > 0 ? "num warm" : "num"}>{fixed(line.silentRigH, 1)}</td>
            <td className="num">{line.signedPct === null ? MISSING : `${fixed(line.signedPct, 0)}\u202f%`}</td>
            <td className="num">{line.isAnchored ? text.rows.chain : line.isSealed ? text.rows.sealed : text.rows.open}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const Whence = ({ report }: { readonly report: MonthReport }): ReactNode => {
  const { total, days } = report;
  const lines = [
    text.from.energy(total.meteredKwh > 0, fixed(total.unmeteredH, 1)),
    text.from.readings(total.signedPct === null ? MISSING : `${fixed(total.signedPct, 1)}\u202f%`),
    text.from.cost,
    text.from.missing(report.missingDays, fixed(total.silentH, 1), fixed(total.silentRigH, 1)),
    text.from.sealed(days.length, days.filter(({ isSealed }) => isSealed).length, days.filter(({ isAnchored }) => isAnchored).length),
    ...report.entered.map(({ of, value, fromTs, source, by }) =>
      text.from.entered(moneyText.kinds[of as keyof typeof moneyText.kinds] ?? of, value, iso(fromTs).slice(0, 10), source, by),
    ),
    text.from.honest,
  ];
  return (
    <ul className="order-lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
};

const MonthsView = (): ReactNode => {
  const { addressOf } = useSite();
  const totals = useTotals();
  const now = useNow();
  const address = useAddress();
  const newest = now === null ? "" : monthOf(now);
  const asked = address.get("month");
  const month = /^20\d\d-(0[1-9]|1[0-2])$/.test(asked) ? asked : newest;
  const by = GROUPS.find((name) => name === address.get("by")) ?? "racks";
  const answer = useAnswer<MonthReport>(now === null ? null : { route: ROUTES.report, query: { month } }, null, `report ${month}`);
  if (totals === null || now === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={420} />
      </div>
    );
  const put = (next: string): void => address.put({ month: next === newest ? "" : next });
  return (
    <div className="page">
      <EnergyPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{answer.data === null ? "" : text.lead(answer.data.days.length, answer.data.isOver)}</span>
        <div className="tools">
          <div className="row tight">
            <ActionIcon variant="default" aria-label={text.earlier} onClick={() => put(later(month, -1))}>
              <IconChevronLeft size={14} />
            </ActionIcon>
            <TextInput
              type="month"
              size="xs"
              aria-label={text.month}
              value={month}
              max={newest}
              onChange={(event) => put(event.currentTarget.value)}
            />
            <ActionIcon variant="default" aria-label={text.later} disabled={month >= newest} onClick={() => put(later(month, 1))}>
              <IconChevronRight size={14} />
            </ActionIcon>
          </div>
          {([ROUTES.reportPdf, ROUTES.reportCsv] as const).map((route) => (
            <Button
              key={route}
              component="a"
              href={addressOf({ route, query: { month } })}
              download
              size="xs"
              variant="default"
              leftSection={<IconDownload size={14} />}
            >
              {route === ROUTES.reportPdf ? text.pdf : text.csv}
            </Button>
          ))}
        </div>
      </div>
      <Answered answer={answer} height={420}>
        {(report) =>
          report.days.length === 0 ? (
            <div className="panel">
              <Empty icon={<IconBolt size={28} />} title={text.nothing}>
                {text.nothingMore}
              </Empty>
            </div>
          ) : (
            <>
              <Figures report={report} />
              <div className="grid-2">
                <Panel title={text.bySource} note={text.bySourceNote} flush>
                  <Sources report={report} />
                </Panel>
                <Panel title={text.whence}>
                  <Whence report={report} />
                </Panel>
              </div>
              <Panel
                title={text.byGroup}
                note={text.byGroupNote}
                flush
                tools={
                  <Segments
                    label={text.groupLabel}
                    value={by}
                    options={GROUPS.map((value) => ({ value, label: text.groups[value] }))}
                    onChange={(value) => address.put({ by: value === "racks" ? "" : value })}
                  />
                }
              >
                <Groups report={report} by={by} />
              </Panel>
              <Panel title={text.curtailments} note={moneyText.curtailmentsNote} flush>
                <Curtailments curtailments={report.curtailments} currency={report.currency} />
              </Panel>
              <Panel title={text.byDay} flush>
                <Days report={report} />
              </Panel>
            </>
          )
        }
      </Answered>
    </div>
  );
};
export default MonthsView;
