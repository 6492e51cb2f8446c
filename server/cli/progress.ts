/** One line on the terminal that tells how far something has come; a line every few seconds where there is no terminal. */
import { told } from "./moments.ts";

export interface At {
  /** 0 to 1, null where the end is not known. */
  readonly part: number | null;
  readonly rows: number;
  /** Time reached, ms UTC. */
  readonly ts: number;
}

const EVERY_MS = { terminal: 100, other: 5_000 } as const;
const WIDTH = 24;

const lineOf = ({ part, rows, ts }: At, passedMs: number, rate: number): string => {
  const done = Math.round((part ?? 0) * WIDTH);
  const bar = part === null ? "" : `[${"█".repeat(done)}${"░".repeat(WIDTH - done)}] ${String(Math.floor(part * 100)).padStart(3)} %  `;
  const left = part === null || part <= 0.005 ? "" : `  ${told((passedMs * (1 - part)) / part)} left`;
  return `${bar}${rows.toLocaleString("en")} rows  ${Math.round(rate).toLocaleString("en")}/s  ${new Date(ts).toISOString().slice(0, 19)}Z${left}`;
};

/** `show` may be called for every row; it writes to stderr when it is time to. */
export const createProgress = (quiet: boolean) => {
  const terminal = process.stderr.isTTY === true;
  const startedMs = performance.now();
  let shownMs = startedMs;
  let shownRows = 0;
  return {
    show(at: () => At): void {
      const nowMs = performance.now();
      if (quiet || nowMs - shownMs < (terminal ? EVERY_MS.terminal : EVERY_MS.other)) return;
      const now = at();
      const line = lineOf(now, nowMs - startedMs, ((now.rows - shownRows) * 1_000) / (nowMs - shownMs));
      process.stderr.write(terminal ? `\r\u001b[2K${line}` : `${line}\n`);
      shownMs = nowMs;
      shownRows = now.rows;
    },
    done(): void {
      if (!quiet && terminal && shownMs !== startedMs) process.stderr.write("\r\u001b[2K");
    },
    passedMs: (): number => performance.now() - startedMs,
  };
};
