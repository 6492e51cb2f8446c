/** Bitmain's firmware: port 4028, and web pages behind HTTP Digest. */
import { createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect, WebAnswer, WebQuestion } from "../device.ts";
import { chipSigns, statsRow } from "./bmminer.ts";
import { answer, degrees, ghs, joined, noCommand, poolRows, seconds, summaryGhs, type Section } from "./cgminer.ts";

const DESCRIPTION = "cgminer 1.0.0";
const BUILT = "Fri Jun 14 18:55:45 CST 2024";
const VERSION = "uart_trans.1.3";
const USER = { name: "root", password: "root" };
const REALM = "antMiner Configuration";
const NONCE = "b7c2f1d05a9e4c63";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
/** RFC 2617 with qop=auth, checked word by word. */
const isAuthorised = ({ method, headers }: WebQuestion): boolean => {
  const header = headers["authorization"];
  if (typeof header !== "string" || !header.startsWith("Digest ")) return false;
  const part = (name: string): string => new RegExp(`(?:^|[ ,])${name}="?([^",]*)"?`).exec(header)?.[1] ?? "";
  const a1 = md5(`${USER.name}:${REALM}:${USER.password}`);
  const a2 = md5(`${method}:${part("uri")}`);
  const expected = md5(`${a1}:${NONCE}:${part("nc")}:${part("cnonce")}:auth:${a2}`);
  return part("username") === USER.name && part("nonce") === NONCE && part("response") === expected;
};
const CHALLENGE: WebAnswer = {
  status: 401,
  headers: { "www-authenticate": `Digest realm="${REALM}", nonce="${NONCE}", qop="auth", algorithm=MD5` },
  body: "401 Unauthorized",
};

const typeOf = ({ plan }: Device): string => plan.identity.model ?? "Antminer";
const head = (device: Device): Section => ({ BMMiner: "1.0.0", Miner: VERSION, CompileTime: BUILT, Type: typeOf(device) });

const webStatus = (device: Device, msg: string): Section => ({
  STATUS: { STATUS: "S", when: seconds(device), Msg: msg, api_version: "1.0.0" },
  INFO: { miner_version: VERSION, CompileTime: BUILT, type: typeOf(device) },
});

const four = (hot: number | null, cool: number | null): number[] => [
  degrees(hot),
  degrees(cool ?? hot),
  degrees(hot),
  degrees(cool ?? hot),
];

const statsPage = (device: Device, m: NativeMeasured): Section => ({
  ...webStatus(device, "stats"),
  STATS: [
    {
      elapsed: m.uptimeS,
      rate_5s: ghs(m.hashrateThs),
      rate_30m: ghs(m.averageThs),
      rate_avg: ghs(m.averageThs),
      rate_ideal: ghs(m.expectedThs),
      rate_unit: "GH/s",
      chain_num: m.boards.length,
      fan_num: m.fans.length,
      fan: m.fans.map((fan) => fan.rpm),
      hwp_total: m.hwErrorPct,
      "miner-mode": device.orders.paused ? 1 : 0,
      "freq-level": 100,
      chain: m.boards.map((board) => ({
        index: board.index,
        freq_avg: board.frequencyMhz ?? 0,
        rate_ideal: ghs(board.expectedThs),
        rate_real: ghs(board.hashrateThs),
        asic_num: board.chips,
        asic: chipSigns(board.chips, board.expectedChips),
        temp_pic: four(board.boardC === null ? null : board.boardC - 10, board.inletC),
        temp_pcb: four(board.boardC, board.inletC),
        temp_chip: four(board.chipC, board.inletC),
        hw: board.hwErrors,
        eeprom_loaded: board.chips > 0,
        sn: board.serial ?? "",
        hwp: m.hwErrorPct,
        tpl: [],
      })),
    },
  ],
});

const LIGHTS = ["rate", "network", "fans", "temp"] as const;
const summaryPage = (device: Device, m: NativeMeasured): Section => {
  const failing = {
    rate: m.mode === "mining" && m.hashrateThs < 0.6 * device.plan.nameplate.hashrateThs,
    network: m.pools.every((pool) => pool.alive === false),
    fans: m.errors.some((error) => error.component === "fan"),
    temp: m.mode === "fault",
  };
  return {
    ...webStatus(device, "summary"),
    SUMMARY: [
      {
        elapsed: m.uptimeS,
        rate_5s: ghs(m.hashrateThs),
        rate_30m: ghs(m.averageThs),
        rate_avg: ghs(m.averageThs),
        rate_ideal: ghs(m.expectedThs),
        rate_unit: "GH/s",
        hw_all: m.hwErrors,
        bestshare: 12_904_207_043,
        status: LIGHTS.map((type) => ({
          type,
          status: failing[type] ? "e" : "s",
          code: failing[type] ? 1 : 0,
          msg: failing[type] ? `${type} abnormal` : "",
        })),
      },
    ],
  };
};

