/** Rows of the series as text: what the columns are called, and each page of rows as CSV or as NDJSON. */
import type { ExportPage, RigField } from "./series.ts";
import type { Tier } from "./tiers.ts";

export const EXPORT_FORMATS = ["csv", "ndjson", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export type TextFormat = Exclude<ExportFormat, "parquet">;

/** Columns behind `ts` and `rig`: the fields themselves, or of windows how many values there were, the least, their mean, the most. */
export const exportColumns = (tier: Tier, fields: readonly RigField[]): readonly string[] =>
  tier === "raw" ? fields : ["readings", ...fields.flatMap((field) => [`${field}_n`, `${field}_min`, `${field}_mean`, `${field}_max`])];

/** First lines of the text. */
export const exportHead = (format: TextFormat, columns: readonly string[]): string =>
  format === "csv" ? `ts,rig,${columns.join(",")}\r\n` : "";

/** A cell by RFC 4180: quoted where a separator, quote or line break is in it. */
const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Lines of a page: RFC 4180, or a JSON object a line without the fields that were not told. */
export const exportText = (format: TextFormat, columns: readonly string[], page: ExportPage): string => {
  const width = columns.length;
  let text = "";
  for (let row = 0; row < page.ts.length; row++) {
    if (format === "csv") {
      text += `${page.ts[row]},${cell(page.rig[row] ?? "")}`;
      for (let i = 0; i < width; i++) text += `,${page.values[row * width + i] ?? ""}`;
      text += "\r\n";
    } else {
      text += `{"ts":${page.ts[row]},"rig":${JSON.stringify(page.rig[row])}`;
      for (let i = 0; i < width; i++) {
        const value = page.values[row * width + i] ?? null;
        if (value !== null) text += `,"${columns[i]}":${value}`;
      }
      text += "}\n";
    }
  }
  return text;
};
