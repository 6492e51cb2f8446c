/** Braiins OS from 25.07: REST behind a login, and cgminer's port beside it. */
import { createHash } from "node:crypto";
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect, WebAnswer, WebQuestion } from "../device.ts";
import { braiinsGrpc } from "./braiins-grpc.ts";
import { answer, joined, mhs, noCommand, poolRows, summaryMhs, type Section } from "./cgminer.ts";

const VERSION = "2025-08-06-0-3881c51d-25.07-plus";
const DESCRIPTION = "BOSer boser-openwrt 0.1.0-26ba61b9";

const gigahash = (ths: number): Section => ({ gigahash_per_second: Math.round(ths * 1e6) / 1e3 });
const degree = (value: number | null): Section | null => (value === null ? null : { degree_c: value });

const rates = (now: number, average: number): Section => ({
  last_5s: gigahash(now),
  last_15s: gigahash(now),
  last_30s: gigahash(now),
  last_1m: gigahash(now),
  last_5m: gigahash(now),
  last_15m: gigahash(average),
  last_30m: gigahash(average),
  last_1h: gigahash(average),
  last_24h: gigahash(average),
  since_restart: gigahash(average),
});

const STATUS = { mining: 2, tuning: 2, paused: 3, fault: 5, unknown: 1 } as const;

const details = (device: Device, m: NativeMeasured): Section => {
  const { identity, nameplate } = device.plan;
  return {
    uid: createHash("sha256").update(device.plan.rig).digest("base64").slice(0, 16),
    miner_identity: { brand: 1, model: 18, name: identity.model, miner_model: identity.model },
    platform: 4,
    bos_mode: 4,
    bos_version: { current: VERSION, major: "2022-09-13-0-11012d53-22.08-plus", bos_plus: true },
    hostname: identity.hostname,
    mac_address: (identity.mac ?? "").toLowerCase(),
    system_uptime: m.uptimeS,
    system_uptime_s: m.uptimeS,
    bosminer_uptime_s: m.uptimeS,
    sticker_hashrate: gigahash(nameplate.hashrateThs),
    status: STATUS[m.mode],
    kernel_version: "4.9.113",
    control_board_soc_family: 3,
    serial_number: identity.serial,
    psu_info: {
      model_name: "APW121215f",
      serial_number: identity.psuSerial,
      fw_version: null,
      version: 117,
      min_voltage: { volt: 11.96 },
      max_voltage: { volt: 15.2 },
    },
  };
};

const hashboards = (m: NativeMeasured): Section => ({
  hashboards: m.boards.map((board) => ({
    id: String(board.index + 1),
    enabled: true,
    board_name: "BHB",
    model: "BHB",
    chip_type: "BM",
    serial_number: board.serial,
    chips_count: board.chips,
    current_voltage: board.voltageV === null ? null : { volt: board.voltageV },
    current_frequency: board.frequencyMhz === null ? null : { hertz: board.frequencyMhz * 1e6 },
    board_temp: degree(board.boardC),
    lowest_inlet_temp: degree(board.inletC),
    highest_outlet_temp: degree(board.outletC),
    highest_chip_temp: board.chipC === null ? null : { id: 1, location: 1, temperature: degree(board.chipC) },
    stats: {
      best_share: 776_342_690,
      found_blocks: 0,
      error_hashrate: { megahash_per_second: 0 },
      nominal_hashrate: gigahash(board.expectedThs),
      real_hashrate: rates(board.hashrateThs, board.hashrateThs),
    },
  })),
});

const shares = (accepted: number | null, rejected: number | null, stale: number | null): Section => ({
  accepted_shares: accepted ?? 0,
  rejected_shares: rejected ?? 0,
  stale_shares: stale ?? 0,
  best_share: 776_342_690,
  generated_work: 17_793_548_288,
  last_difficulty: 262_144,
});