const poolsPage = (device: Device, m: NativeMeasured): Section => ({
  ...webStatus(device, "pools"),
  POOLS: m.pools.map((pool) => ({
    index: pool.index,
    url: pool.url,
    user: pool.worker ?? "",
    status: pool.alive === false ? "Dead" : "Alive",
    priority: pool.index,
    getworks: 10,
    accepted: pool.accepted,
    rejected: pool.rejected,
    discarded: 0,
    stale: pool.stale,
    diff: "262K",
    diff1: 0,
    diffa: 0,
    diffr: 0,
    diffs: 0,
    lsdiff: 0,
    lstime: "0:00:03",
  })),
});

const infoPage = ({ plan, host }: Device): Section => ({
  minertype: plan.identity.model,
  nettype: "DHCP",
  netdevice: "eth0",
  macaddr: plan.identity.mac,
  hostname: plan.identity.hostname,
  ipaddress: host,
  netmask: "255.255.255.0",
  gateway: "",
  dnsservers: "",
  system_mode: "GNU/Linux",
  system_kernel_version: "Linux 4.9.113 #1 SMP PREEMPT",
  system_filesystem_version: BUILT,
  firmware_type: "Release",
  serinum: plan.identity.serial,
});

const confPage = (m: NativeMeasured, { orders }: Device): Section => ({
  pools: m.pools.map(({ url, worker }) => ({ url, user: worker ?? "", pass: "x" })),
  "api-listen": true,
  "api-network": true,
  "bitmain-fan-ctrl": orders.fanPct !== null,
  "bitmain-fan-pwm": String(orders.fanPct ?? 100),
  "bitmain-use-vil": true,
  "bitmain-freq": "0",
  "bitmain-hashrate-percent": "100",
  "bitmain-work-mode": orders.paused ? "1" : "0",
});

const set = ({ orders }: Device, body: unknown): WebAnswer => {
  if (typeof body !== "object" || body === null || !("miner-mode" in body))
    return { status: 200, body: { stats: "error", code: "M001", msg: "FAIL!" } };
  const conf = body as Record<string, unknown>;
  orders.paused = Number(conf["miner-mode"]) === 1;
  orders.fanPct = conf["bitmain-fan-ctrl"] === true ? Number(conf["bitmain-fan-pwm"]) : null;
  if (Array.isArray(conf["pools"]))
    orders.pools = (conf["pools"] as { url?: string; user?: string }[])
      .filter(({ url }) => url !== undefined && url !== "")
      .map(({ url = "", user = "" }) => ({ url, user }));
  return { status: 200, body: { stats: "success", code: "M000", msg: "OK!" } };
};

const page = (question: WebQuestion, device: Device, m: NativeMeasured): WebAnswer => {
  const name = /^\/cgi-bin\/([a-z_]+)\.cgi/.exec(question.path)?.[1];
  switch (name) {
    case "stats":
      return { status: 200, body: statsPage(device, m) };
    case "summary":
      return { status: 200, body: summaryPage(device, m) };
    case "pools":
      return { status: 200, body: poolsPage(device, m) };
    case "get_system_info":
    case "get_network_info":
      return { status: 200, body: infoPage(device) };
    case "get_miner_conf":
      return { status: 200, body: confPage(m, device) };
    case "get_blink_status":
      return { status: 200, body: { blink: device.orders.locating } };
    case "blink":
      device.orders.locating = String((question.body as { blink?: unknown } | null)?.blink) === "true";
      return { status: 200, body: { code: device.orders.locating ? "B000" : "B100" } };
    case "set_miner_conf":
      return set(device, question.body);
    case "reboot":
      device.orders.rebootTs = device.now();
      return { status: 200, body: "" };
    default:
      return { status: question.path === "/" ? 200 : 404, body: "<html><title>Ant Miner</title></html>" };
  }
};

export const antminer: Dialect = {
  name: "antminer",
  rpc: (question, device, m) =>
    joined(question, ({ command }) => {
      switch (command) {
        case "version":
          return answer(device, DESCRIPTION, 22, "CGMiner versions", { VERSION: [{ ...head(device), API: "3.1" }] });
        case "summary":
          return answer(device, DESCRIPTION, 11, "Summary", { SUMMARY: [summaryGhs(m)] });
        case "pools":
          return answer(device, DESCRIPTION, 7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m) });
        case "stats":
          return answer(device, DESCRIPTION, 70, "CGMiner stats", { STATS: [head(device), statsRow(device, m, VERSION)] });
        default:
          return noCommand(device, DESCRIPTION);
      }
    }),
  web: (question, device, m) => (isAuthorised(question) ? page(question, device, m) : CHALLENGE),
};
