/** VNish: REST `/api/v1`, and Bitmain's port 4028 as it always was. */
import { createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect, WebAnswer, WebQuestion } from "../device.ts";
import { statsRow } from "./bmminer.ts";
import { answer, degrees, ghs, joined, noCommand, poolRows, summaryGhs, type Section } from "./cgminer.ts";

const DESCRIPTION = "cgminer 1.0.0";
const VERSION = "1.2.6";
const typeOf = ({ plan }: Device): string => `${plan.identity.model ?? ""} (Vnish ${VERSION})`;

const STATES = { mining: "mining", tuning: "auto-tuning", paused: "stopped", fault: "failure", unknown: "initializing" } as const;
const extremes = (value: number | null): Section => ({ min: degrees(value === null ? null : value - 9), max: degrees(value) });

const summary = (device: Device, m: NativeMeasured): Section => ({
  miner: {
    miner_status: {
      miner_state: STATES[m.mode],
      miner_state_time: m.uptimeS,
      ...(m.mode === "fault" ? { failure_code: 101, description: m.errors[0]?.raw ?? "" } : {}),
    },
    miner_type: typeOf(device),
    hr_stock: ghs(device.plan.nameplate.hashrateThs),
    average_hashrate: m.averageThs,
    instant_hashrate: m.hashrateThs,
    hr_realtime: ghs(m.hashrateThs),
    hr_nominal: ghs(m.expectedThs),
    hr_average: ghs(m.averageThs),
    pcb_temp: extremes(m.boardC),
    chip_temp: extremes(m.chipC),
    power_consumption: m.powerW,
    power_usage: m.powerW,
    power_efficiency: m.hashrateThs > 0 ? Math.round((10 * m.powerW) / m.hashrateThs) / 10 : 0,
    hw_errors_percent: m.hwErrorPct,
    hr_error: m.hwErrorPct,
    hw_errors: m.hwErrors,
    devfee_percent: 2.8,
    devfee: 0,
    pools: [
      ...m.pools.map((pool) => ({
        id: pool.index,
        url: pool.url,
        pool_type: "UserPool",
        user: pool.worker ?? "",
        status: pool.alive === false ? "offline" : pool.active ? "active" : "working".replace("working", "standby"),
        asic_boost: true,
        diff: "262K",
        accepted: pool.accepted,
        rejected: pool.rejected,
        stale: pool.stale,
        ls_diff: 262_144,
        ls_time: "0:00:03",
        diffa: 0,
        ping: 20,
      })),
      {
        id: m.pools.length,
        url: "DevFee",
        pool_type: "DevFee",
        user: "DevFee",
        status: "working",
        asic_boost: true,
        diff: "262K",
        accepted: 10,
        rejected: 0,
        stale: 0,
        ls_diff: 0,
        ls_time: "0",
        diffa: 0,
        ping: 20,
      },
    ],
    cooling: {
      fan_num: m.fans.length,
      fan_duty: m.fanPct,
      fans: m.fans.map((fan) => ({ id: fan.index, rpm: fan.rpm, status: fan.rpm === 0 && m.fanPct > 0 ? "lost" : "ok", max_rpm: 6_500 })),
      settings: { mode: { name: device.orders.fanPct === null ? "auto" : "manual" } },
    },
    chains: m.boards.map((board) => ({
      id: board.index + 1,
      frequency: board.frequencyMhz ?? 0,
      voltage: board.voltageV === null ? 0 : Math.round(board.voltageV * 1e3),
      power_consumption: Math.round(m.powerW / Math.max(1, m.boards.length)),
      hashrate_ideal: ghs(board.expectedThs),
      hashrate_rt: ghs(board.hashrateThs),
      hashrate_percentage: 100,
      hr_error: m.hwErrorPct,
      hw_errors: board.hwErrors,
      pcb_temp: extremes(board.boardC),
      chip_temp: extremes(board.chipC),
      chip_statuses: { red: board.expectedChips - board.chips, orange: 0, grey: board.chips },
      status: {
        state: board.chips === 0 ? "failure" : m.mode === "paused" ? "stopped" : "mining",
        ...(board.chips === 0 ? { description: "no chips found" } : {}),
      },
    })),
    psu: { temps: m.psuC > 0 ? [{ temp: degrees(m.psuC) }] : [] },
  },
});

const info = (device: Device, m: NativeMeasured): Section => {
  const { identity, nameplate } = device.plan;
  return {
    miner: identity.model,
    model: (identity.model ?? "").replace(/^Antminer /, "").toLowerCase(),
    fw_name: "Vnish",
    fw_version: VERSION,
    build_time: "2025-04-24 10:30:00",
    platform: "aml",
    install_type: "nand",
    algorithm: "sha256d",
    hr_measure: "GH/s",
    serial: identity.serial,
    system: {
      os: "GNU/Linux",
      miner_name: "Antminer",
      file_system_version: "Thu Apr 24 10:30:00 UTC 2025",
      mem_total: 230_000,
      mem_free: 120_000,
      uptime: `${Math.floor(m.uptimeS / 86_400)} days, ${Math.floor((m.uptimeS % 86_400) / 3_600)}:${String(Math.floor((m.uptimeS % 3_600) / 60)).padStart(2, "0")}`,
      network_status: {
        mac: identity.mac,
        dhcp: true,
        ip: device.host,
        netmask: "255.255.255.0",
        gateway: "",
        dns: [],
        hostname: identity.hostname,
      },
    },
    factory: { hr_stock: ghs(nameplate.hashrateThs), has_pics: true, psu_model: "APW12", chain_num: nameplate.boards },
  };
};

