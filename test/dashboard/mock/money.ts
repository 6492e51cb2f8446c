/** The mock's use and money: the real accounts over made-up five-minute rows of two days. */
import type { Express, Request, Response } from "express";
import { DAY_MS } from "../../../server/twin/days.ts";
import { SLOTS } from "../../../server/twin/rig-day.ts";
import { accountOf, type Place } from "../../../server/twin/usage/account.ts";
import { csvOfUsage } from "../../../server/twin/usage/csv.ts";
import { curtailmentsIn } from "../../../server/twin/usage/curtailment.ts";
import { foldQuotes, newQuotes, quoteAt, quotesOf, type QuoteBook } from "../../../server/twin/usage/quotes.ts";
import { usageQuery, type Usage } from "../../../server/twin/usage/shapes.ts";
import { dayUseOf, type DayUse } from "../../../server/twin/usage/use.ts";
import { csvOfReport, reportOf, type MonthReport } from "../../../server/twin/usage/report.ts";
import { failuresOf, reliabilityOf } from "../../../server/twin/orders/reliability.ts";
import type { Order } from "../../../server/twin/orders/shapes.ts";
import { pdfOfReport } from "../../../server/edge/http/report-pdf.ts";
import { ROUTES } from "../../../server/twin/wire.ts";

export interface MoneyHands {
  readonly site: string;
  readonly now: () => number;
  readonly places: () => ReadonlyMap<string, Place>;
  readonly orders: () => Iterable<Order>;
}

export const mountMoney = (app: Express, hands: MoneyHands): void => {
  const book: QuoteBook = new Map();
  const cells = (i: number): number[][] =>
    Array.from({ length: SLOTS }, (_, slot) => {
      const paused = i % 3 === 0 && slot >= 200 && slot < 212;
      return [slot, 1, 1, paused ? 0 : 90_000 + (i % 7) * 4_000, 1, paused ? 60 : 3_000 + (i % 11) * 40, 600, 700, 250, paused ? 1 : 0, 1];
    });
  const daysNow = (): DayUse[] => {
    const today = Math.floor(hands.now() / DAY_MS);
    const rigs = [...hands.places().keys()].slice(0, 60);
    const parts = new Map(rigs.map((rig, i) => [rig, [cells(i)]]));
    const price = [{ of: "power" as const, fromTs: 0, value: 0.05, currency: "EUR", source: "mock", by: "mock", enteredTs: 0 }];
    const carbon = [{ ...price[0], of: "carbon" as const, value: 180 }] as unknown as typeof price;
    return rigs.length === 0 ? [] : [today - 1, today].map((day) => dayUseOf(day, parts, null, { power: price, carbon }, "EUR"));
  };
  const told = (request: Request): Usage => {
    const { from, to, by } = usageQuery.parse(request.query);
    const days = daysNow();
    const hashprice = quotesOf(book, "hashprice");
    const account = accountOf(days, by, hands.site, hands.places(), hashprice);
    return {
      site: hands.site,
      by,
      fromTs: from,
      toTs: to,
      days: days.length,
      hashprice: quoteAt(hashprice, hands.now()),
      ...account,
      lines: [...account.lines],
      curtailments: curtailmentsIn(days),
      asOfTs: hands.now(),
    };
  };
  app.get(ROUTES.usage, (request: Request, response: Response) => void response.json(told(request)));
  app.get(ROUTES.usageCsv, (request: Request, response: Response) => void response.type("text/csv").send(csvOfUsage(told(request))));
  const report = (request: Request): MonthReport =>
    reportOf({
      site: hands.site,
      month: String(request.query["month"]),
      days: daysNow(),
      places: hands.places(),
      quotes: [],
      states: new Map(),
      asOfTs: hands.now(),
      firstDay: Math.floor(hands.now() / DAY_MS) - 1,
    });
  app.get(ROUTES.report, (request: Request, response: Response) => void response.json(report(request)));
  app.get(ROUTES.reportCsv, (request: Request, response: Response) => void response.type("text/csv").send(csvOfReport(report(request))));
  app.get(ROUTES.reportPdf, async (request: Request, response: Response) => {
    response.type("application/pdf").send(Buffer.from(await pdfOfReport(report(request))));
  });
  app.get(ROUTES.reliability, (request: Request, response: Response) => {
    const { from, to, by } = usageQuery.parse(request.query);
    const [orders, days, span] = [[...hands.orders()], daysNow(), { fromTs: from, toTs: to }];
    const failures = failuresOf(orders, new Map());
    const told = reliabilityOf({ ...span, by, site: hands.site, days, places: hands.places(), orders, failures, alarms: [] });
    response.json({ by, ...span, days: days.length, alarmsFromTs: null, ...told, asOfTs: hands.now() });
  });
  app.get(ROUTES.quotes, (_request: Request, response: Response) => void response.json({ quotes: [...book.values()] }));
  app.post(ROUTES.quotes, (request: Request, response: Response) => {
    foldQuotes(book, newQuotes.parse(request.body), hands.now());
    response.status(201).json({ quotes: [...book.values()] });
  });
};
