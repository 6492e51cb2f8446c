/** The month's report as a PDF: A4, the standard fonts, tables that go on over the page's end. */
import type PDFDocument from "pdfkit";
import type { MonthReport, ReportDay } from "../../twin/usage/report.ts";

const MARGIN = 44;
const INK = "#16211f";
const QUIET = "#5b6865";
const RULE = "#c9d1ce";
const ROW_H = 14;
const FOOT_H = 24;
/** Racks and models beyond these stand in the CSV of the economics page. */
const MOST_GROUPS = 40;

type Doc = InstanceType<typeof PDFDocument>;
interface Column {
  readonly head: string;
  readonly width: number;
  readonly left?: true;
}

/** The standard fonts know Western letters alone. */
const plain = (text: string): string =>
  text
    .replaceAll("\u202f", " ")
    .replaceAll("\u2212", "-")
    .replaceAll(/[^\x20-\x7e\u00a0-\u00ff–—’“”•…]/g, "?");
const fixed = (value: number | null, digits: number): string => {
  if (value === null || !Number.isFinite(value)) return "–";
  const [whole = "", part] = Math.abs(value).toFixed(digits).split(".");
  const sign = value < 0 && Number(Math.abs(value).toFixed(digits)) > 0 ? "-" : "";
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, " ")}${part === undefined ? "" : `.${part}`}`;
};
const utc = (ts: number): string => new Date(ts).toISOString().slice(0, 16).replace("T", " ");

const bottomOf = (doc: Doc): number => doc.page.height - MARGIN - FOOT_H;
const room = (doc: Doc, height: number): void => {
  if (doc.y + height > bottomOf(doc)) doc.addPage();
};
const heading = (doc: Doc, text: string, note = ""): void => {
  room(doc, 60);
  doc.moveDown(1).font("Helvetica-Bold").fontSize(11).fillColor(INK).text(plain(text), MARGIN);
  if (note !== "") doc.font("Helvetica").fontSize(8).fillColor(QUIET).text(plain(note), MARGIN);
  doc.moveDown(0.4);
};

const table = (doc: Doc, columns: readonly Column[], rows: readonly (readonly string[])[], lastIsSum = false): void => {
  const line = (cells: readonly string[], font: string, colour: string): void => {
    const y = doc.y;
    let x = MARGIN;
    columns.forEach(({ width, left }, i) => {
      doc
        .font(font)
        .fontSize(8)
        .fillColor(colour)
        .text(plain(cells[i] ?? ""), x, y, { width: width - 6, align: left === true ? "left" : "right", lineBreak: false, ellipsis: true });
      x += width;
    });
    doc.y = y + ROW_H;
    doc.x = MARGIN;
  };
  const rule = (): void => {
    const width = columns.reduce((sum, column) => sum + column.width, 0);
    doc
      .moveTo(MARGIN, doc.y - 3)
      .lineTo(MARGIN + width, doc.y - 3)
      .lineWidth(0.5)
      .strokeColor(RULE)
      .stroke();
  };
  const head = (): void => {
    line(
      columns.map((column) => column.head),
      "Helvetica-Bold",
      QUIET,
    );
    rule();
  };
  room(doc, 3 * ROW_H);
  head();
  rows.forEach((cells, i) => {
    if (doc.y + ROW_H > bottomOf(doc)) {
      doc.addPage();
      head();
    }
    const isSum = lastIsSum && i === rows.length - 1;
    if (isSum) rule();
    line(cells, isSum ? "Helvetica-Bold" : "Helvetica", INK);
  });
};

const figures = (doc: Doc, { total, currency }: MonthReport): void => {
  const money = currency ?? "";
  const per = (a: number | null, digits: number): string => fixed(a === null || total.thH <= 0 ? null : a / total.thH, digits);
  const shown: [string, string, string][] = [
    ["Energy at the wall", `${fixed(total.wallKwh, 0)} kWh`, `rigs report ${fixed(total.reportedKwh, 0)} kWh`],
    ["Cost of power", `${fixed(total.cost, 2)} ${money}`, `${per(total.cost, 5)} ${money} per TH·h`],
    ["Emissions", `${fixed(total.kgco2e, 1)} kgCO2e`, `${per(total.kgco2e === null ? null : 1_000 * total.kgco2e, 2)} gCO2e per TH·h`],
    ["Delivered", `${fixed(total.thH, 0)} TH·h`, "hashrate × time, as rigs report"],
    ["Efficiency at the wall", `${fixed(total.efficiencyJTh, 1)} J/TH`, "energy at the wall ÷ TH·h"],
    [
      "Curtailment avoided",
      `${fixed(total.avoidedKwh, 1)} kWh`,
      `saved ${fixed(total.saved, 2)} ${money}, ${fixed(total.savedKgco2e, 1)} kgCO2e`,
    ],
  ];
  const width = (doc.page.width - 2 * MARGIN) / 3;
  const top = doc.y;
  shown.forEach(([name, value, side], i) => {
    const [x, y] = [MARGIN + (i % 3) * width, top + Math.floor(i / 3) * 46];
    const options = { width: width - 8, lineBreak: false, ellipsis: true } as const;
    doc.font("Helvetica").fontSize(8).fillColor(QUIET).text(name, x, y, options);
    doc
      .font("Helvetica-Bold")
      .fontSize(13)
      .fillColor(INK)
      .text(plain(value), x, y + 11, options);
    doc
      .font("Helvetica")
      .fontSize(7.5)
      .fillColor(QUIET)
      .text(plain(side), x, y + 27, options);
  });
  doc.x = MARGIN;
  doc.y = top + 92;
};

const bySource = (doc: Doc, { total }: MonthReport): void => {
  const inflow = Object.values(total.sourcesKwh).reduce((sum, kwh) => sum + Math.max(0, kwh), 0);
  heading(doc, "Energy by source", "from the site's meter; what a battery takes to charge counts negative");
  if (Object.keys(total.sourcesKwh).length === 0)
    return void doc.font("Helvetica").fontSize(9).fillColor(INK).text("No meter told its sources.");
  table(
    doc,
    [
      { head: "Source", width: 120, left: true },
      { head: "kWh", width: 100 },
      { head: "Share", width: 80 },
    ],
    Object.entries(total.sourcesKwh).map(([source, kwh]) => [
      source,
      fixed(kwh, 1),
      inflow > 0 && kwh >= 0 ? `${fixed((100 * kwh) / inflow, 1)} %` : "–",
    ]),
  );
};

const byDay = (doc: Doc, { days, total, currency, month }: MonthReport): void => {
  const cells = (name: string, line: Omit<ReportDay, "day" | "isSealed" | "isAnchored">, state: string): string[] => [
    name,
    fixed(line.wallKwh, 1),
    fixed(line.cost, 2),
    fixed(line.kgco2e, 1),
    fixed(line.thH, 0),
    fixed(line.efficiencyJTh, 1),
    fixed(line.avoidedKwh, 1),
    fixed(line.unmeteredH, 1),
    fixed(line.silentRigH, 1),
    line.signedPct === null ? "–" : `${fixed(line.signedPct, 0)} %`,
    state,
  ];
  heading(doc, "By day", "UTC days; times without meter in hours, times without readings in rig-hours");
  table(
    doc,
    [
      { head: "Day", width: 56, left: true },
      { head: "kWh", width: 52 },
      { head: `Cost ${currency ?? ""}`, width: 50 },
      { head: "kgCO2e", width: 46 },
      { head: "TH·h", width: 56 },
      { head: "J/TH", width: 36 },
      { head: "Avoided", width: 44 },
      { head: "No meter", width: 44 },
      { head: "No reading", width: 50 },
      { head: "Signed", width: 40 },
      { head: "Rows", width: 34 },
    ],
    [...days.map((line) => cells(line.day, line, line.isAnchored ? "chain" : line.isSealed ? "sealed" : "open")), cells(month, total, "")],
    true,
  );
};

const byGroup = (doc: Doc, title: string, lines: MonthReport["racks"], currency: string | null): void => {
  heading(doc, title, lines.length > MOST_GROUPS ? `the ${MOST_GROUPS} costliest per TH·h of ${lines.length}` : "costliest per TH·h first");
  table(
    doc,
    [
      { head: "", width: 150, left: true },
      { head: "Rigs", width: 36 },
      { head: "kWh", width: 62 },
      { head: "TH·h", width: 66 },
      { head: "J/TH", width: 40 },
      { head: `${currency ?? ""} per TH·h`, width: 72 },
      { head: "gCO2e per TH·h", width: 80 },
    ],
    lines
      .slice(0, MOST_GROUPS)
      .map((line) => [
        line.name,
        String(line.rigs),
        fixed(line.wallKwh, 1),
        fixed(line.thH, 0),
        fixed(line.efficiencyJTh, 1),
        fixed(line.costPerThH, 5),
        fixed(line.gco2ePerThH, 2),
      ]),
  );
};

const curtailed = (doc: Doc, { curtailments, currency }: MonthReport): void => {
  heading(doc, "Curtailment", "at least two rigs paused at once, as they say themselves; against what they drew when they hashed that day");
  if (curtailments.length === 0) return void doc.font("Helvetica").fontSize(9).fillColor(INK).text("None in this month.");
  table(
    doc,
    [
      { head: "From (UTC)", width: 90, left: true },
      { head: "Until", width: 90, left: true },
      { head: "Rigs", width: 40 },
      { head: "Avoided kWh", width: 80 },
      { head: `Saved ${currency ?? ""}`, width: 70 },
      { head: "kgCO2e", width: 60 },
      { head: "Not hashed TH·h", width: 78 },
    ],
    curtailments.map((each) => [
      utc(each.fromTs),
      utc(each.toTs),
      String(each.rigs),
      fixed(each.avoidedKwh, 1),
      fixed(each.saved, 2),
      fixed(each.savedKgco2e, 1),
      fixed(each.forgoneThH, 0),
    ]),
  );
};

const whence = (doc: Doc, { total, days, missingDays, entered }: MonthReport): void => {
  const sealed = days.filter(({ isSealed }) => isSealed).length;
  const anchored = days.filter(({ isAnchored }) => isAnchored).length;
  const metered = total.meteredKwh > 0;
  const lines = [
    `Energy: ${metered ? "the site's meter, shared among the rigs by what they report, five minutes at a time" : "as the rigs report it; no meter spoke"}. Without the meter: ${fixed(total.unmeteredH, 1)} h; there the rigs' own reports stand.`,
    `TH·h and J/TH: the rigs' own readings, ${total.signedPct === null ? "none of them" : `${fixed(total.signedPct, 1)} % of them`} signed by a gateway; the others nobody vouches for.`,
    `Cost: the grid's part of the inflow at the price of those five minutes, as the meter tells it, else as it was entered. Where more than 1 % of the energy has no price, no cost is told.`,
    `Emissions: the mix's intensity; own sources count 0 except gas.`,
    `Missing: ${missingDays} ${missingDays === 1 ? "day" : "days"} without any reading, ${fixed(total.silentH, 1)} h in which no rig spoke, ${fixed(total.silentRigH, 1)} rig-hours without readings.`,
    `Of ${days.length} ${days.length === 1 ? "day" : "days"} the five-minute rows of ${sealed} are sealed and of ${anchored} anchored on the chain, where a stranger can check them.`,
    ...entered.map(({ of, value, source, by, fromTs }) => `Entered: ${of} ${value} from ${utc(fromTs)} UTC, source "${source}", by ${by}.`),
    "This is an account of what was measured. It says nothing about what will be earned.",
  ];
  heading(doc, "Where the figures are from, and what is missing");
  for (const line of lines) {
    room(doc, 26);
    doc
      .font("Helvetica")
      .fontSize(8.5)
      .fillColor(INK)
      .text(`•  ${plain(line)}`, MARGIN, doc.y, { width: doc.page.width - 2 * MARGIN, paragraphGap: 3 });
  }
};