const tokenOf = (device: Device): string => createHash("sha256").update(`vnish ${device.plan.rig}`).digest("hex").slice(0, 32);

const order = (path: string, body: unknown, { orders, now }: Device): WebAnswer => {
  switch (path) {
    case "mining/pause":
    case "mining/stop":
      orders.paused = true;
      return { status: 200, body: "" };
    case "mining/resume":
    case "mining/start":
    case "mining/restart":
      orders.paused = false;
      return { status: 200, body: "" };
    case "system/reboot":
      orders.rebootTs = now();
      return { status: 200, body: { after: 3 } };
    case "find-miner":
      orders.locating = (body as { on?: unknown } | null)?.on === undefined ? !orders.locating : (body as { on: unknown }).on === true;
      return { status: 200, body: { on: orders.locating } };
    case "settings": {
      const { miner } = (body ?? {}) as {
        miner?: { pools?: { url: string; user: string }[]; cooling?: { mode?: { name?: string; param?: number } } };
      };
      if (miner?.pools !== undefined) orders.pools = miner.pools.map(({ url, user }) => ({ url, user }));
      if (miner?.cooling?.mode !== undefined) orders.fanPct = miner.cooling.mode.name === "auto" ? null : Number(miner.cooling.mode.param);
      return { status: 200, body: { restart_required: true, reboot_required: false } };
    }
    default:
      return { status: 404, body: { err: "not found" } };
  }
};

const api = ({ method, path: whole, headers, body }: WebQuestion, device: Device, m: NativeMeasured): WebAnswer => {
  const path = whole.slice("/api/v1/".length);
  if (path === "unlock")
    return (body as { pw?: unknown } | null)?.pw === "admin"
      ? { status: 200, body: { token: tokenOf(device) } }
      : { status: 403, body: { err: "wrong password" } };
  const sent = String(headers["authorization"] ?? "").replace(/^Bearer /, "");
  if (method === "POST") return sent === tokenOf(device) ? order(path, body, device) : { status: 401, body: { err: "unlock first" } };
  switch (path) {
    case "summary":
      return { status: 200, body: summary(device, m) };
    case "info":
      return { status: 200, body: info(device, m) };
    case "status":
      return {
        status: 200,
        body: {
          miner_state: STATES[m.mode],
          miner_state_time: m.uptimeS,
          find_miner: device.orders.locating,
          restart_required: false,
          reboot_required: false,
          unlocked: sent !== "",
          unlock_timeout: -1,
        },
      };
    case "chains/factory-info":
      return {
        status: 200,
        body: {
          psu_serial: device.plan.identity.psuSerial,
          chains: m.boards.map((board) => ({ id: board.index + 1, serial: board.serial ?? "", hr_stock: ghs(board.expectedThs) })),
        },
      };
    case "settings":
      return {
        status: 200,
        body: {
          miner: {
            pools: m.pools.map(({ url, worker }) => ({ url, user: worker ?? "", pass: "x" })),
            cooling: { mode: { name: "auto" } },
            overclock: { preset: "disabled" },
          },
        },
      };
    case "autotune/presets":
      return { status: 200, body: [] };
    case "perf-summary":
      return { status: 200, body: { current_preset: null, preset_switcher: { enabled: false } } };
    default:
      return { status: 404, body: { err: "not found" } };
  }
};

export const vnish: Dialect = {
  name: "vnish",
  rpc: (question, device, m) =>
    joined(question, ({ command }) => {
      const head = { BMMiner: "1.0.0", Miner: `vnish ${VERSION}`, CompileTime: "", Type: typeOf(device) };
      switch (command) {
        case "version":
          return answer(device, DESCRIPTION, 22, "CGMiner versions", { VERSION: [{ ...head, API: "3.1" }] });
        case "summary":
          return answer(device, DESCRIPTION, 11, "Summary", { SUMMARY: [summaryGhs(m)] });
        case "stats":
          return answer(device, DESCRIPTION, 70, "CGMiner stats", { STATS: [head, statsRow(device, m, VERSION)] });
        case "pools":
          return answer(device, DESCRIPTION, 7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m) });
        default:
          return noCommand(device, DESCRIPTION);
      }
    }),
  web: (question, device, m) =>
    question.path.startsWith("/api/v1/")
      ? api(question, device, m)
      : question.path === "/"
        ? { status: 200, body: "<html><title>AnthillOS</title></html>" }
        : { status: 404, body: "" },
};
