import { afterEach, expect, test } from "@jest/globals";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROUTES } from "../../server/twin/wire.ts";
import { runRigtwin, startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";

let server: Rigtwin;
afterEach(() => server.remove());

const SHOWN = /admin, password (\S+) \(shown this once\)/;
const filesIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });

test("the first start makes one admin with a password of chance, shows it once, and keeps it nowhere", async () => {
  server = await startRigtwin({ site: "first" });
  const password = SHOWN.exec(server.output())?.[1] ?? "";
  expect(password.length).toBeGreaterThanOrEqual(16);
  const logIn = (given: string): Promise<number> =>
    server.api(ROUTES.login, { name: "admin", password: given }).then(({ status }) => status);
  expect(await logIn(`${password}x`)).toBe(401);
  expect(await logIn(password)).toBeLessThan(300);

  await server.stop();
  expect(filesIn(server.dataDir).filter((path) => readFileSync(path).includes(password))).toEqual([]);
  await server.restart();
  expect(server.output()).not.toMatch(/password/i);
  expect(await logIn(password)).toBeLessThan(300);
});

test("a first start that ends half way has shown it, for no other start will", async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
  const dataDir = mkdtempSync(join(tmpdir(), "rigtwin-first-"));
  const { code, output } = await runRigtwin({ site: "first", dataDir, port: (taken.address() as AddressInfo).port });
  taken.close();
  expect([code, output]).toEqual([1, expect.stringMatching(/taken by another program/)]);
  server = await startRigtwin({ site: "first", dataDir });
  const login = { name: "admin", password: SHOWN.exec(output)?.[1] ?? "" };
  expect((await server.api(ROUTES.login, login)).status).toBeLessThan(300);
});
