/** Bitaxe and its Nerd children on HTTP; AxeOS asks for no password. */
import { askAll, goodBody, taken, withScheme } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";
import type { AnyRequest } from "../../twin/command.ts";
import type { HttpQuestion } from "../ask/http.ts";

const settings = (json: unknown): HttpQuestion => ({ method: "PATCH", path: "/api/system", json });

const poolSettings = (request: AnyRequest & { method: "pools" }): HttpQuestion => {
  const fields = (prefix: "stratum" | "fallbackStratum", at: number): Record<string, unknown> => {
    const pool = request.args.pools[at];
    if (pool === undefined) return {};
    const url = new URL(withScheme(pool.url).replace(/^stratum2?\+\w+:/, "http:"));
    return { [`${prefix}URL`]: url.hostname, [`${prefix}Port`]: Number(url.port || "3333"), [`${prefix}User`]: pool.worker };
  };
  return settings({ ...fields("stratum", 0), ...fields("fallbackStratum", 1) });
};

export const axeos: Driver = {
  format: "axeos",
  claims: ({ web }) => (/axeos|bitaxe|nerd ?q?axe/i.test(web?.text ?? "") ? 90 : 0),
  usual: { username: "", password: "" },
  open: (link) => ({
    read: (depth) =>
      askAll({
        info: () => link.http({ path: "/api/system/info" }).then(goodBody),
        ...(depth === "whole" ? { asic: () => link.http({ path: "/api/system/asic" }).then(goodBody) } : {}),
      }),
    tell: async (request) => {
      const order = (question: HttpQuestion): Promise<string> => link.http(question).then((answer) => taken(answer, request.method));
      switch (request.method) {
        case "reboot":
          return order({ method: "POST", path: "/api/system/restart" });
        case "pause":
        case "resume":
          return order({ method: "POST", path: `/api/system/${request.method}` });
        case "locate":
          return order({ method: "POST", path: "/api/system/identify" });
        case "fan-mode":
          return order(
            settings(
              request.args.mode === "auto"
                ? { autofanspeed: 1 }
                : { autofanspeed: 0, manualFanSpeed: Math.round(request.args.speedPct), fanspeed: Math.round(request.args.speedPct) },
            ),
          );
        case "pools":
          return `${await order(poolSettings(request))}; used from the next restart on`;
        case "power-target":
          return cannot("AxeOS", request);
      }
    },
  }),
};
