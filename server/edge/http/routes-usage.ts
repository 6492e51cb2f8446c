/** Lines of the table for use and money. */
import { csvOfUsage } from "../../twin/usage/csv.ts";
import { newQuotes, quotes } from "../../twin/usage/quotes.ts";
import { csvOfReport, monthReport, reportQuery } from "../../twin/usage/report.ts";
import { usage, usageQuery } from "../../twin/usage/shapes.ts";
import { ROUTES } from "../../twin/wire.ts";
import { pdfOfReport } from "./report-pdf.ts";
import { route, type Route } from "./route.ts";

const none = { params: null, query: null, body: null } as const;
const MONTH = { month: "2026-11" };
const DAYS = { from: "1762819200000", to: "1762905600000" };

export const USAGE_TABLE: readonly Route[] = [
  route({
    ...none,
    id: "usage",
    method: "get",
    path: ROUTES.usage,
    group: "Site",
    status: 200,
    refuses: ["RANGE_INVALID", "STORE_UNAVAILABLE"],
    example: { query: { ...DAYS, by: "rack" } },
    summary: "Energy, cost, carbon and estimated revenue of whole UTC days, by group",
    more: "Computed from the sealed five-minute rows; the site's meter is shared by what the rigs report. Revenue is estimated at the entered hashprice, before pool fees and luck.",
    query: usageQuery,
    answer: usage,
    run: (handlers, { query }) => handlers.usage(query),
  }),
  route({
    ...none,
    id: "usageCsv",
    method: "get",
    path: ROUTES.usageCsv,
    group: "Site",
    status: 200,
    refuses: ["RANGE_INVALID", "STORE_UNAVAILABLE"],
    example: { query: { ...DAYS, by: "rig" } },
    media: "text/csv",
    summary: "The same as a table for a spreadsheet",
    query: usageQuery,
    answer: null,
    run: async (handlers, { query }, { response }) => {
      const told = await handlers.usage(query);
      response.attachment(`${told.site}-${new Date(told.fromTs).toISOString().slice(0, 10)}-${told.by}.csv`);
      return csvOfUsage(told);
    },
  }),
  route({
    ...none,
    id: "report",
    method: "get",
    path: ROUTES.report,
    group: "Site",
    status: 200,
    refuses: ["STORE_UNAVAILABLE"],
    heavy: true,
    example: { query: MONTH },
    summary: "A UTC month of the site: energy by source, cost, carbon, TH·h, curtailment, what is missing and where each figure is from",
    query: reportQuery,
    answer: monthReport,
    run: (handlers, { query }) => handlers.report(query),
  }),
  route({
    ...none,
    id: "reportCsv",
    method: "get",
    path: ROUTES.reportCsv,
    group: "Site",
    status: 200,
    refuses: ["STORE_UNAVAILABLE"],
    heavy: true,
    example: { query: MONTH },
    media: "text/csv",
    summary: "The same, a line a day, for a spreadsheet",
    query: reportQuery,
    answer: null,
    run: async (handlers, { query }, { response }) => {
      const told = await handlers.report(query);
      response.attachment(`${told.site}-${told.month}.csv`);
      return csvOfReport(told);
    },
  }),
  route({
    ...none,
    id: "reportPdf",
    method: "get",
    path: ROUTES.reportPdf,
    group: "Site",
    status: 200,
    refuses: ["STORE_UNAVAILABLE"],
    heavy: true,
    example: { query: MONTH },
    media: "application/pdf",
    summary: "The same as a document",
    query: reportQuery,
    answer: null,
    run: async (handlers, { query }, { response }) => {
      const told = await handlers.report(query);
      response.attachment(`${told.site}-${told.month}.pdf`);
      return Buffer.from(await pdfOfReport(told));
    },
  }),
  route({
    ...none,
    id: "quotes",
    method: "get",
    path: ROUTES.quotes,
    group: "Site",
    status: 200,
    refuses: [],
    example: {},
    summary: "Prices that were entered by hand, with their source",
    answer: quotes,
    run: async (handlers) => ({ quotes: await handlers.quotes() }),
  }),
  route({
    ...none,
    id: "addQuotes",
    method: "post",
    path: ROUTES.quotes,
    group: "Site",
    status: 201,
    refuses: ["JOURNAL_UNAVAILABLE", "DISK_FULL"],
    example: {
      body: {
        of: "hashprice",
        currency: "USD",
        source: "pool's page",
        by: "badge-17",
        lines: [{ fromTs: 1_762_819_200_000, value: 45.2 }],
      },
    },
    summary: "Enter a hashprice, a tariff or a carbon intensity",
    more: "hashprice: currency per PH/s and day; power: per kWh, where no meter tells it; carbon: gCO2e per kWh of the grid. Nothing is ever fetched.",
    body: newQuotes,
    answer: quotes,
    run: async (handlers, { body }) => ({ quotes: await handlers.addQuotes(body) }),
  }),
];
