/** MicroBT's firmware with API 2: port 4028, MH/s, orders encrypted with a key from the password. */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect, RpcQuestion } from "../device.ts";
import { answer, degrees, joined, mhs, noCommand, poolRows, seconds, summaryMhs, type Section } from "./cgminer.ts";

const DESCRIPTION = "cgminer 4.9.2";
const API = "whatsminer v2.0.5";

/** A machine makes these anew each half minute; here they are fixed, and what follows from the password "admin" was made by `openssl passwd -1`. */
const TOKEN = { time: "5626", salt: "BQ5hoXV9", newsalt: "jbzkfQls" };
const SECRET = "RxmaDUO33TS7O26yeMHZ81";
const SIGN = "w.BNbkCV6n1aNWgiBWLzT/";
const KEY = createHash("sha256").update(SECRET).digest();

/** The catalogue's machine with its usual hash board, as MicroBT writes it. */
const BOARDS: Readonly<Record<string, string>> = { "Whatsminer M60S": "VK30", "Whatsminer M30S++": "VG30", "Whatsminer M50S": "VH50" };
export const typeOf = ({ plan }: Device): string => {
  const model = plan.identity.model ?? "";
  return `${model.replace("Whatsminer ", "")}_${BOARDS[model] ?? "V10"}`;
};

const decrypt = (text: string): Record<string, unknown> => {
  const decipher = createDecipheriv("aes-256-ecb", KEY, null).setAutoPadding(false);
  return JSON.parse(
    Buffer.concat([decipher.update(text, "base64"), decipher.final()])
      .toString("utf8")
      .replace(/\0+$/, ""),
  ) as Record<string, unknown>;
};
const encrypt = (value: unknown): string => {
  const text = Buffer.from(JSON.stringify(value));
  const cipher = createCipheriv("aes-256-ecb", KEY, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([text, Buffer.alloc((16 - (text.length % 16)) % 16)])), cipher.final()]).toString(
    "base64",
  );
};

const own = (device: Device, code: number, msg: unknown, status = "S"): Section => ({
  STATUS: status,
  When: seconds(device),
  Code: code,
  Msg: msg,
  Description: API,
});

const boardRows = (m: NativeMeasured): Section[] =>
  m.boards.map((board) => ({
    ASC: board.index,
    Slot: board.index,
    Enabled: "Y",
    Status: "Alive",
    Temperature: degrees(board.boardC),
    "Chip Frequency": board.frequencyMhz ?? 0,
    "MHS av": mhs(board.hashrateThs),
    "MHS 5s": mhs(board.hashrateThs),
    "MHS 1m": mhs(board.hashrateThs),
    "MHS 5m": mhs(board.hashrateThs),
    "MHS 15m": mhs(board.hashrateThs),
    "HS RT": mhs(board.hashrateThs),
    "Factory GHS": Math.round(board.expectedThs * 1e3),
    "Upfreq Complete": m.mode === "tuning" ? 0 : 1,
    "Effective Chips": board.chips,
    "PCB SN": board.serial ?? "",
    "Chip Data": "K8EC374-2426 BINVE6-197806A",
    "Chip Temp Min": degrees(board.chipC === null ? null : board.chipC - 12),
    "Chip Temp Max": degrees(board.chipC),
    "Chip Temp Avg": degrees(board.chipC === null ? null : board.chipC - 5),
    "Hardware Errors": board.hwErrors,
    Accepted: 0,
    Rejected: 0,
  }));

const errorCodes = (m: NativeMeasured): string[] =>
  m.errors.flatMap((error) =>
    error.component === "board" && error.index !== null ? [`54${error.index}`] : error.component === "fan" ? ["110"] : [],
  );

const summaryRow = (device: Device, m: NativeMeasured): Section => ({
  ...summaryMhs(m),
  "HS RT": mhs(m.hashrateThs),
  Temperature: degrees(m.boardC),
  freq_avg: m.frequencyMhz,
  "Fan Speed In": m.fans[0]?.rpm ?? 0,
  "Fan Speed Out": m.fans[1]?.rpm ?? 0,
  Voltage: 1_200,
  Power: m.powerW,
  Power_RT: m.powerW,
  "Power Limit": device.orders.powerLimitW ?? 3_600,
  "Power Mode": "Normal",
  "Power Fanspeed": 9_060,
  "Env Temp": degrees(m.intakeC),
  "Firmware Version": `'${device.plan.identity.firmware ?? ""}'`,
  "CB Platform": "ALLWINNER_H6",
  "CB Version": "V10",
  MAC: device.plan.identity.mac ?? "",
  "Factory GHS": Math.round(m.expectedThs * 1e3),
  "Target MHS": Math.round(m.expectedThs * 1e6),
  "Hash Stable": m.mode === "mining",
  "Liquid Cooling": false,
  "Chip Temp Min": degrees(m.chipC === null ? null : m.chipC - 12),
  "Chip Temp Max": degrees(m.chipC),
  "Chip Temp Avg": degrees(m.chipC === null ? null : m.chipC - 5),
  "Error Code Count": errorCodes(m).length,
  ...Object.fromEntries(errorCodes(m).map((code, i) => [`Error Code ${i}`, Number(code)])),
  "Factory Error Code Count": 0,
  "Security Mode": 0,
  Uptime: m.uptimeS,
});

