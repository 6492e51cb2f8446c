/** The door of the mock: sessions that are real within it, tokens, people, devices and an audit of its own. */
import type { Express, Request, Response } from "express";
import { auditBytes, NO_LINE, type AuditLine } from "../../../server/twin/audit.ts";
import { RIGHTS, may, type Role } from "../../../server/twin/rights.ts";
import type { Code } from "../../../server/twin/refusal.ts";
import { ROUTES } from "../../../server/twin/wire.ts";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";

export interface AccessOptions {
  /** What a caller without a password is; with one, what the right password opens. */
  readonly role?: Role;
  readonly wallet?: string;
}
interface Around {
  readonly now: () => number;
  /** Sessions that open, by their secret. */
  readonly sessions: Map<string, { readonly id: string; readonly createdTs: number }>;
  readonly secretIn: (cookie: string | undefined) => string | null;
  readonly locked: boolean;
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
}

export const mountAccess = (app: Express, { role = "admin", wallet }: AccessOptions, around: Around): void => {
  const { now, sessions, secretIn, locked } = around;
  const principal = { person: locked ? 1 : null, key: null, name: "admin", role, scopes: null } as const;
  const since = now();
  let tokens: { id: string; name: string; scopes: string[]; createdTs: number; untilTs: number; usedTs: number | null }[] = [];
  const people = [
    { id: 1, name: "admin", role: "admin", wallet: null, password: true, totp: false, createdTs: since, disabledTs: null as number | null },
    { id: 2, name: "badge-17", role: "technician", wallet: null, password: true, totp: true, createdTs: since, disabledTs: null },
  ];
  let devices = [
    { name: "gateway-c1", topics: ["c1-*"], createdTs: since, rotatedTs: null as number | null, seenTs: since - 5_000, connected: true },
    { name: "meter-2", topics: ["shellies/meter-2/"], createdTs: since, rotatedTs: null, seenTs: null, connected: false },
  ];
  const lines: AuditLine[] = [];
  const audit = (who: string, what: string, detail: Readonly<Record<string, unknown>>): void => {
    const before = lines.at(-1);
    const prev = before === undefined ? NO_LINE : bytesToHex(sha256(utf8ToBytes(auditBytes(before))));
    lines.push({ n: lines.length + 1, prev, ts: now(), who, what, detail, address: "127.0.0.1" });
  };
  audit("rigtwin", "person-added", { name: "admin", role: "admin" });
  audit("admin", "device-added", { name: "gateway-c1", topics: ["c1-*"] });

  app.get(
    ROUTES.me,
    (_, response) =>
      void response.json({
        name: principal.name,
        role,
        rights: Object.keys(RIGHTS).filter((right) => may(principal, right, true)),
        wallet: wallet ?? null,
        totp: false,
        recoveryLeft: 0,
        local: !locked,
      }),
  );
  app.get(
    ROUTES.ownTwins,
    (_, response) => void response.json({ wallet: wallet ?? null, twins: wallet === undefined ? [] : [{ tokenId: 24, rig: "a-r1-24" }] }),
  );
  app.get(ROUTES.sessions, (request: Request, response) => {
    const own = secretIn(request.headers.cookie);
    response.json({
      sessions: [...sessions].map(([secret, { id, createdTs }]) => ({
        id,
        createdTs,
        seenTs: now(),
        untilTs: createdTs + 43_200_000,
        address: "127.0.0.1",
        agent: request.headers["user-agent"] ?? "",
        current: secret === own,
      })),
    });
  });
  app.delete(ROUTES.session, (request, response) => {
    for (const [secret, { id }] of sessions) if (id === request.params["id"]) sessions.delete(secret);
    response.status(204).end();
  });
  app.get(ROUTES.tokens, (_, response) => void response.json({ tokens }));
  app.post(ROUTES.tokens, (request, response) => {
    const { name, scopes, days } = request.body as { name: string; scopes: string[]; days: number };
    if (!/^[\w.-]{1,64}$/.test(name)) return around.refuse(response, "REQUEST_INVALID", "body.name is not a name");
    const token = { id: `t${tokens.length + 1}`, name, scopes, createdTs: now(), untilTs: now() + days * 86_400_000, usedTs: null };
    tokens = [...tokens, token];
    audit("admin", "token-added", { name, scopes, days });
    response.status(201).json({ ...token, secret: "rtw_bW9jayBzZWNyZXQgb2YgYSBtb2NrIHRva2Vu" });
  });
  app.delete(ROUTES.token, (request, response) => {
    tokens = tokens.filter(({ id }) => id !== request.params["id"]);
    response.status(204).end();
  });
  app.post(
    ROUTES.totp,
    (_, response) =>
      void response.json({
        secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        uri: "otpauth://totp/Rigtwin:admin?issuer=Rigtwin&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
      }),
  );
  app.patch(ROUTES.totp, (request, response) => {
    if ((request.body as { code: string }).code !== "123456")
      return around.refuse(response, "LOGIN_FAILED", "That is not the code the app shows now.");
    response.json({ recovery: Array.from({ length: 10 }, (_, i) => `abcd${"abcdefghij"[i] ?? ""}-fghij`) });
  });
  app.get(ROUTES.people, (_, response) => void response.json({ people }));
  app.patch(ROUTES.person, (request, response) => {
    const person = people.find(({ id }) => String(id) === request.params["person"]);
    if (person === undefined) return around.refuse(response, "NOT_FOUND");
    const { disabled } = request.body as { disabled?: boolean };
    if (disabled !== undefined) person.disabledTs = disabled ? now() : null;
    response.json(person);
  });
  app.get(ROUTES.devices, (_, response) => void response.json({ devices }));
  app.post(ROUTES.devices, (request, response) => {
    const { name, topics } = request.body as { name: string; topics: string[] };
    const device = { name, topics, createdTs: now(), rotatedTs: null, seenTs: null, connected: false };
    devices = [...devices, device];
    response.status(201).json({ ...device, password: "bW9jayBwYXNzd29yZCBvZiBhIG1vY2sgZGV2aWNl" });
  });
  app.get(ROUTES.audit, (_, response) => void response.json({ lines: lines.toReversed() }));
  app.get(
    ROUTES.auditExport,
    (_, response) => void response.type("text/plain").send(lines.map((line) => `${auditBytes(line)}\n`).join("")),
  );
};
