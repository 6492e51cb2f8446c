/** VNish on HTTP `/api/v1`: reading is free, or behind `unlock`; orders always are. */
import { askAll, goodBody, POOL_PASSWORD, taken, withScheme } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";
import type { AnyRequest } from "../../twin/command.ts";
import type { HttpAnswer, HttpQuestion } from "../ask/http.ts";

const ROUND = ["summary", "status", "chains"];
const WHOLE = ["info", "chains/factory-info"];

const orderOf = (request: AnyRequest): HttpQuestion | null => {
  const post = (path: string, json: unknown = {}): HttpQuestion => ({ method: "POST", path: `/api/v1/${path}`, json });
  switch (request.method) {
    case "reboot":
      return post("system/reboot");
    case "pause":
      return post("mining/pause");
    case "resume":
      return post("mining/resume");
    case "locate":
      return post("find-miner", { on: request.args.on });
    case "pools":
      return post("settings", {
        miner: { pools: request.args.pools.map(({ url, worker }) => ({ url: withScheme(url), user: worker, pass: POOL_PASSWORD })) },
      });
    case "fan-mode":
      return post("settings", {
        miner: {
          cooling: { mode: request.args.mode === "auto" ? { name: "auto" } : { name: "manual", param: Math.round(request.args.speedPct) } },
        },
      });
    case "power-target":
      return null;
  }
};

export const vnish: Driver = {
  format: "vnish",
  claims: ({ version, web }) => (/anthillos|vnish/i.test(web?.text ?? "") ? 92 : /vnish/i.test(version) ? 91 : 0),
  usual: { username: "admin", password: "admin" },
  open: (link, { password }) => {
    let token: string | null = null;
    const unlock = async (): Promise<void> => {
      const told = goodBody(await link.http({ method: "POST", path: "/api/v1/unlock", json: { pw: password } }));
      if (typeof told !== "object" || told === null || !("token" in told) || typeof told.token !== "string")
        throw new Error("unlock: no token given");
      token = told.token;
    };
    const ask = async (question: HttpQuestion): Promise<HttpAnswer> => {
      const asked = (): Promise<HttpAnswer> =>
        link.http(
          token === null
            ? question
            : { ...question, headers: { authorization: question.path.includes("/system/") ? `Bearer ${token}` : token } },
        );
      const answer = await asked();
      if (answer.status !== 401 && answer.status !== 403) return answer;
      await unlock();
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
        if (order === null) return cannot("VNish", request);
        if (token === null) await unlock();
        return taken(await ask(order), request.method);
      },
    };
  },
};
