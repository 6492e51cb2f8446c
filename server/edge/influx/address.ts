/** Where InfluxDB is: `http://user:password@host:port/database`. */
import { Refused } from "../../twin/refusal.ts";

export interface Address {
  /** Without credentials and database, no slash at the end. */
  readonly base: string;
  readonly protocol: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Where InfluxDB is behind a proxy: the part of the path before the database. */
  readonly path: string;
  readonly database: string;
  readonly username: string | null;
  readonly password: string;
}

const DATABASE = "rigtwin";
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Throws Refused CONFIG_INVALID; the message never has the password in it. */
export const addressOf = (text: string): Address => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new Refused("CONFIG_INVALID", "INFLUX_URL is http://user:password@host:8086/database.");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const database = decodeURIComponent(parts.pop() ?? DATABASE);
  if (!NAME.test(database))
    throw new Refused(
      "CONFIG_INVALID",
      `INFLUX_URL's database ${JSON.stringify(database)} is not 1 to 64 of letters, digits, dot, dash and underscore.`,
    );
  const protocol = url.protocol === "https:" ? "https" : "http";
  const path = parts.map((part) => `/${part}`).join("");
  return {
    base: `${url.protocol}//${url.host}${path}`,
    protocol,
    host: url.hostname,
    port: url.port !== "" ? Number(url.port) : protocol === "https" ? 443 : 80,
    path,
    database,
    username: url.username === "" ? null : decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
};
