/** Canaan's firmware: one module as one bracketed text. */
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect } from "../device.ts";
import { answer, degrees, joined, mhs, noCommand, poolRows, summaryMhs, type Section } from "./cgminer.ts";

const DESCRIPTION = "cgminer 4.11.1";

const fixed = (value: number): string => (value * 1e3).toFixed(2);

const moduleText = (device: Device, m: NativeMeasured): string => {
  const boards = m.boards;
  const each = (count: number, value: (i: number) => number): string => Array.from({ length: count }, (_, i) => ` ${value(i)}`).join("");
  const perBoard = (value: (board: (typeof boards)[number]) => string | number): string => boards.map(value).join(" ");
  const model = (device.plan.identity.model ?? "").replace(/\D+/g, "");
  const chipHeat = (board: (typeof boards)[number]): string =>
    Array.from({ length: board.chips }, (_, i) => ` ${degrees(board.chipC === null ? -273 : board.chipC - ((i * 7) % 9))}`).join("");
  const pairs: (readonly [string, string | number])[] = [
    ["Ver", `${model}-${device.plan.identity.firmware ?? ""}`],
    ["DNA", device.plan.identity.serial ?? ""],
    ["MEMFREE", "67892.67892"],
    ["SYSTEMSTATU", `Work: ${device.orders.paused ? "In Idle" : "In Work"}, Hash Board: ${boards.length}`],
    ["Elapsed", m.uptimeS],
    ["BOOTBY", "0x01.00000000"],
    ["LW", 16_987_598],
    ["MH", perBoard(() => 0)],
    ["HW", m.hwErrors],
    ["DH", `${m.hwErrorPct.toFixed(3)}%`],
    ["Temp", degrees(m.intakeC, -273)],
    ["TMax", degrees(m.chipC)],
    ["TAvg", degrees(m.chipC === null ? null : m.chipC - 6)],
    ...m.fans.map((fan) => [`Fan${fan.index + 1}`, fan.rpm] as const),
    ["FanR", `${m.fanPct}%`],
    ["FanErr", m.errors.some((error) => error.component === "fan") ? 1 : 0],
    ["PS", `0 1215 ${Math.round((m.voltageV ?? 0) * 100)} ${Math.round(m.powerW / Math.max(1, m.voltageV ?? 13))} ${m.powerW} 1300`],
    ["PCOMM_E", 0],
    ["GHSspd", fixed(m.hashrateThs)],
    ["DHspd", `${m.hwErrorPct.toFixed(3)}%`],
    ["GHSmm", fixed(m.expectedThs)],
    ["GHSavg", fixed(m.averageThs)],
    ["Freq", m.frequencyMhz.toFixed(2)],
    ["MGHS", perBoard((board) => fixed(board.hashrateThs))],
    ["MTmax", perBoard((board) => degrees(board.chipC, -273))],
    ["MTavg", perBoard((board) => degrees(board.chipC === null ? null : board.chipC - 6, -273))],
    ["TA", boards.reduce((sum, board) => sum + board.chips, 0)],
    ["Core", "A3198"],
    ["PING", 17],
    ["SoftOFF", device.orders.paused ? 1 : 0],
    ["ECHU", perBoard((board) => (board.chips < board.expectedChips ? 513 : 0))],
    ["ECMM", 0],
    ...boards.map((board) => [`PVT_T${board.index}`, chipHeat(board)] as const),
    ...boards.map((board) => [`PVT_V${board.index}`, each(board.chips, (i) => 300 + ((i * 5) % 13))] as const),
    ...boards.map((board) => [`MW${board.index}`, each(board.chips, (i) => (device.orders.paused ? 0 : 600 + ((i * 37) % 90)))] as const),
    ["WORKMODE", 0],
    ["EEPROM", perBoard((board) => board.chips)],
    ["LED", device.orders.locating ? 1 : 0],
  ];
  return pairs.map(([name, value]) => `${name}[${value}]`).join(" ");
};

const statsRow = (device: Device, m: NativeMeasured): Section => ({
  STATS: 0,
  ID: "AVA100",
  Elapsed: m.uptimeS,
  Calls: 0,
  Wait: 0,
  Max: 0,
  Min: 99_999_999,
  "MM ID0": moduleText(device, m),
  "MM Count": 1,
  "Smart Speed": 1,
  "Voltage Level Offset": 0,
});

const obey = ({ orders, now }: Device, parameter: string): boolean => {
  const [, what = "", value = ""] = parameter.split(",");
  switch (what) {
    case "softoff":
    case "softon":
      orders.paused = what === "softoff";
      return /^1:\d+$/.test(value);
    case "reboot":
      orders.rebootTs = now();
      return true;
    case "led":
      orders.locating = value === "1-1";
      return true;
    case "fan-spd":
      orders.fanPct = Number(value) < 0 ? null : Number(value);
      return Number.isFinite(Number(value));
    default:
      return false;
  }
};

export const avalon: Dialect = {
  name: "avalon",
  rpc: (question, device, m) =>
    joined(question, ({ command, parameter }) => {
      const { identity } = device.plan;
      switch (command) {
        case "version":
          return answer(device, DESCRIPTION, 22, "CGMiner versions", {
            VERSION: [
              {
                CGMiner: "4.11.1",
                API: "3.7",
                PROD: identity.model,
                MODEL: (identity.model ?? "").replace(/\D+/g, ""),
                HWTYPE: "MM4v2_X3",
                SWTYPE: "MM319",
                LVERSION: identity.firmware,
                BVERSION: identity.firmware,
                CGVERSION: identity.firmware,
                DNA: identity.serial,
                MAC: (identity.mac ?? "").replace(/:/g, "").toLowerCase(),
                UPAPI: "2",
              },
            ],
          });
        case "summary":
          return answer(device, DESCRIPTION, 11, "Summary", { SUMMARY: [summaryMhs(m)] });
        case "devs":
          return answer(device, DESCRIPTION, 9, "1 ASC(s)", {
            DEVS: [
              {
                ASC: 0,
                Name: "AVA10",
                ID: 0,
                Enabled: "Y",
                Status: "Alive",
                Temperature: -273,
                "MHS av": mhs(m.averageThs),
                "MHS 5s": mhs(m.hashrateThs),
                "MHS 1m": mhs(m.hashrateThs),
              },
            ],
          });
        case "stats":
        case "estats":
        case "litestats":
          return answer(device, DESCRIPTION, 70, "CGMiner stats", { STATS: [statsRow(device, m)] });
        case "pools":
          return answer(device, DESCRIPTION, 7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m) });
        case "ascset":
          return obey(device, parameter)
            ? answer(device, DESCRIPTION, 119, `ASC 0 set ${parameter.split(",")[1] ?? ""}`, {}, "I")
            : answer(device, DESCRIPTION, 120, "ASC 0 set failed", {}, "E");
        case "setpool": {
          const [, , index = "0", url = "", user = ""] = parameter.split(",");
          const pools = [...(device.orders.pools ?? [])];
          pools[Number(index)] = { url, user };
          device.orders.pools = pools;
          return answer(device, DESCRIPTION, 118, "Set pool", {}, "S");
        }
        default:
          return noCommand(device, DESCRIPTION);
      }
    }),
  web: ({ path }) => (path === "/" ? { status: 200, body: "<html><title>Avalon Device</title></html>" } : { status: 404, body: "" }),
};
