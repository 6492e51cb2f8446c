/** The words of notifications: plain text, no markup of any service. */
import type { Severity } from "../alarms/kinds.ts";
import type { NoticeEvent, Noted } from "./book.ts";

const SEVERITY: Readonly<Record<Severity, string>> = { info: "Info", minor: "Minor", major: "Major", critical: "Critical" };
const MOST = 240;

/** One line without control characters; rigs and pools choose some of these words. */
export const clean = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
};

/** `12 min`, `3 h 20 min`, `2 d 4 h`. */
export const lasted = (ms: number): string => {
  const min = Math.round(ms / 60_000);
  if (min < 1) return "less than a minute";
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`;
  return h % 24 === 0 ? `${h / 24} d` : `${Math.floor(h / 24)} d ${h % 24} h`;
};
const utc = (ts: number): string => `${new Date(ts).toISOString().slice(0, 16).replace("T", " ")} UTC`;

export const titleOf = (event: NoticeEvent, noted: Noted): string => {
  const { severity, says, openedTs, closedTs } = noted;
  if (event === "cleared") return clean(`Cleared after ${lasted((closedTs ?? openedTs) - openedTs)}: ${says}`);
  const still = event === "repeat" ? " (still, nobody has acknowledged it)" : event === "worse" ? " (it got worse)" : "";
  return clean(`${SEVERITY[severity]}: ${says}${still}`);
};

const rigsLine = ({ rigs, rigCount }: Noted): string[] =>
  rigCount === 0 ? [] : [clean(`Rigs: ${rigs.join(", ")}${rigCount > rigs.length ? ` and ${rigCount - rigs.length} more` : ""}`)];

export const linesOf = (event: NoticeEvent, noted: Noted, nowTs: number): string[] => [
  `Site ${noted.site}, since ${utc(noted.openedTs)}`,
  ...(noted.closedTs === null
    ? event === "opened"
      ? []
      : [`Stands for ${lasted(nowTs - noted.openedTs)}`]
    : [`Ended ${utc(noted.closedTs)}`]),
  ...rigsLine(noted),
];
export const whatLine = (noted: Noted): string => clean(`${SEVERITY[noted.severity]}: ${noted.says}`);
export const endLine = (noted: Noted): string =>
  clean(`Cleared after ${lasted((noted.closedTs ?? noted.openedTs) - noted.openedTs)}: ${noted.says}`);
export const severalTitle = (n: number): string => `${n} incidents`;
export const digestTitle = (n: number): string => `Digest: ${n} ${n === 1 ? "incident" : "incidents"} since the last one`;
