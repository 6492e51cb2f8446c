/** LuxOS of Luxor: cgminer's port with words of its own, orders in sessions. */
import { createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect } from "../device.ts";
import { statsRow } from "./bmminer.ts";
import { answer, ghs, joined, mhs, noCommand, poolRows, summaryGhs, summaryMhs, type Section } from "./cgminer.ts";

const VERSION = "2025.8.1.190532";
const DESCRIPTION = `LUXminer ${VERSION}-e04420b4b`;
const BUILT = "Fri Aug  1 19:05:32 UTC 2025";

/** One session a machine; who logs on again while one is open is refused. */
const sessions = new WeakMap<Device, string>();

const EVENT_CODES: Readonly<Record<string, string>> = {
  BOARD_MISSING: "BOARD_NOT_DETECTED",
  CHIPS_MISSING: "BOARD_ASIC_ENUMERATION_FAILURE",
  FAN_FAILED: "FAN_FAILURE",
  OVERHEAT: "BOARD_HIGH_TEMPERATURE",
  POOL_UNREACHABLE: "NO_ACTIVE_POOLS",
};

const config = (device: Device): Section => {
  const { identity, nameplate } = device.plan;
  return {
    OS: "LuxOS",
    Model: identity.model,
    NameplateTHS: nameplate.hashrateThs,
    SerialNumber: identity.serial,
    MACAddr: (identity.mac ?? "").toLowerCase(),
    IPAddr: device.host,
    Hostname: identity.hostname,
    ControlBoardType: "cvitek",
    Cooling: "Air",
    CurtailMode: device.orders.paused ? "Sleep" : "None",
    IsPowerSupplyOn: !device.orders.paused,
    ImmersionMode: false,
    IsTuning: true,
    IsAtmEnabled: true,
    SystemStatus: "Normal",
    Profile: "default",
    RedLed: device.orders.locating ? "blink" : "auto",
    GreenLed: "auto",
    "Pool Count": 2,
    "ASC Count": nameplate.boards,
  };
};

const events = (device: Device, m: NativeMeasured): Section[] => [
  ...m.errors.map((error) => ({
    Code: EVENT_CODES[error.code] ?? error.code,
    CreatedAt: new Date(device.now()).toISOString(),
    Description: error.raw,
    DocUrl: "https://docs.luxor.tech/",
    Target: error.component === "board" || error.component === "chip" ? "BOARD" : "MINER",
    ...(error.index === null ? {} : { ID: error.index }),
  })),
  ...(device.orders.paused
    ? [{ Code: "SLEEP", CreatedAt: new Date(device.now()).toISOString(), Description: "Miner is sleeping.", DocUrl: "", Target: "MINER" }]
    : []),
];

const devs = (m: NativeMeasured): Section[] =>
  m.boards.map((board) => ({
    ASC: board.index,
    ID: board.index,
    Board: "BHB",
    Connector: `J${board.index + 6}`,
    SerialNumber: board.serial ?? "",
    Enabled: "Y",
    Status: "Alive",
    Temperature: board.boardC ?? 0,
    "MHS 5s": mhs(board.hashrateThs),
    "MHS 1m": mhs(board.hashrateThs),
    "MHS av": mhs(board.hashrateThs),
    "Nominal MHS": mhs(board.expectedThs),
    "Hardware Errors": board.hwErrors,
    IsRamping: m.mode === "tuning",
    IsUserShutdown: false,
    Accepted: 0,
    Rejected: 0,
  }));

const chips = (m: NativeMeasured, at: number): Section[] => {
  const board = m.boards[at];
  if (board === undefined) return [];
  return Array.from({ length: board.chips }, (_, chip) => ({
    Board: at,
    Chip: chip,
    Row: chip % 3,
    Column: Math.floor(chip / 3),
    Domain: Math.floor(chip / 3),
    Frequency: board.frequencyMhz,
    "GHS 1m": ghs(board.hashrateThs / Math.max(1, board.chips)),
    "GHS 5m": ghs(board.hashrateThs / Math.max(1, board.chips)),
    "GHS 15m": ghs(board.hashrateThs / Math.max(1, board.chips)),
    HashMin: 0,
    Healthy: "Y",
    Score: 1,
  }));
};

