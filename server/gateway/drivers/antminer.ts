/** Antminers with Bitmain's firmware: the web pages behind HTTP Digest tell most; where the password is another, cgminer's port is left. */
import { createDigest } from "../ask/http.ts";
import { askAll, bodyOf, goodBody, POOL_PASSWORD, rpcQuestions, taken, withScheme } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";
import type { AnyRequest } from "../../twin/command.ts";

const REALM = /realm="?antMiner/i;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The names under which the page takes what it tells under others. */
const settable = (conf: Record<string, unknown>): Record<string, unknown> => ({
  "miner-mode": Number(conf["bitmain-work-mode"] ?? conf["miner-mode"] ?? 0),
  "freq-level": conf["bitmain-hashrate-percent"] ?? conf["freq-level"] ?? "100",
  "bitmain-fan-ctrl": conf["bitmain-fan-ctrl"] ?? false,
  "bitmain-fan-pwm": conf["bitmain-fan-pwm"] ?? "100",
  pools: conf["pools"] ?? [],
});

const changes = (request: AnyRequest): Record<string, unknown> | null => {
  switch (request.method) {
    case "pause":
      return { "miner-mode": 1 };
    case "resume":
      return { "miner-mode": 0 };
    case "fan-mode":
      return request.args.mode === "auto"
        ? { "bitmain-fan-ctrl": false }
        : { "bitmain-fan-ctrl": true, "bitmain-fan-pwm": String(Math.round(request.args.speedPct)) };
    case "pools":
      return { pools: request.args.pools.map(({ url, worker }) => ({ url: withScheme(url), user: worker, pass: POOL_PASSWORD })) };
    default:
      return null;
  }
};

export const antminer: Driver = {
  format: "antminer",
  claims: ({ version, web }) => {
    const header = web?.headers["www-authenticate"];
    if (typeof header === "string" && REALM.test(header)) return 80;
    return /antminer|bmminer/i.test(version) ? 70 : 0;
  },
  usual: { username: "root", password: "root" },
  open: (link, credentials) => {
    const ask = createDigest(link.http, credentials);
    const page = (name: string): Promise<unknown> => ask({ path: `/cgi-bin/${name}.cgi` }).then(goodBody);
    let webRefused = false;
    return {
      read: async (depth) => {
        const pages = ["stats", "summary", "pools", ...(depth === "whole" ? ["get_system_info", "get_miner_conf"] : [])];
        if (!webRefused)
          try {
            const told = await askAll(Object.fromEntries(pages.map((name) => [name, () => page(name)])));
            if ("stats" in told) return told;
          } catch {
            webRefused = true;
          }
        // whoever set another password may have given it by now
        if (depth === "whole") webRefused = false;
        return askAll(rpcQuestions(link, ["stats", "summary", "pools", ...(depth === "whole" ? ["version"] : [])]));
      },
      tell: async (request) => {
        if (request.method === "reboot") return taken(await ask({ path: "/cgi-bin/reboot.cgi" }), "reboot");
        if (request.method === "locate")
          return taken(await ask({ method: "POST", path: "/cgi-bin/blink.cgi", json: { blink: String(request.args.on) } }), "blink");
        const wanted = changes(request);
        if (wanted === null) return cannot("Bitmain's firmware", request);
        const conf = bodyOf(await ask({ path: "/cgi-bin/get_miner_conf.cgi" }));
        if (!isObject(conf)) throw new Error("the machine does not tell its settings, so they cannot be changed without losing some");
        return taken(
          await ask({ method: "POST", path: "/cgi-bin/set_miner_conf.cgi", json: { ...settable(conf), ...wanted } }),
          "set_miner_conf",
        );
      },
    };
  },
};
