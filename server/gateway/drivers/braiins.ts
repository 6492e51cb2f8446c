/** Braiins OS from 25.03 on: REST `/api/v1`, behind a login whose token is good for an hour of silence. */
import { askAll, goodBody, POOL_PASSWORD, taken, withScheme } from "./asking.ts";
import type { AnyRequest } from "../../twin/command.ts";
import type { HttpAnswer, HttpQuestion } from "../ask/http.ts";
import { cannot, type Driver } from "./driver.ts";

const ROUND = ["miner/details", "miner/stats", "miner/hw/hashboards", "miner/errors", "cooling/state", "pools/", "performance/tuner-state"];
const WHOLE = ["version/", "network/", "configuration/miner"];

const orderOf = (request: AnyRequest): HttpQuestion | null => {
  const put = (path: string, json?: unknown): HttpQuestion => ({
    method: "PUT",
    path: `/api/v1/${path}`,
    ...(json === undefined ? {} : { json }),
  });
  switch (request.method) {
    case "reboot":
    case "pause":
    case "resume":
      return put(`actions/${request.method}`);
    case "power-target":
      return request.args.powerW === null
        ? put("performance/power-target/default")
        : put("performance/power-target", { watt: request.args.powerW });
    case "fan-mode":
      return null;
    case "locate":
      return put("actions/locate", request.args.on);
    case "pools":
      return put("pools/batch", [
        {
          name: "Default",
          load_balance_strategy: { quota: { value: 1 } },
          pools: request.args.pools.map(({ url, worker }) => ({ url: withScheme(url), user: worker, password: POOL_PASSWORD })),
        },
      ]);
  }
};

export const braiins: Driver = {
  format: "braiins",
  claims: ({ version, web }) => {
    const page = /braiins os|bos[-+]|\/graphql/i.test(web?.text ?? "");
    // where both are spoken, REST tells more; the driver below takes over where it is not
    return page ? 88 : /BOSer|BOSminer/i.test(version) && web !== null ? 84 : 0;
  },
  usual: { username: "root", password: "root" },
  open: (link, credentials) => {
    let token: string | null = null;
    const login = async (): Promise<void> => {
      const answer = await link.http({ method: "POST", path: "/api/v1/auth/login", json: credentials });
      const told = goodBody(answer);
      token = typeof told === "object" && told !== null && "token" in told && typeof told.token === "string" ? told.token : "";
    };
    const ask = async (question: HttpQuestion): Promise<HttpAnswer> => {
      if (token === null) await login();
      const asked = (): Promise<HttpAnswer> => link.http({ ...question, headers: { authorization: token ?? "" } });
      const answer = await asked();
      if (answer.status !== 401) return answer;
      await login();
      return asked();
    };
    return {
      read: (depth) =>
        askAll(
          Object.fromEntries(
            [...ROUND, ...(depth === "whole" ? WHOLE : [])].map((path) => [path, () => ask({ path: `/api/v1/${path}` }).then(goodBody)]),
          ),
        ),
      tell: async (request) => {
        const order = orderOf(request);
        return order === null ? cannot("Braiins OS", request) : taken(await ask(order), request.method);
      },
    };
  },
};