const read = (command: string, parameter: string, device: Device, m: NativeMeasured): string | null => {
  const said = (code: number, message: string, sections: Section): string => answer(device, DESCRIPTION, code, message, sections);
  switch (command) {
    case "version":
      return said(22, "LUXminer versions", {
        VERSION: [{ API: "3.7", CompileTime: BUILT, LUXminer: `${VERSION}-e04420b4b`, Miner: VERSION, Type: device.plan.identity.model }],
      });
    case "config":
      return said(33, "LUXminer config", { CONFIG: [config(device)] });
    case "summary":
      return said(11, "Summary", { SUMMARY: [{ ...summaryMhs(m), ...summaryGhs(m) }] });
    case "stats":
      return said(70, "LUXminer stats", {
        STATS: [{ CompileTime: BUILT, Miner: VERSION, Type: device.plan.identity.model }, statsRow(device, m, VERSION)],
      });
    case "devs":
      return said(9, `${m.boards.length} ASC(s)`, { DEVS: devs(m) });
    case "temps":
      return said(201, `${m.boards.length} Temp(s)`, {
        METADATA: [
          {
            TopLeft: { Label: "Board Exhaust (top)", Position: [0, 0] },
            TopRight: { Label: "Board Intake (top)", Position: [0, 1] },
            BottomLeft: { Label: "Board Exhaust (bottom)", Position: [1, 0] },
            BottomRight: { Label: "Board Intake (bottom)", Position: [1, 1] },
          },
        ],
        TEMPS: m.boards.map((board) => ({
          TEMP: board.index,
          ID: board.index,
          TopLeft: board.boardC ?? 0,
          BottomLeft: board.outletC ?? 0,
          TopRight: board.inletC ?? 0,
          BottomRight: board.inletC ?? 0,
        })),
      });
    case "fans":
      return said(202, `${m.fans.length} Fan(s)`, {
        FANCTRL: [{ MinFans: 3, PowerOffSpeed: 20 }],
        FANS: m.fans.map((fan) => ({ FAN: `FAN${fan.index + 1}`, ID: fan.index, RPM: fan.rpm, Speed: m.fanPct })),
      });
    case "power":
      return said(311, "Power usage", { POWER: [{ PSU: true, Watts: m.powerW }] });
    case "events":
      return said(357, "Miner Events", { EVENTS: events(device, m) });
    case "pools":
      return said(7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m).map((row) => ({ ...row, GROUP: 0 })) });
    case "profiles":
      return said(326, "Profiles", {
        PROFILES: [
          {
            "Profile Name": "default",
            Watts: m.powerW,
            Hashrate: m.expectedThs,
            Frequency: m.frequencyMhz,
            Voltage: m.voltageV,
            IsTuned: true,
          },
        ],
      });
    case "groups":
      return said(327, "Groups", { GROUPS: [{ GROUP: 0, Name: "default", Quota: 1 }] });
    case "tempctrl":
      return said(204, "Temperature control", {
        TEMPCTRL: [{ Mode: device.orders.fanPct === null ? "Automatic" : "Manual", Target: 55, Hot: 65, Dangerous: 70 }],
      });
    case "healthchipget":
      return said(317, "Chips", { CHIPS: chips(m, Number(parameter)) });
    default:
      return null;
  }
};

const order = (command: string, values: readonly string[], { orders, now, plan }: Device, m: NativeMeasured): boolean => {
  const pools = (): readonly { url: string; user: string }[] =>
    orders.pools ?? m.pools.map(({ url, worker }) => ({ url, user: worker ?? "" }));
  switch (command) {
    case "curtail":
      orders.paused = values[0] === "sleep";
      return values[0] === "sleep" || values[0] === "wakeup";
    case "rebootdevice":
      orders.rebootTs = now();
      return true;
    case "ledset":
      orders.locating = values[1] === "blink";
      return values[0] === "red";
    case "fanset": {
      const speed = Number(/speed=(-?\d+)/.exec(values.join(","))?.[1]);
      orders.fanPct = speed < 0 ? null : speed;
      return Number.isFinite(speed);
    }
    case "powertargetset": {
      const watts = Number(/power=(\d+)/.exec(values.join(","))?.[1]);
      orders.powerLimitW = watts;
      return watts > 0 && watts <= 2 * plan.nameplate.powerW;
    }
    case "addpool":
      orders.pools = [...pools(), { url: values[0] ?? "", user: values[1] ?? "" }];
      return values.length >= 3;
    case "switchpool":
      return Number(values[0]) < pools().length;
    case "removepool":
      orders.pools = pools().filter((_, index) => index !== Number(values[0]));
      return true;
    default:
      return false;
  }
};

const SESSION_ORDERS = /^(?:curtail|rebootdevice|ledset|fanset|powertargetset|addpool|switchpool|removepool)$/;

export const luxos: Dialect = {
  name: "luxos",
  rpc: (question, device, m) =>
    joined(question, ({ command, parameter }) => {
      const told = read(command, parameter, device, m);
      if (told !== null) return told;
      const open = sessions.get(device);
      if (command === "logon") {
        if (open !== undefined) return answer(device, DESCRIPTION, 402, "Another session is active", {}, "E");
        const id = createHash("sha256").update(`${device.plan.rig} ${device.now()}`).digest("hex").slice(0, 8);
        sessions.set(device, id);
        return answer(device, DESCRIPTION, 316, "Session created", { SESSION: [{ SessionID: id }] });
      }
      if (command === "session") return answer(device, DESCRIPTION, 316, "Session information", { SESSION: [{ SessionID: open ?? "" }] });
      const [session = "", ...values] = parameter.split(",");
      if (!SESSION_ORDERS.test(command) && command !== "logoff") return noCommand(device, DESCRIPTION);
      if (session === "" || session !== open) return answer(device, DESCRIPTION, 310, "Invalid session id", {}, "E");
      if (command === "logoff") {
        sessions.delete(device);
        return answer(device, DESCRIPTION, 316, "Session closed");
      }
      return order(command, values, device, m)
        ? answer(device, DESCRIPTION, 318, `${command} done`)
        : answer(device, DESCRIPTION, 319, `${command}: invalid parameters`, {}, "E");
    }),
  web: ({ path }) => (path === "/" ? { status: 200, body: "<html><title>Luxor Firmware</title></html>" } : { status: 404, body: "" }),
};