const page = (path: string, device: Device, m: NativeMeasured): unknown => {
  switch (path.replace(/\/$/, "")) {
    case "version":
      return { major: 1, minor: 0, patch: 0 };
    case "miner/details":
      return details(device, m);
    case "miner/stats":
      return {
        miner_stats: {
          best_share: 776_342_690,
          found_blocks: 0,
          error_hashrate: { megahash_per_second: 0 },
          nominal_hashrate: gigahash(m.expectedThs),
          real_hashrate: rates(m.hashrateThs, m.averageThs),
        },
        pool_stats: shares(m.accepted, m.rejected, m.stale),
        power_stats: {
          approximated_consumption: { watt: m.powerW },
          efficiency: { joule_per_terahash: m.hashrateThs > 0 ? m.powerW / m.hashrateThs : 0 },
        },
      };
    case "miner/hw/hashboards":
      return hashboards(m);
    case "miner/errors":
      return {
        errors: m.errors.map((error) => ({
          timestamp: new Date(device.now()).toISOString(),
          message: error.raw,
          error_codes: [],
          components: error.index === null ? [] : [{ name: "hashboard", index: error.index }],
        })),
      };
    case "cooling/state":
      return {
        fans: m.fans.map((fan) => ({ position: fan.index, rpm: fan.rpm, target_speed_ratio: m.fanPct / 100 })),
        highest_temperature: { id: null, location: 1, temperature: degree(m.chipC) },
      };
    case "pools":
      return [
        {
          name: "Default",
          strategy: { quota: { value: 1 } },
          pools: m.pools.map((pool) => ({
            uid: `pool-${pool.index}`,
            url: pool.url,
            user: pool.worker,
            enabled: true,
            alive: pool.alive,
            active: pool.active,
            stats: shares(pool.accepted, pool.rejected, pool.stale),
          })),
        },
      ];
    case "performance/tuner-state":
      return {
        overall_tuner_state: m.mode === "tuning" ? 3 : 2,
        mode_state: { powertargetmodestate: { current_target: { watt: device.orders.powerLimitW ?? 3_500 } } },
      };
    case "configuration/miner":
      return {
        pool_groups: [],
        tuner: { enabled: true, tuner_mode: 1, hashrate_target: null, power_target: { watt: device.orders.powerLimitW ?? 3_500 } },
      };
    case "network":
      return {
        name: "eth0",
        protocol: 1,
        hostname: device.plan.identity.hostname,
        mac_address: (device.plan.identity.mac ?? "").toLowerCase(),
        networks: [{ address: device.host, netmask: "255.255.255.0" }],
        dns_servers: [],
        default_gateway: "",
      };
    default:
      return undefined;
  }
};

const order = (path: string, body: unknown, { orders, now }: Device): boolean => {
  switch (path) {
    case "actions/pause":
    case "actions/resume":
      orders.paused = path === "actions/pause";
      return true;
    case "actions/reboot":
      orders.rebootTs = now();
      return true;
    case "actions/locate":
      if (typeof body !== "boolean") return false;
      orders.locating = body;
      return true;
    case "performance/power-target":
      if (typeof body !== "object" || body === null || !("watt" in body)) return false;
      orders.powerLimitW = Number(body.watt);
      return true;
    case "performance/power-target/default":
      orders.powerLimitW = null;
      return true;
    case "pools/batch": {
      const [group] = Array.isArray(body) ? (body as { pools?: { url: string; user: string }[] }[]) : [];
      if (group?.pools === undefined) return false;
      orders.pools = group.pools.map(({ url, user }) => ({ url, user }));
      return true;
    }
    default:
      return false;
  }
};

const tokenOf = (device: Device): string => createHash("sha256").update(`braiins ${device.plan.rig}`).digest("hex").slice(0, 16);

const rest = (question: WebQuestion, device: Device, m: NativeMeasured): WebAnswer => {
  const path = /^\/api\/v1\/(.*)$/.exec(question.path)?.[1] ?? "";
  if (path === "auth/login") {
    const { username, password } = (question.body ?? {}) as { username?: string; password?: string };
    return username === "root" && password === "root"
      ? { status: 200, body: { token: tokenOf(device), timeout_s: 3_600 } }
      : { status: 401, body: { message: "wrong password" } };
  }
  if (path.startsWith("version")) return { status: 200, body: page(path, device, m) };
  if (question.headers["authorization"] !== tokenOf(device)) return { status: 401, body: { message: "unauthorized" } };
  if (question.method === "GET") {
    const body = page(path, device, m);
    return body === undefined ? { status: 404, body: "" } : { status: 200, body };
  }
  return order(path, question.body, device) ? { status: 200, body: {} } : { status: 400, body: { message: "bad request" } };
};

