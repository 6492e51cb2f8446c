/** A technician's hands in a real browser before the whole server: a record signed by a wallet, and a machine that takes another's place. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import type { TwinRecord } from "../../server/twin/record.ts";
import { signatureState } from "../../server/twin/signature.ts";
import type { SubstitutionLine } from "../../server/twin/substitution.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { pathTo } from "../servers/have.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const RIG = "rig-0001";
const OTHER = "rig-0002";
const technician = privateKeyToAccount(generatePrivateKey());
const stranger = privateKeyToAccount(generatePrivateKey());
let server: Rigtwin;
let browser: Browser;

interface Passport {
  readonly tokenUri: string | null;
  readonly records: readonly TwinRecord[];
  readonly substitution: SubstitutionLine;
}
const records = async (rig: string): Promise<TwinRecord[]> =>
  (await server.get<{ records: TwinRecord[] }>(pathOf(ROUTES.records, { rig }))).records;
const tokenOf = async (rig: string): Promise<number> => (await server.get<{ tokenId: number }>(pathOf(ROUTES.rig, { rig }))).tokenId;
const passportOf = (tokenId: number): Promise<Passport> => server.get<Passport>(pathOf(ROUTES.twin, { tokenId }));

/** A page with an EIP-6963 wallet: it says that it is `account`'s, and signs with `signer`'s key. */
const withWallet = async (account: PrivateKeyAccount, signer: PrivateKeyAccount, chainId: number | null): Promise<Page> => {
  const page = await browser.newPage();
  const known = chainId ?? (await server.get<{ chainId: number }>(ROUTES.chain)).chainId;
  await page.exposeFunction("askWallet", async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
    if (method === "eth_requestAccounts") return [account.address];
    if (method === "eth_chainId") return `0x${known.toString(16)}`;
    if (method === "eth_signTypedData_v4") {
      expect(params[0]).toBe(account.address);
      return signer.signTypedData(JSON.parse(String(params[1])) as Parameters<PrivateKeyAccount["signTypedData"]>[0]);
    }
    throw new Error(`${method} is refused`);
  });
  await page.addInitScript(() => {
    const { askWallet } = globalThis as unknown as { askWallet: (asked: object) => Promise<unknown> };
    const detail = { info: { uuid: "w1", name: "Test Wallet", rdns: "x", icon: "" }, provider: { request: askWallet } };
    window.addEventListener(
      "eip6963:requestProvider",
      () => void window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail })),
    );
  });
  await page.goto(`${server.url}/rigs/${RIG}`);
  await page.getByRole("button", { name: "Add a record" }).click();
  await page.getByLabel("What was done").selectOption("cleaning");
  await page.getByLabel("Technician").fill("badge-17");
  await page.getByLabel("Summary").fill("Filters blown out");
  return page;
};
const sign = (page: Page): Promise<void> => page.getByRole("button", { name: "Sign with Test Wallet and seal" }).click();

