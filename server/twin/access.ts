/** Shapes of the door: people, sessions, tokens, devices, the audit. Secrets go out once, when they are made, and never again. */
import { z } from "zod";
import { ROLES, SCOPES } from "./rights.ts";
import { NAME_PATTERN } from "./wire.ts";

const ms = z.int().describe("ms since 1970 UTC");
const name = z.string().regex(NAME_PATTERN).describe("a pseudonym: a badge or a role, never a person's name");
const password = z.string().min(1).max(200);
const code = z.string().regex(/^\d{6}$/);
const recovery = z.string().regex(/^[a-z2-7]{5}-[a-z2-7]{5}$/);
const wallet = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

export const login = z.object({
  name: name.default("admin"),
  password,
  code: z.union([code, recovery]).optional().describe("of the authenticator app, where one is set, or a recovery code"),
});
export const walletNonce = z.object({ nonce: z.string() });
export const walletLogin = z.object({
  message: z.string().max(2_000).describe("EIP-4361"),
  signature: z.string().regex(/^0x[0-9a-fA-F]{1,2000}$/),
});
export const me = z.object({
  name: z.string().nullable().describe("null: not logged in"),
  role: z.enum([...ROLES, "public"]),
  rights: z.array(z.string()).describe("what this caller may do, names as in the table of rights"),
  wallet: z.string().nullable(),
  totp: z.boolean(),
  recoveryLeft: z.int().describe("recovery codes that were not used yet"),
  local: z.boolean().describe("true: let in because it calls from this machine"),
});
export const ownTwins = z.object({ wallet: z.string().nullable(), twins: z.array(z.object({ tokenId: z.int(), rig: z.string() })) });

export const person = z.object({
  id: z.int(),
  name: z.string(),
  role: z.enum(ROLES),
  wallet: z.string().nullable(),
  password: z.boolean(),
  totp: z.boolean(),
  createdTs: ms,
  disabledTs: ms.nullable(),
});
export const people = z.object({ people: z.array(person) });
export const newPerson = z.object({
  name,
  role: z.enum(ROLES),
  password: password.optional().describe("at least 10 characters"),
  wallet: wallet.optional(),
});
export const personParams = z.object({ person: z.coerce.number().int().min(1) });
export const personNews = z.object({
  role: z.enum(ROLES).optional(),
  password: password.optional(),
  disabled: z.boolean().optional(),
  resetTotp: z.literal(true).optional().describe("takes a lost authenticator away"),
});
export const newPassword = z.object({ old: password, fresh: password });

export const session = z.object({
  id: z.string(),
  createdTs: ms,
  seenTs: ms,
  untilTs: ms,
  address: z.string(),
  agent: z.string(),
  current: z.boolean(),
});
export const sessions = z.object({ sessions: z.array(session) });
export const idParams = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) });

export const token = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  createdTs: ms,
  untilTs: ms,
  usedTs: ms.nullable(),
});
export const tokens = z.object({ tokens: z.array(token) });
export const newToken = z.object({
  name,
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  days: z.int().min(1).max(400).default(90),
});
export const madeToken = token.extend({ secret: z.string().describe("shown this once") });

export const totp = z.object({ secret: z.string(), uri: z.string() });
export const totpCode = z.object({ code });
export const recoveryCodes = z.object({
  recovery: z.array(z.string()).describe("shown this once; each opens once in place of a code of the app"),
});
export const totpEnd = z.object({ password });

const pattern = z
  .string()
  .max(256)
  .regex(/^[^+#\u0000\s]+$/u, "has a wildcard or a blank");
export const newDevice = z.object({
  name,
  topics: z
    .array(pattern)
    .max(200)
    .default([])
    .describe("names of rigs it speaks for, `c1-*` for all that begin so; with a slash: the beginning of topics in another dialect"),
});
export const device = z.object({
  name: z.string(),
  topics: z.array(z.string()),
  createdTs: ms,
  rotatedTs: ms.nullable(),
  seenTs: ms.nullable().describe("when it last came or left, to a minute; null: never"),
  connected: z.boolean(),
});
export const devices = z.object({ devices: z.array(device) });
export const madeDevice = device.extend({ password: z.string().describe("shown this once") });
export const deviceParams = z.object({ device: name });
export const rulesQuery = z.object({ broker: z.enum(["mosquitto", "emqx"]), file: z.enum(["acl", "passwords"]).default("acl") });

export const auditQuery = z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(200) });
export const auditLine = z.object({
  n: z.int(),
  prev: z.string(),
  ts: ms,
  who: z.string(),
  what: z.string(),
  detail: z.record(z.string(), z.unknown()),
  address: z.string(),
});
export const audit = z.object({ lines: z.array(auditLine) });
