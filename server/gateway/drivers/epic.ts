/** ePIC PowerPlay: HTTP on cgminer's port; orders carry the password in their body. */
import { askAll, goodBody, POOL_PASSWORD, taken, withScheme } from "./asking.ts";
import type { Driver } from "./driver.ts";

export const epic: Driver = {
  format: "epic",
  claims: ({ version, web }) => (/^HTTP\/1\.[01] \d{3}/.test(version) ? 86 : /miner web dashboard/i.test(web?.text ?? "") ? 85 : 0),
  usual: { username: "", password: "letmein" },
  open: (link, { password }) => ({
    read: (depth) =>
      askAll(
        Object.fromEntries(
          ["summary", ...(depth === "whole" ? ["capabilities", "network"] : [])].map((path) => [
            path,
            () => link.httpOnRpc({ path: `/${path}` }).then(goodBody),
          ]),
        ),
      ),
    tell: async (request) => {
      const order = async (path: string, param: unknown): Promise<string> => {
        const said = taken(await link.httpOnRpc({ method: "POST", path: `/${path}`, json: { param, password } }), path);
        if (/"result"\s*:\s*false/.test(said)) throw new Error(said);
        return said;
      };
      switch (request.method) {
        case "reboot":
          return order("reboot", "0");
        case "pause":
          return order("miner", "Stop");
        case "resume":
          return order("miner", "Autostart");
        case "power-target":
          return order("tune", { algo: "VoltageOptimizer", target: request.args.powerW });
        case "fan-mode":
          return order(
            "fanspeed",
            request.args.mode === "auto"
              ? { Auto: { "Target Temperature": 60, "Idle Speed": 25 } }
              : String(Math.round(request.args.speedPct)),
          );
        case "locate":
          return order("identify", request.args.on);
        case "pools":
          return order("coin", {
            coin: "Btc",
            stratum_configs: request.args.pools.map(({ url, worker }) => ({
              pool: withScheme(url),
              login: worker,
              password: POOL_PASSWORD,
            })),
            unique_id: false,
          });
      }
    },
  }),
};