/** Makes the document. Resolves with its bytes; the same report gives the same text. */
export const pdfOfReport = async (report: MonthReport): Promise<Uint8Array> => {
  // Loaded by the first who asks: with its fonts it takes more memory than a thousand rigs.
  const { default: Document } = await import("pdfkit");
  return new Promise((resolve, reject) => {
    const title = `${report.site}, ${report.month}`;
    const info = { Title: title, Producer: "Rigtwin", Creator: "Rigtwin", CreationDate: new Date(report.asOfTs) };
    const doc = new Document({ size: "A4", margin: MARGIN, bufferPages: true, lang: "en", info });
    const parts: Uint8Array[] = [];
    doc.on("data", (part: Uint8Array) => parts.push(part));
    doc.on("end", () => resolve(Buffer.concat(parts)));
    doc.on("error", reject);
    doc.font("Helvetica-Bold").fontSize(18).fillColor(INK).text(plain(title));
    const state = report.isOver ? "the whole month" : "the month is not over";
    doc
      .font("Helvetica")
      .fontSize(9)
      .fillColor(QUIET)
      .text(plain(`Energy report, ${utc(report.fromTs)} to ${utc(report.toTs)} UTC, ${state}.`));
    doc.moveDown(1.2);
    figures(doc, report);
    bySource(doc, report);
    byDay(doc, report);
    byGroup(doc, "By rack", report.racks, report.currency);
    byGroup(doc, "By model", report.models, report.currency);
    curtailed(doc, report);
    whence(doc, report);
    const pages = doc.bufferedPageRange();
    for (let page = 0; page < pages.count; page++) {
      doc.switchToPage(page);
      const y = doc.page.height - MARGIN - 8;
      doc.page.margins.bottom = 0;
      const width = doc.page.width - 2 * MARGIN;
      doc.font("Helvetica").fontSize(7.5).fillColor(QUIET);
      doc.text(plain(`${title} · made of entries up to ${utc(report.asOfTs)} UTC`), MARGIN, y, { width, lineBreak: false });
      doc.text(`${page + 1} / ${pages.count}`, MARGIN, y, { width, align: "right", lineBreak: false });
    }
    doc.end();
  });
};