const rpc = (command: string, device: Device, m: NativeMeasured): string => {
  const boards = m.boards.map((board, i) => ({ board, id: i + 1 }));
  switch (command) {
    case "version":
      return answer(device, DESCRIPTION, 22, "BOSer versions", {
        VERSION: [{ API: "3.7", BOSer: "boser-openwrt 0.1.0-26ba61b9", Type: device.plan.identity.model }],
      });
    case "devdetails":
      return answer(device, DESCRIPTION, 69, "Device Details", {
        DEVDETAILS: boards.map(({ board, id }) => ({
          DEVDETAILS: id - 1,
          ID: id,
          Name: "",
          Driver: "",
          Kernel: "",
          Model: device.plan.identity.model,
          Chips: board.chips,
          Frequency: board.frequencyMhz,
          Voltage: board.voltageV,
        })),
      });
    case "summary":
      return answer(device, DESCRIPTION, 11, "Summary", { SUMMARY: [summaryMhs(m)] });
    case "devs":
      return answer(device, DESCRIPTION, 9, "Devices", {
        DEVS: boards.map(({ board, id }) => ({
          ASC: id - 1,
          ID: id,
          Name: "",
          Enabled: "Y",
          Status: "Alive",
          Temperature: board.boardC ?? 0,
          "MHS av": mhs(board.hashrateThs),
          "MHS 5s": mhs(board.hashrateThs),
          "MHS 1m": mhs(board.hashrateThs),
          "MHS 5m": mhs(board.hashrateThs),
          "MHS 15m": mhs(board.hashrateThs),
          "Nominal MHS": mhs(board.expectedThs),
          "Hardware Errors": board.hwErrors,
          Accepted: 0,
          Rejected: 0,
        })),
      });
    case "temps":
      return answer(device, DESCRIPTION, 201, "Temps", {
        TEMPS: boards.map(({ board, id }) => ({ TEMP: id - 1, ID: id, Board: board.boardC ?? 0, Chip: board.chipC ?? 0 })),
      });
    case "fans":
      return answer(device, DESCRIPTION, 202, "Fans", {
        FANS: m.fans.map((fan) => ({ FAN: fan.index, ID: fan.index, RPM: fan.rpm, Speed: m.fanPct })),
      });
    case "tunerstatus":
      return answer(device, DESCRIPTION, 203, "Tuner status", {
        TUNERSTATUS: [
          {
            ApproximateMinerPowerConsumption: m.powerW,
            PowerLimit: device.orders.powerLimitW ?? 3_500,
            DynamicPowerScaling: "Disabled",
            TunerChainStatus: boards.map(({ id }) => ({ HashchainIndex: id, Status: m.mode === "tuning" ? "Tuning" : "Stable" })),
          },
        ],
      });
    case "pools":
      return answer(device, DESCRIPTION, 7, `${m.pools.length} Pool(s)`, { POOLS: poolRows(m) });
    default:
      return noCommand(device, DESCRIPTION);
  }
};

/** Newer firmware still answers the two questions by which GraphQL's clients find out who it is; without a login. */
const graphql = (query: unknown, { plan: { identity } }: Device): WebAnswer => {
  const asked = typeof query === "string" ? query : "";
  const bosminer = /bosminer/.test(asked) ? { bosminer: { info: { modelName: identity.model } } } : {};
  const bos = /\bbos\b/.test(asked) ? { bos: { hostname: identity.hostname, info: { version: { full: VERSION } } } } : {};
  return { status: 200, body: { data: { ...bosminer, ...bos } } };
};

export const braiins: Dialect = {
  name: "braiins",
  rpc: (question, device, m) => joined(question, ({ command }) => rpc(command, device, m)),
  grpc: (path, authorization, device, m) => braiinsGrpc(path, authorization, tokenOf(device), device, m),
  web: (question, device, m) =>
    question.path.startsWith("/api/v1/")
      ? rest(question, device, m)
      : question.path === "/graphql"
        ? graphql((question.body as { query?: unknown } | null)?.query, device)
        : question.path === "/"
          ? { status: 200, body: "<html><title>Braiins OS</title></html>" }
          : { status: 404, body: "" },
};