beforeAll(async () => {
  server = await startRigtwin({ rigs: 2 });
  browser = await chromium.launch({
    executablePath: pathTo("headless"),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  await until(async () => (await tokenOf(RIG)) > 0 && (await tokenOf(OTHER)) > 0, "both rigs have their tokens");
}, 90_000);
afterAll(async () => {
  await browser.close();
  await server.remove();
});

test("a key that is nobody's, another's signature and a wallet on another chain seal nothing and are told in a sentence", async () => {
  const before = (await records(RIG)).length;
  const unknown = await withWallet(technician, technician, null);
  await sign(unknown);
  await unknown.getByRole("alert").filter({ hasText: "not registered as a technician's key" }).waitFor();
  expect((await server.api(ROUTES.technicians, { address: technician.address, badge: "badge-17", isActive: true })).status).toBeLessThan(
    300,
  );
  const forged = await withWallet(technician, stranger, null);
  await sign(forged);
  await forged.getByRole("alert").filter({ hasText: "not this account's signature" }).waitFor();
  const elsewhere = await withWallet(technician, technician, 1);
  await sign(elsewhere);
  await elsewhere.getByRole("alert").filter({ hasText: "Test Wallet is on chain 1; the contract stands on chain" }).waitFor();
  expect(await records(RIG)).toHaveLength(before);
  for (const page of [unknown, forged, elsewhere]) await page.close();
}, 60_000);

test("a technician signs with a wallet; the rig's page and the public page say who signed, and what nobody signed", async () => {
  const page = await withWallet(technician, technician, null);
  await sign(page);
  await page.locator('.record .signed-by[data-state="signed"]', { hasText: "Signed by badge-17" }).waitFor();
  await page.locator('.record .signed-by[data-state="unsigned"]', { hasText: "written by the server itself" }).first().waitFor();
  const sealed = (await records(RIG)).at(-1) as TwinRecord;
  expect(signatureState(sealed.body, sealed.hash, sealed.signature)).toBe("signed");
  expect([sealed.body.signer, sealed.body.kind]).toEqual([technician.address.toLowerCase(), "cleaning"]);
  await page.goto(`${server.url}/twin/${await tokenOf(RIG)}`);
  await page.locator('.record .signed-by[data-state="signed"]', { hasText: "Signed by badge-17" }).waitFor();
  // A server that swaps the signature is found out by the reader's own browser.
  await page.route(/\/api\/v1\/twins\/\d+$/, async (route) => {
    const answer = await route.fetch();
    const told = (await answer.json()) as { records: { signature: { signature: string } | null }[] };
    for (const { signature } of told.records) if (signature !== null) signature.signature = `0x${"11".repeat(64)}1b`;
    await route.fulfill({ response: answer, json: told });
  });
  await page.reload();
  await page.locator('.record .signed-by[data-state="wrong"]', { hasText: "Signature wrong" }).waitFor();
  await page.close();
}, 60_000);

test("a machine takes another's place: asked twice, both books and the contract have it, and the pages lead to each other", async () => {
  const [old, successor] = [await tokenOf(RIG), await tokenOf(OTHER)];
  const page = await browser.newPage();
  await page.goto(`${server.url}/rigs/${RIG}`);
  await page.getByRole("button", { name: "Replaced by another" }).click();
  await page.getByLabel("Machine that takes its place").fill("rig-0404");
  await page.getByLabel("Technician").fill("badge-17");
  await page.getByRole("button", { name: "Record the replacement" }).click();
  await page.getByText("rig-0404 takes the place of rig-0001. Nobody can take that back.").waitFor();
  await page.getByRole("button", { name: "Yes, for good" }).click();
  await page.getByRole("alert").filter({ hasText: "rig-0404" }).waitFor();
  await page.getByLabel("Machine that takes its place").fill(OTHER);
  await page.getByRole("button", { name: "Record the replacement" }).click();
  await page.getByRole("button", { name: "Yes, for good" }).click();
  await page.getByText("Its place was taken by").waitFor();

  await until(async () => {
    const { tokenUri } = await passportOf(old);
    const json = Buffer.from((tokenUri ?? "").split(",")[1] ?? "", "base64").toString();
    return json.includes(`"Substituted by","value":${successor}`) || new RegExp(`Substituted by"[^}]*"value":"?${successor}\\b`).test(json);
  }, "the contract names the successor");
  await until(
    async () => (await records(RIG)).at(-1)?.status === "final" && (await records(OTHER)).at(-1)?.status === "final",
    "both records are final",
  );
  expect((await records(RIG)).at(-1)?.body).toMatchObject({
    kind: "retired",
    summary: expect.stringMatching(/^rig-0002 .*took its place/),
  });
  expect((await records(OTHER)).at(-1)?.body).toMatchObject({
    kind: "installation",
    summary: expect.stringContaining("took the place of rig-0001"),
  });
  expect((await passportOf(old)).substitution).toEqual({ by: { rig: OTHER, tokenId: successor }, of: [] });

  // For good: no second successor, none for the machine itself, and none that has ended.
  const path = pathOf(ROUTES.substitute, { rig: RIG });
  const told = { substitute: OTHER, performedTs: Date.now(), technician: "badge-17" };
  expect((await server.api(path, told)).status).toBe(201);
  expect((await server.api(pathOf(ROUTES.substitute, { rig: OTHER }), { ...told, substitute: OTHER })).status).toBe(400);
  expect((await server.api(pathOf(ROUTES.substitute, { rig: OTHER }), { ...told, substitute: RIG })).text).toContain(
    "does not serve any more",
  );
  expect((await server.api(pathOf(ROUTES.substitute, { rig: "rig-0404" }), told)).status).toBe(404);
  expect((await records(RIG)).filter(({ body }) => body.kind === "retired")).toHaveLength(1);

  await page.goto(`${server.url}/twin/${old}`);
  await page
    .locator(".substitution")
    .getByRole("link", { name: `rig-0002, token #${successor}` })
    .click();
  await page
    .locator(".substitution", { hasText: "It took the place of" })
    .getByRole("link", { name: `rig-0001, token #${old}` })
    .waitFor();
  expect(page.url()).toBe(`${server.url}/twin/${successor}`);
  await page.close();
  // It stands over a kill -9 and a start from the snapshot and the journal.
  await server.kill9();
  await server.restart();
  expect((await passportOf(successor)).substitution).toEqual({ by: null, of: [{ rig: RIG, tokenId: old }] });
}, 90_000);