const said = (value: unknown): string => (typeof value === "string" ? value : "");

const obey = (device: Device, order: Readonly<Record<string, unknown>>): Section => {
  const { orders } = device;
  const done = own(device, 131, "API command OK");
  switch (order["cmd"]) {
    case "reboot":
      orders.rebootTs = device.now();
      return done;
    case "power_off":
    case "power_on":
      orders.paused = order["cmd"] === "power_off";
      return done;
    case "adjust_power_limit":
      orders.powerLimitW = Number(order["power_limit"]) >= 99_999 ? null : Number(order["power_limit"]);
      return done;
    case "set_led":
      orders.locating = order["param"] !== "auto";
      return done;
    case "update_pools":
      orders.pools = [1, 2, 3]
        .map((n) => ({ url: said(order[`pool${n}`]), user: said(order[`worker${n}`]) }))
        .filter(({ url }) => url !== "");
      return done;
    default:
      return own(device, 14, "invalid cmd", "E");
  }
};

const secret = (device: Device, data: string): string => {
  try {
    const order = decrypt(data);
    const said = order["token"] === SIGN ? obey(device, order) : own(device, 135, "check token err", "E");
    return JSON.stringify({ enc: encrypt(said) });
  } catch {
    return JSON.stringify(own(device, 23, "json cmd err", "E"));
  }
};

/** MicroBT's own words, which come as `cmd`, or as `command` from older tools. */
const special = (command: string, device: Device, m: NativeMeasured): Section | null => {
  const { identity } = device.plan;
  switch (command) {
    case "get_token":
      return own(device, 134, TOKEN);
    case "get_version":
      return own(device, 131, { api_ver: "2.0.5", fw_ver: identity.firmware, platform: "H6", chip: "K8EC374" });
    case "get_miner_info":
      return own(device, 131, {
        ip: device.host,
        proto: "dhcp",
        hostname: identity.hostname,
        mac: identity.mac,
        ledstat: device.orders.locating ? "manual" : "auto",
        minersn: identity.serial,
      });
    case "get_psu":
      return own(device, 131, {
        name: "P222C",
        hw_version: "V01",
        sw_version: "V01.05",
        model: "P222C",
        iin: "16.2",
        vin: "230.5",
        fan_speed: "6344",
        serial_no: identity.psuSerial,
        temp0: degrees(m.psuC),
      });
    case "get_error_code":
      return own(device, 131, { error_code: errorCodes(m) });
    case "status":
      return own(device, 131, {
        mineroff: String(device.orders.paused),
        power_mode: "normal",
        FirmwareVersion: `'${identity.firmware ?? ""}'`,
      });
    default:
      return null;
  }
};

const plain = (command: string, device: Device, m: NativeMeasured): string => {
  switch (command) {
    case "summary":
      return answer(device, DESCRIPTION, 11, "Summary", { SUMMARY: [summaryRow(device, m)] });
    case "devs":
    case "edevs":
      return answer(device, DESCRIPTION, 9, `${m.boards.length} ASC(s)`, { DEVS: boardRows(m) });
    case "devdetails":
      return answer(device, DESCRIPTION, 69, "Device Details", {
        DEVDETAILS: m.boards.map(({ index }) => ({
          DEVDETAILS: index,
          Name: "SM",
          ID: index,
          Driver: "bitmicro",
          Kernel: "",
          Model: typeOf(device),
        })),
      });
    case "pools":
      return answer(device, DESCRIPTION, 7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m).map((row, i) => ({ ...row, POOL: i + 1 })) });
    case "version":
      return answer(device, DESCRIPTION, 22, "BTMiner versions", { VERSION: [{ BTMiner: "4.9.2", API: "3.7" }] });
    default:
      return noCommand(device, DESCRIPTION);
  }
};

export const rpcOfWhatsminer = (question: RpcQuestion, device: Device, m: NativeMeasured): string => {
  if (typeof question.json["data"] === "string" && question.json["enc"] === 1) return secret(device, question.json["data"]);
  const command = typeof question.json["cmd"] === "string" ? question.json["cmd"] : question.command;
  const told = special(command, device, m);
  return told === null ? joined({ ...question, command }, (one) => plain(one.command, device, m)) : JSON.stringify(told);
};

export const whatsminer: Dialect = { name: "whatsminer", rpc: rpcOfWhatsminer };
