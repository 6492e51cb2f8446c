/** LuxOS of Luxor on TCP 4028: orders need a session, of which a machine has one at a time. */
import { askAll, POOL_PASSWORD, rpcQuestions, rpcTaken, withScheme } from "./asking.ts";
import type { AnyRequest } from "../../twin/command.ts";
import { cannot, type Driver, type Link } from "./driver.ts";

const ROUND = ["summary", "stats", "devs", "temps", "fans", "power", "pools", "events"];
/** Boards asked chip by chip where the rest of the identity is asked too. */
const BOARDS = [0, 1, 2];

const withSession = async (
  link: Link,
  work: (order: (command: string, ...parameters: string[]) => Promise<string>) => Promise<string>,
): Promise<string> => {
  const said = await link.rpc("logon");
  const session = /"SessionID"\s*:\s*"([^"]+)"/.exec(said)?.[1];
  if (session === undefined) throw new Error(`logon: ${/"Msg"\s*:\s*"([^"]*)"/.exec(said)?.[1] ?? "no session given"}`);
  try {
    return await work(async (command, ...parameters) => rpcTaken(await link.rpc(command, [session, ...parameters].join(",")), command));
  } finally {
    await link.rpc("logoff", session).catch(() => "");
  }
};

const replacePools = async (link: Link, request: AnyRequest & { method: "pools" }): Promise<string> => {
  const before = [...(await link.rpc("pools")).matchAll(/"POOL"\s*:\s*(\d+)/g)].map(([, id = ""]) => Number(id));
  return withSession(link, async (order) => {
    const said: string[] = [];
    for (const { url, worker } of request.args.pools) said.push(await order("addpool", withScheme(url), worker, POOL_PASSWORD));
    // the new ones stand behind the old ones; once the first of them is in use the old ones can go
    said.push(await order("switchpool", String(before.length === 0 ? 0 : Math.max(...before) + 1)));
    for (const id of before.toSorted((a, b) => b - a)) said.push(await order("removepool", String(id)));
    return said.join("; ");
  });
};

export const luxos: Driver = {
  format: "luxos",
  claims: ({ version, web }) => (/luxminer|luxos/i.test(version) ? 95 : /luxor firmware/i.test(web?.text ?? "") ? 70 : 0),
  usual: { username: "root", password: "root" },
  open: (link) => ({
    read: (depth) =>
      askAll(
        rpcQuestions(link, [
          ...ROUND,
          ...(depth === "whole" ? ["version", "config", ...BOARDS.map((board) => `healthchipget ${board}`)] : []),
        ]),
      ),
    tell: (request) => {
      const once = (command: string, ...parameters: string[]): Promise<string> =>
        withSession(link, (order) => order(command, ...parameters));
      switch (request.method) {
        case "reboot":
          return once("rebootdevice");
        case "pause":
          return once("curtail", "sleep");
        case "resume":
          return once("curtail", "wakeup");
        case "power-target":
          return request.args.powerW === null
            ? cannot("LuxOS without a figure", request)
            : once("powertargetset", `power=${request.args.powerW}`);
        case "fan-mode":
          return once("fanset", request.args.mode === "auto" ? "speed=-1" : `speed=${Math.round(request.args.speedPct)}`);
        case "locate":
          return once("ledset", "red", request.args.on ? "blink" : "off");
        case "pools":
          return replacePools(link, request);
      }
    },
  }),
};
