/** What another process has used, read from /proc (Linux only), so that the program measured need not be changed for it. */
import { readFileSync } from "node:fs";

/** Of Linux, in which /proc counts CPU time. */
const TICKS_PER_S = 100;

/** Seconds of CPU since it began, user and system. After the name in parentheses, which may have blanks: the 14th and 15th field (proc(5)). */
export const cpuS = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
};

/** A line of its status in MB: `VmRSS` now, `VmHWM` at most. */
export const memoryMb = (pid: number, line: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
