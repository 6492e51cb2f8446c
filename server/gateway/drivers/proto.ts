/** Block's Proto Rig on HTTP: open to readers, or behind a login whose token is renewed when it is refused. */
import { askAll, goodBody, taken } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";
import type { HttpAnswer, HttpQuestion } from "../ask/http.ts";

export const proto: Driver = {
  format: "proto",
  claims: ({ web }) => (/proto ?os|proto rig/i.test(web?.text ?? "") ? 90 : 0),
  usual: { username: "", password: "proto" },
  open: (link, { password }) => {
    let token = "";
    const bearing = (question: HttpQuestion): HttpQuestion =>
      token === "" ? question : { ...question, headers: { authorization: `Bearer ${token}` } };
    const ask = async (question: HttpQuestion): Promise<HttpAnswer> => {
      const first = await link.http(bearing(question));
      if (first.status !== 401) return first;
      const said = goodBody(await link.http({ method: "POST", path: "/api/v1/auth/login", json: { password } }));
      token = typeof said === "object" && said !== null && "access_token" in said ? String(said.access_token) : "";
      return link.http(bearing(question));
    };
    const page = (path: string) => (): Promise<unknown> => ask({ path: `/api/v1/${path}` }).then(goodBody);
    return {
      read: (depth) =>
        askAll({
          mining: page("mining"),
          telemetry: page("telemetry?level=miner,hashboard,psu"),
          cooling: page("cooling"),
          pools: page("pools"),
          errors: page("errors"),
          ...(depth === "whole" ? { system: page("system"), hardware: page("hardware"), network: page("network") } : {}),
        }),
      tell: async (request) => {
        switch (request.method) {
          case "reboot":
            return taken(await ask({ method: "POST", path: "/api/v1/system/reboot" }), "reboot");
          case "pause":
            return taken(await ask({ method: "POST", path: "/api/v1/mining/stop" }), "stop");
          case "resume":
            return taken(await ask({ method: "POST", path: "/api/v1/mining/start" }), "start");
          default:
            return cannot("Proto OS", request);
        }
      },
    };
  },
};
