/** Whatsminers with API 1 and 2 on TCP 4028. Orders are encrypted with a key from the password and a token that the machine hands out. */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { md5crypt } from "../ask/md5crypt.ts";
import { askAll, POOL_PASSWORD, rpcQuestions, withScheme } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";
import type { AnyRequest } from "../../twin/command.ts";

export interface Token {
  /** What goes with each order. */
  readonly sign: string;
  readonly key: Buffer;
}

/** `{time, salt, newsalt}` and the password → the token (Whatsminer API 2.0.5, "get_token"). */
export const tokenOf = (told: { readonly time: string; readonly salt: string; readonly newsalt: string }, password: string): Token => {
  const secret = md5crypt(password, told.salt);
  return {
    sign: md5crypt(secret + told.time.slice(-4), told.newsalt),
    key: createHash("sha256").update(secret).digest(),
  };
};

/** AES-256-ECB over the text filled up with zero bytes, as base64. */
export const encrypted = (text: string, key: Buffer): string => {
  const plain = Buffer.from(text);
  const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc((16 - (plain.length % 16)) % 16)])), cipher.final()]).toString(
    "base64",
  );
};
export const decrypted = (text: string, key: Buffer): string => {
  const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([decipher.update(Buffer.from(text, "base64")), decipher.final()])
    .toString("utf8")
    .replace(/\0+$/, "");
};

const orderOf = (request: AnyRequest): Record<string, string> | null => {
  switch (request.method) {
    case "reboot":
      return { cmd: "reboot" };
    case "pause":
      return { cmd: "power_off", respbefore: "true" };
    case "resume":
      return { cmd: "power_on" };
    case "power-target":
      // the machine has no word for "your own default"; 99999 W is what its documentation calls no limit
      return { cmd: "adjust_power_limit", power_limit: String(request.args.powerW ?? 99_999) };
    case "pools":
      return {
        cmd: "update_pools",
        ...Object.fromEntries(
          [0, 1, 2].flatMap((i) => {
            const pool = request.args.pools[i];
            return [
              [`pool${i + 1}`, pool === undefined ? "" : withScheme(pool.url)],
              [`worker${i + 1}`, pool?.worker ?? ""],
              [`passwd${i + 1}`, pool === undefined ? "" : POOL_PASSWORD],
            ];
          }),
        ),
      };
    case "locate":
      return request.args.on
        ? { cmd: "set_led", color: "red", period: "60", duration: "20", start: "0" }
        : { cmd: "set_led", param: "auto" };
    case "fan-mode":
      return null;
  }
};

const msgOf = (text: string): unknown => (JSON.parse(text) as { Msg?: unknown }).Msg;

export const whatsminer: Driver = {
  format: "whatsminer",
  claims: ({ version }) => (/btminer|whatsminer|bitmicro|can't find cmd|invalid cmd/i.test(version) ? 85 : 0),
  usual: { username: "admin", password: "admin" },
  open: (link, { password }) => ({
    read: (depth) =>
      askAll({
        ...rpcQuestions(link, ["summary", "edevs", "pools"]),
        ...Object.fromEntries(
          (depth === "whole"
            ? ["get_version", "get_psu", "get_miner_info", "devdetails", "status", "get_error_code"]
            : ["get_error_code"]
          ).map(
            // MicroBT's own commands are asked for by `cmd`
            (name) => [name, () => link.rpcObject(name === "devdetails" ? { command: name } : { cmd: name, command: name })],
          ),
        ),
      }).then(async (told) =>
        typeof told["edevs"] === "string" && told["edevs"].includes('"DEVS"') ? told : { ...told, devs: await link.rpc("devs") },
      ),
    tell: async (request) => {
      const order = orderOf(request);
      if (order === null) return cannot("Whatsminer's firmware", request);
      const told = msgOf(await link.rpcObject({ cmd: "get_token" }));
      if (typeof told !== "object" || told === null || !("salt" in told))
        throw new Error(`the machine gives no token (${JSON.stringify(told)}): its API's write access is off`);
      const token = tokenOf(told as { time: string; salt: string; newsalt: string }, password);
      const data = encrypted(JSON.stringify({ ...order, token: token.sign }), token.key);
      const answer = JSON.parse(await link.rpcObject({ enc: 1, data })) as { enc?: unknown };
      const text = typeof answer.enc === "string" ? decrypted(answer.enc, token.key) : JSON.stringify(answer);
      const said = JSON.parse(text) as { STATUS?: string; Code?: number; Msg?: unknown };
      if (said.STATUS !== "S") throw new Error(`${order["cmd"]}: ${JSON.stringify(said.Msg ?? said)}`);
      return `${order["cmd"]}: ${JSON.stringify(said.Msg ?? "ok")}`;
    },
  }),
};
