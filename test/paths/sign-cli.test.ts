/** The technician's command as it is typed, against the whole server: a key is made, a record signed, and a stranger finds the signer in it. */
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Hex } from "../../server/twin/seal.ts";
import { signatureState } from "../../server/twin/signature.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const CLI = resolve(import.meta.dirname, "../../build/server/cli/sign.js");
const RIG = "rig-0001";
const own = ownFolder("sign");
const keyFile = join(own.folder, "badge-17.key");
let server: Rigtwin;
let signer: Hex;

const run = (...args: string[]): Promise<{ code: number; out: string }> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [CLI, ...args], (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, out: (stdout + stderr).trim() }),
    );
  });
const sign = (kind: string, badge: string, ...more: string[]) =>
  run(RIG, "--kind", kind, "--badge", badge, "--summary", "Board 0 hashed no more", "--key", keyFile, "--server", server.url, ...more);
const records = async (): Promise<TwinRecord[]> =>
  (await server.get<{ records: TwinRecord[] }>(pathOf(ROUTES.records, { rig: RIG }))).records;

beforeAll(async () => {
  server = await startRigtwin({ rigs: 1 });
  const made = await run("--new-key", keyFile);
  expect(made.code).toBe(0);
  signer = made.out as Hex;
  expect(signer).toMatch(/^0x[0-9a-f]{40}$/);
  await until(async () => (await records()).some(({ status }) => status === "final"), "the rig is on the chain");
});
afterAll(async () => {
  await server.remove();
  own.remove();
});

test("a key is only its owner's, and never overwritten", async () => {
  const before = readFileSync(keyFile, "utf8");
  if (process.platform !== "win32") expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(await run("--new-key", keyFile)).toMatchObject({ code: 1 });
  expect(readFileSync(keyFile, "utf8")).toBe(before);
});

test("nobody's key, another's badge, an unknown kind and a missing word are refused in a sentence, and nothing is sealed", async () => {
  expect(await sign("cleaning", "badge-17")).toEqual({ code: 1, out: expect.stringMatching(/^SIGNER_UNKNOWN: /) });
  expect((await server.api(ROUTES.technicians, { address: signer, badge: "badge-17", isActive: true })).status).toBeLessThan(300);
  expect(await sign("cleaning", "badge-18")).toEqual({ code: 1, out: expect.stringMatching(/^SIGNER_UNKNOWN: .*badge-17/) });
  expect(await sign("painted", "badge-17")).toEqual({ code: 1, out: expect.stringMatching(/^REQUEST_INVALID: .*kind/) });
  expect(await run(RIG, "--kind", "cleaning")).toEqual({ code: 1, out: expect.stringMatching(/^--badge is missing/) });
  expect(await records()).toHaveLength(1);
});

test("a part that was replaced is signed, comes onto the chain, and its signature is the technician's", async () => {
  const part = ["--part", "board:0:OLD-1:NEW-1", "--part", "psu:::PSU-2", "--at", "2026-11-20T14:30:00Z"];
  expect(await sign("part-replaced", "badge-17", ...part)).toMatchObject({ code: 0, out: expect.stringContaining(signer) });
  await until(async () => (await records()).at(-1)?.status === "final", "the record is final");
  const { body, hash, signature } = (await records()).at(-1) as TwinRecord;
  expect(body).toMatchObject({ kind: "part-replaced", technician: "badge-17", signer, performedTs: Date.UTC(2026, 10, 20, 14, 30) });
  expect(body.parts).toEqual([
    { part: "board", index: 0, oldSerial: "OLD-1", newSerial: "NEW-1" },
    { part: "psu", index: null, oldSerial: null, newSerial: "PSU-2" },
  ]);
  expect(signatureState(body, hash, signature)).toBe("signed");
});
