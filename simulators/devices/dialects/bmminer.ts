/** Bitmain's STATS row, which LuxOS and VNish answer too: rates in GH/s, sensors as "a-b-c-d". */
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device } from "../device.ts";
import { degrees, ghs, type Section } from "./cgminer.ts";

const sensors = (hot: number | null, cool: number | null): string =>
  `${degrees(hot)}-${degrees(cool ?? hot)}-${degrees(hot === null ? null : hot - 3)}-${degrees(hot === null ? null : hot - 2)}`;

/** " ooo ooo …" in groups of three; chips that do not answer are not in it. */
export const chipSigns = (chips: number, of: number): string =>
  Array.from({ length: Math.ceil(of / 3) }, (_, group) => ` ${"o".repeat(Math.max(0, Math.min(3, of - group * 3, chips - group * 3)))}`)
    .join("")
    .trimEnd();

export const statsRow = (device: Device, m: NativeMeasured, version: string): Section => {
  const row: Record<string, unknown> = {
    STATS: 0,
    ID: "BTM_SOC0",
    Elapsed: m.uptimeS,
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99_999_999,
    "GHS 5s": ghs(m.hashrateThs),
    "GHS av": ghs(m.averageThs),
    rate_30m: ghs(m.averageThs),
    Mode: 2,
    miner_count: m.boards.length,
    frequency: m.frequencyMhz,
    fan_num: m.fans.length,
    rate_unit: "GH",
    temp_num: m.boards.length,
    temp_max: degrees(m.boardC),
    "total rate": ghs(m.hashrateThs),
    total_rateideal: ghs(m.expectedThs),
    total_freqavg: m.frequencyMhz,
    total_acn: m.boards.reduce((sum, board) => sum + board.chips, 0),
    no_matching_work: m.hwErrors,
    miner_version: version,
    miner_id: device.plan.identity.controlBoardSerial ?? "",
  };
  for (const fan of m.fans) row[`fan${fan.index + 1}`] = fan.rpm;
  // there are slots for four boards, whatever was built in
  for (let slot = 1; slot <= 4; slot++) {
    const board = m.boards[slot - 1];
    const there = board !== undefined && board.chips > 0;
    row[`temp${slot}`] = degrees(board?.boardC);
    row[`freq${slot}`] = there ? board.frequencyMhz : 0;
    row[`temp_pcb${slot}`] = there ? sensors(board.boardC, board.inletC) : "0-0-0-0";
    row[`temp_chip${slot}`] = there ? sensors(board.chipC, board.inletC) : "0-0-0-0";
    row[`temp_pic${slot}`] = there ? sensors(board.boardC === null ? null : board.boardC - 10, board.inletC) : "0-0-0-0";
    row[`chain_acn${slot}`] = board?.chips ?? 0;
    row[`chain_acs${slot}`] = there ? chipSigns(board.chips, board.expectedChips) : "";
    row[`chain_hw${slot}`] = board?.hwErrors ?? 0;
    row[`chain_rate${slot}`] = there ? String(ghs(board.hashrateThs)) : "";
  }
  return row;
};
