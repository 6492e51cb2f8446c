/** Avalons of Canaan on TCP 4028; orders are `ascset` of the first (and only) device. */
import { askAll, POOL_PASSWORD, rpcQuestions, rpcTaken, withScheme } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const avalon: Driver = {
  format: "avalon",
  claims: ({ version, web }) => (/avalon|"SWTYPE"\s*:\s*"MM/i.test(version) ? 85 : /avalon/i.test(web?.text ?? "") ? 60 : 0),
  usual: { username: "root", password: "root" },
  open: (link, { username, password }) => ({
    read: (depth) => askAll(rpcQuestions(link, ["summary", "estats", "pools", ...(depth === "whole" ? ["version", "devs"] : [])])),
    tell: async (request) => {
      const set = async (parameter: string): Promise<string> => rpcTaken(await link.rpc("ascset", `0,${parameter}`), `ascset ${parameter}`);
      // the machine carries it out at that second of its own clock, and forgets it if that is past
      const soon = Math.floor(link.now() / 1_000) + 5;
      switch (request.method) {
        case "reboot":
          return set("reboot,0");
        case "pause":
          return set(`softoff,1:${soon}`);
        case "resume":
          return set(`softon,1:${soon}`);
        case "fan-mode":
          return set(request.args.mode === "auto" ? "fan-spd,-1" : `fan-spd,${Math.max(15, Math.round(request.args.speedPct))}`);
        case "locate":
          return set(`led,1-${request.args.on ? 1 : 0}`);
        case "pools": {
          const said: string[] = [];
          for (const [index, { url, worker }] of request.args.pools.slice(0, 3).entries())
            said.push(
              rpcTaken(
                await link.rpc("setpool", `${username},${password},${index},${withScheme(url)},${worker},${POOL_PASSWORD}`),
                "setpool",
              ),
            );
          return `${said.join("; ")}; used from the next restart on`;
        }
        case "power-target":
          return cannot("Avalon's firmware", request);
      }
    },
  }),
};
