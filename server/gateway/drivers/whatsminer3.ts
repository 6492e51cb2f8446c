/** Whatsminers with API 3 on TCP 4433: frames of JSON; each order carries a token from command, password, salt and time. */
import { createHash } from "node:crypto";
import { askAll, POOL_PASSWORD, withScheme } from "./asking.ts";
import { cannot, type Driver, type Link } from "./driver.ts";
import { encrypted } from "./whatsminer.ts";
import type { AnyRequest } from "../../twin/command.ts";

const hashOf = (command: string, password: string, salt: string, ts: number): Buffer =>
  createHash("sha256").update(`${command}${password}${salt}${ts}`).digest();
/** The first eight letters of base64 of SHA-256 (apidoc.whatsminer.com, "token"). */
export const tokenOf = (command: string, password: string, salt: string, ts: number): string =>
  hashOf(command, password, salt, ts).toString("base64").slice(0, 8);

const orderOf = (request: AnyRequest): { readonly cmd: string; readonly param?: unknown; readonly secret?: boolean } | null => {
  switch (request.method) {
    case "reboot":
      return { cmd: "set.system.reboot" };
    case "pause":
      return { cmd: "set.miner.service", param: "stop" };
    case "resume":
      return { cmd: "set.miner.service", param: "start" };
    case "power-target":
      return { cmd: "set.miner.power_limit", param: request.args.powerW ?? 99_999 };
    case "pools":
      return {
        cmd: "set.miner.pools",
        param: request.args.pools.slice(0, 3).map(({ url, worker }) => ({ pool: withScheme(url), worker, passwd: POOL_PASSWORD })),
        // pools are the one order whose argument is encrypted too
        secret: true,
      };
    case "locate":
      return { cmd: "set.system.led", param: request.args.on ? [{ color: "red", period: 60, duration: 20, start: 0 }] : "auto" };
    case "fan-mode":
      return null;
  }
};

const saltOf = async (link: Link): Promise<string> => {
  const told = JSON.parse(await link.framed({ cmd: "get.device.info", param: "salt" })) as { msg?: { salt?: unknown } };
  const salt = told.msg?.salt;
  if (typeof salt !== "string") throw new Error("the machine tells no salt, so no order can be signed");
  return salt;
};

export const whatsminer3: Driver = {
  format: "whatsminer3",
  claims: ({ framedOpen, version }) => (framedOpen ? (/btminer|whatsminer/i.test(version) ? 90 : 75) : 0),
  usual: { username: "super", password: "super" },
  open: (link, { username, password }) => ({
    read: (depth) => {
      const status = (param: string) => (): Promise<string> => link.framed({ cmd: "get.miner.status", param });
      return askAll({
        summary: status("summary"),
        edevs: status("edevs"),
        pools: status("pools"),
        // identity, faults and the power supply all come with this one
        device: () => link.framed({ cmd: "get.device.info", ...(depth === "whole" ? {} : { param: "error-code" }) }),
      });
    },
    tell: async (request) => {
      const order = orderOf(request);
      if (order === null) return cannot("Whatsminer's firmware", request);
      const ts = Math.floor(link.now() / 1_000);
      const salt = await saltOf(link);
      const { cmd, param, secret } = order;
      const sent = secret === true ? encrypted(JSON.stringify(param), hashOf(cmd, password, salt, ts)) : param;
      const token = tokenOf(cmd, password, salt, ts);
      const said = JSON.parse(await link.framed({ cmd, ts, token, account: username, ...(sent === undefined ? {} : { param: sent }) })) as {
        code?: number;
        msg?: unknown;
      };
      if (said.code !== 0) throw new Error(`${cmd}: ${JSON.stringify(said.msg ?? said)}`);
      return `${cmd}: ${JSON.stringify(said.msg ?? "ok")}`;
    },
  }),
};
