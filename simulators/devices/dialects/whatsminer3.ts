/** MicroBT's firmware with API 3: frames on port 4433, TH/s; the old port still answers what it answered. */
import { createDecipheriv, createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect } from "../device.ts";
import { degrees, seconds, type Section } from "./cgminer.ts";
import { rpcOfWhatsminer, typeOf } from "./whatsminer.ts";

const SALT = "uhCiDyVj";
const PASSWORD = "super";

const hashOf = (command: string, ts: number): Buffer => createHash("sha256").update(`${command}${PASSWORD}${SALT}${ts}`).digest();

const said = (device: Device, desc: string, msg: unknown, code = 0): Section => ({ code, when: seconds(device), msg, desc });

const summary = (device: Device, m: NativeMeasured): Section => ({
  elapsed: m.uptimeS,
  "bootup-time": m.uptimeS,
  "freq-avg": m.frequencyMhz,
  "target-freq": m.frequencyMhz,
  "hash-average": m.averageThs,
  "hash-1min": m.hashrateThs,
  "hash-15min": m.averageThs,
  "hash-realtime": m.hashrateThs,
  "factory-hash": m.expectedThs,
  "power-rate": m.hashrateThs > 0 ? Math.round((10 * m.powerW) / m.hashrateThs) / 10 : 0,
  "power-5min": m.powerW,
  "power-realtime": m.powerW,
  "power-limit": device.orders.powerLimitW ?? 3_600,
  "environment-temperature": degrees(m.intakeC),
  "board-temperature": m.boards.map((board) => board.boardC ?? 0),
  "chip-temp-min": degrees(m.chipC === null ? null : m.chipC - 12),
  "chip-temp-avg": degrees(m.chipC === null ? null : m.chipC - 5),
  "chip-temp-max": degrees(m.chipC),
  "fan-speed-in": m.fans[0]?.rpm ?? 0,
  "fan-speed-out": m.fans[1]?.rpm ?? 0,
  "up-freq-finish": m.mode === "tuning" ? 0 : 1,
});
const edevs = (m: NativeMeasured): Section[] =>
  m.boards.map((board) => ({
    id: board.index,
    slot: board.index,
    "hash-average": board.hashrateThs,
    "hash-realtime": board.hashrateThs,
    "factory-hash": board.expectedThs,
    freq: board.frequencyMhz ?? 0,
    "effective-chips": board.chips,
    "chip-temp-min": degrees(board.chipC === null ? null : board.chipC - 12),
    "chip-temp-avg": degrees(board.chipC === null ? null : board.chipC - 5),
    "chip-temp-max": degrees(board.chipC),
    status: "alive",
  }));
const pools = (m: NativeMeasured): Section[] =>
  m.pools.map((pool, i) => ({
    id: i + 1,
    "pool-priority": i,
    url: pool.url,
    account: pool.worker ?? "",
    status: pool.alive === false ? "dead" : "alive",
    "stratum-active": pool.active,
    "reject-rate": 0,
    "last-share-time": 0,
  }));
const faults = (m: NativeMeasured): Section[] =>
  m.errors.flatMap((error) =>
    error.component === "board" && error.index !== null ? [{ [`54${error.index}`]: "2026-01-01 00:00:00", reason: error.raw }] : [],
  );

const info = (device: Device, m: NativeMeasured): Section => {
  const { identity, nameplate } = device.plan;
  return {
    network: {
      ip: device.host,
      proto: "dhcp",
      netmask: "255.255.255.0",
      dns: "",
      mac: identity.mac,
      gateway: "",
      hostname: identity.hostname,
    },
    miner: {
      working: String(!device.orders.paused),
      type: typeOf(device),
      "hash-board": "K30",
      "board-num": String(nameplate.boards),
      "miner-sn": identity.serial,
      ...Object.fromEntries(m.boards.map((board) => [`pcbsn${board.index}`, board.serial ?? ""])),
      "fast-boot": "disable",
      "pool-strategy": "FAILOVER",
    },
    system: {
      api: "3.0.2",
      platform: "H616",
      fwversion: identity.firmware,
      "control-board-version": "CB6V10",
      apiswitch: "1",
      ledstatus: device.orders.locating ? "manual" : "auto",
    },
    power: {
      type: "P222C",
      mode: "normal",
      hwversion: "RT0159",
      swversion: "230224",
      model: "P222C",
      iin: 14.2,
      vin: 230.1,
      vout: 1_205,
      pin: m.powerW,
      fanspeed: 6_344,
      temp0: degrees(m.psuC),
      sn: identity.psuSerial,
      vendor: "1",
    },
    salt: SALT,
    "error-code": faults(m),
  };
};

const obey = (device: Device, cmd: string, param: unknown): string | null => {
  const { orders } = device;
  switch (cmd) {
    case "set.system.reboot":
      orders.rebootTs = device.now();
      return "ok";
    case "set.miner.service":
      if (param !== "start" && param !== "stop" && param !== "restart") return null;
      orders.paused = param === "stop";
      return "ok";
    case "set.miner.power_limit":
      if (typeof param !== "number") return null;
      orders.powerLimitW = param >= 99_999 ? null : param;
      return "ok";
    case "set.system.led":
      orders.locating = param !== "auto";
      return "ok";
    case "set.miner.pools":
      if (!Array.isArray(param)) return null;
      orders.pools = (param as { pool: string; worker: string }[]).map(({ pool, worker }) => ({ url: pool, user: worker }));
      return "ok";
    default:
      return null;
  }
};

/** Pools come encrypted with the hash their token is made of. */
const opened = (cmd: string, ts: number, param: unknown): unknown => {
  if (cmd !== "set.miner.pools" || typeof param !== "string") return param;
  const decipher = createDecipheriv("aes-256-ecb", hashOf(cmd, ts), null).setAutoPadding(false);
  return JSON.parse(
    Buffer.concat([decipher.update(param, "base64"), decipher.final()])
      .toString("utf8")
      .replace(/\0+$/, ""),
  ) as unknown;
};

export const whatsminer3: Dialect = {
  name: "whatsminer3",
  rpc: rpcOfWhatsminer,
  framed: (question, device, m) => {
    const { cmd, param, ts, token } = question;
    if (cmd === "get.device.info") {
      const all = info(device, m);
      return said(device, cmd, typeof param === "string" ? { [param]: all[param] } : all);
    }
    if (cmd === "get.miner.status") {
      const parts: Record<string, unknown> = { summary: summary(device, m), edevs: edevs(m), pools: pools(m) };
      const wanted = (typeof param === "string" ? param : "summary").split("+");
      return said(device, cmd, Object.fromEntries(wanted.map((name) => [name, parts[name]])));
    }
    if (typeof cmd !== "string" || !cmd.startsWith("set.")) return said(device, String(cmd), "invalid command", -2);
    if (typeof ts !== "number" || token !== hashOf(cmd, ts).toString("base64").slice(0, 8))
      return said(device, cmd, "permission denied", -4);
    const done = obey(device, cmd, opened(cmd, ts, param));
    return said(device, cmd, done ?? "invalid param", done === null ? -1 : 0);
  },
};
