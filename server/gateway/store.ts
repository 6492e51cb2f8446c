/** The gateway's folder: its key, what it answered to commands, which machine stood where. Only it may read them. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Credentials } from "./ask/http.ts";
import type { Answered } from "./orders.ts";

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    return null;
  }
};
const writeWhole = (path: string, text: string): void => {
  writeFileSync(`${path}.part`, text, { mode: 0o600 });
  renameSync(`${path}.part`, path);
};

const keyOf = (path: string): KeyObject => {
  try {
    return createPrivateKey(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  writeWhole(path, privateKey.export({ format: "pem", type: "pkcs8" }).toString());
  return privateKey;
};

const isCredentials = (value: unknown): value is Credentials =>
  typeof value === "object" &&
  value !== null &&
  "password" in value &&
  typeof value.password === "string" &&
  (!("username" in value) || typeof value.username === "string");

/** Logins by driver or address. Throws in words where the file is not as it should be. */
export const credentialsIn = (path: string): Readonly<Record<string, Partial<Credentials> & { readonly password: string }>> => {
  const told = JSON.parse(readFileSync(path, "utf8")) as unknown;
  if (typeof told !== "object" || told === null) throw new Error(`${path}: is no JSON object`);
  const wrong = Object.entries(told).find(([, value]) => !isCredentials(value));
  if (wrong !== undefined) throw new Error(`${path}: "${wrong[0]}" has no password, or one that is no text`);
  return told as Record<string, Credentials>;
};

/** Opens the folder. Throws what the disk throws. */
export const openStore = (folder: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = keyOf(join(folder, "key.pem"));
  const answeredFile = join(folder, "commands.json");
  const hostsFile = join(folder, "machines.json");
  const answered = readJson(answeredFile);
  const hosts = readJson(hostsFile);
  return {
    key,
    /** 32 bytes as hex, as GATEWAY_KEYS takes it. */
    publicKey: createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32).toString("hex"),
    answered: Array.isArray(answered) ? (answered as readonly Answered[]) : [],
    keepAnswered: (all: readonly Answered[]): void => writeWhole(answeredFile, JSON.stringify(all)),
    /** Address → driver that was right there. */
    hosts: typeof hosts === "object" && hosts !== null && !Array.isArray(hosts) ? (hosts as Readonly<Record<string, string>>) : {},
    keepHosts: (all: Readonly<Record<string, string>>): void => writeWhole(hostsFile, JSON.stringify(all)),
  };
};
