/** AxeOS: a Bitaxe Gamma that runs as well, or as badly, as the rig of the plant it stands for. */
import type { NativeMeasured } from "../../plant/native.ts";
import type { Device, Dialect, WebAnswer } from "../device.ts";
import type { Section } from "./cgminer.ts";

const GAMMA = { ths: 1.07, watts: 19, frequencyMhz: 525, coreMv: 1_150, cores: 2_040 };

const port = (url: string): number => Number(/:(\d+)/.exec(url.replace(/^[^/]*\/\//, ""))?.[1] ?? 3_333);
const hostOf = (url: string): string => url.replace(/^[^/]*\/\//, "").replace(/:.*$/, "");

const info = (device: Device, m: NativeMeasured): Section => {
  const { nameplate, identity } = device.plan;
  const share = m.hashrateThs / nameplate.hashrateThs;
  const load = m.powerW / nameplate.powerW;
  const [first, second] = m.pools;
  const heat = m.chipC ?? -1;
  return {
    power: Math.round(GAMMA.watts * load * 100) / 100,
    voltage: 5_150,
    current: Math.round((GAMMA.watts * load * 1e6) / 5_150) / 1e3,
    temp: heat,
    temp2: -1,
    vrTemp: heat < 0 ? -1 : Math.round(heat + 4),
    maxPower: 40,
    nominalVoltage: 5,
    hashRate: Math.round(GAMMA.ths * share * 1e6) / 1e3,
    hashRate_1m: Math.round(GAMMA.ths * share * 1e6) / 1e3,
    hashRate_10m: Math.round(GAMMA.ths * share * 1e6) / 1e3,
    hashRate_1h: Math.round(GAMMA.ths * share * 1e6) / 1e3,
    expectedHashrate: (GAMMA.frequencyMhz * GAMMA.cores) / 1e3,
    errorPercentage: m.hwErrorPct,
    bestDiff: 493_120_416,
    bestSessionDiff: 12_884_901,
    poolDifficulty: 1_000,
    isUsingFallbackStratum: second?.active === true ? 1 : 0,
    freeHeap: 8_443_612,
    coreVoltage: GAMMA.coreMv,
    coreVoltageActual: GAMMA.coreMv + 6,
    frequency: GAMMA.frequencyMhz,
    ssid: "mining",
    macAddr: identity.mac,
    hostname: identity.hostname,
    ipv4: device.host,
    wifiStatus: "Connected!",
    wifiRSSI: -58,
    apEnabled: 0,
    sharesAccepted: m.accepted,
    sharesRejected: m.rejected,
    sharesRejectedReasons: m.rejected > 0 ? [{ message: "Stale", count: m.rejected }] : [],
    uptimeSeconds: m.uptimeS,
    smallCoreCount: GAMMA.cores,
    asicCount: 1,
    ASICModel: "BM1370",
    stratumURL: hostOf(first?.url ?? ""),
    stratumPort: port(first?.url ?? ""),
    stratumUser: first?.worker ?? "",
    fallbackStratumURL: hostOf(second?.url ?? ""),
    fallbackStratumPort: port(second?.url ?? ""),
    fallbackStratumUser: second?.worker ?? "",
    version: "v2.9.0",
    axeOSVersion: "v2.9.0",
    idfVersion: "v5.4.1",
    boardVersion: "601",
    runningPartition: "ota_0",
    overheat_mode: m.mode === "fault" ? 1 : 0,
    miningPaused: device.orders.paused,
    autofanspeed: device.orders.fanPct === null ? 1 : 0,
    fanspeed: m.fanPct,
    fanrpm: m.fans[0]?.rpm ?? 0,
    fan2rpm: 0,
    temptarget: 60,
    statsFrequency: 0,
    hashrateMonitor: { asics: [{ total: Math.round(GAMMA.ths * share * 1e6) / 1e3, domains: [], errorCount: m.hwErrors }] },
  };
};

const settings = (device: Device, m: NativeMeasured, body: unknown): WebAnswer => {
  if (typeof body !== "object" || body === null) return { status: 400, body: "" };
  const told = body as Record<string, unknown>;
  const { orders } = device;
  if (told["autofanspeed"] === 1) orders.fanPct = null;
  if (told["autofanspeed"] === 0) orders.fanPct = Number(told["manualFanSpeed"] ?? told["fanspeed"]);
  if (typeof told["stratumURL"] === "string") {
    const second = m.pools[1];
    orders.pools = [
      { url: `stratum+tcp://${told["stratumURL"]}:${String(told["stratumPort"])}`, user: String(told["stratumUser"]) },
      typeof told["fallbackStratumURL"] === "string"
        ? {
            url: `stratum+tcp://${told["fallbackStratumURL"]}:${String(told["fallbackStratumPort"])}`,
            user: String(told["fallbackStratumUser"]),
          }
        : { url: second?.url ?? "", user: second?.worker ?? "" },
    ];
  }
  return { status: 200, body: "" };
};

export const axeos: Dialect = {
  name: "axeos",
  web: ({ method, path, body }, device, m) => {
    const { orders } = device;
    switch (`${method} ${path}`) {
      case "GET /":
        return { status: 200, body: "<html><title>AxeOS</title></html>" };
      case "GET /api/system/info":
        return { status: 200, body: info(device, m) };
      case "GET /api/system/asic":
        return {
          status: 200,
          body: {
            ASICModel: "BM1370",
            deviceModel: "Gamma",
            swarmColor: "green",
            asicCount: 1,
            defaultFrequency: 525,
            frequencyOptions: [400, 490, 525, 550, 600],
            defaultVoltage: 1_150,
            voltageOptions: [1_000, 1_100, 1_150, 1_200],
          },
        };
      case "PATCH /api/system":
        return settings(device, m, body);
      case "POST /api/system/restart":
        orders.rebootTs = device.now();
        return { status: 200, body: "System will restart shortly." };
      case "POST /api/system/pause":
      case "POST /api/system/resume":
        orders.paused = path.endsWith("pause");
        return { status: 200, body: "" };
      case "POST /api/system/identify":
        orders.locating = !orders.locating;
        return { status: 200, body: "" };
      default:
        return { status: 404, body: "" };
    }
  },
};
