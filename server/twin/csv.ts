/** Tables for spreadsheets, RFC 4180: written with CRLF and a heading, read with comma, semicolon or tab. */

/** A cell; text that a spreadsheet would run as a formula has an apostrophe before it (CWE-1236). null and NaN are empty. */
export const csvCell = (value: string | number | null): string => {
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return "";
  if (typeof value === "number") return String(Number(value.toFixed(6)));
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Heading and rows as text. */
export const csvOf = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  [head, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");

/** Cells of one line without line ends in them; null where a quote is not closed. The apostrophe of `csvCell` is taken off again. */
export const cellsOf = (line: string, separator: string): string[] | null => {
  const cells: string[] = [];
  for (let at = 0; at <= line.length;) {
    let text = "";
    if (line[at] === '"') {
      for (at += 1; ; at += 1) {
        if (at >= line.length) return null;
        if (line[at] !== '"') text += line[at];
        else if (line[at + 1] === '"') text += line[at++];
        else break;
      }
      at += 1;
      if (at < line.length && line[at] !== separator) return null;
    } else {
      const end = line.indexOf(separator, at);
      text = line.slice(at, end < 0 ? line.length : end);
      at = end < 0 ? line.length : end;
    }
    cells.push(text.trim().replace(/^'(?=[=+\-@])/, ""));
    at += 1;
  }
  return cells;
};

/** Which of comma, semicolon and tab a heading is parted by. */
export const separatorOf = (head: string): string =>
  [",", ";", "\t"].toSorted((a, b) => head.split(b).length - head.split(a).length)[0] ?? ",";
