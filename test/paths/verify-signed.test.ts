/** From readings that a gateway signed to a stranger's verdict on the saved bundle: in the terminal, and in the saved page in a browser. */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { chromium, type Browser } from "playwright-core";
import type { Bundle } from "../../server/twin/bundle.ts";
import { OWN } from "../../server/twin/wire.ts";
import { messages } from "../../simulators/messages.ts";
import { gatewayName } from "../../simulators/plant/layout.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { publicKeyOf, signedMessages } from "../../simulators/signing.ts";
import { ownFolder } from "../servers/chain.ts";
import { pathTo } from "../servers/have.ts";
import { at, openBench, type Bench } from "./day-bench.ts";

const BUILT = resolve(import.meta.dirname, "../../build");
const CLI = join(BUILT, "server/cli/verify.js");
const PAGE = join(BUILT, "dashboard/verify.html");
const SEED = 5;
let bench: Bench;
let browser: Browser;
let own: ReturnType<typeof ownFolder>;
let bundle: Bundle;

beforeAll(async () => {
  if (!existsSync(CLI) || !existsSync(PAGE)) throw new Error("the verifier is not built: node server/prepare.mjs");
  own = ownFolder("signed");
  bench = await openBench();
  bench.to(at(0, 12));
  const act = { what: "gateway-key", gateway: gatewayName(0), publicKey: publicKeyOf(SEED, 0), fromTs: at(0, 0), toTs: null, by: "test" };
  bench.enter(OWN.act, new TextEncoder().encode(JSON.stringify(act)));
  const said = messages({
    seed: SEED,
    rigs: 2,
    site: "farm",
    scenario: loadScenario("calm-day"),
    fromTs: at(0, 12),
    toTs: at(0, 12.5),
    intervalMs: 60_000,
  });
  for (const { ts, topic, payload } of signedMessages(said, { site: "farm", seed: SEED, boot: "g" })) {
    bench.to(ts);
    bench.enter(topic, payload);
  }
  await bench.settle();
  bench.to(at(1, 1));
  await bench.settle();
  bundle = await bench.bundle(1, at(0, 0), at(1, 0), true);
  browser = await chromium.launch({
    executablePath: pathTo("headless"),
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    env: { ...process.env, HOME: own.folder },
  });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await bench?.close();
  own?.remove();
});

const fileOf = (value: Bundle): string => {
  const path = join(own.folder, "twin.json");
  writeFileSync(path, JSON.stringify(value));
  return path;
};
/** Not synchronous: the node that is asked lives in this process. */
const inTerminal = (path: string): Promise<{ code: number; out: string }> =>
  new Promise((done) => {
    const child = execFile(
      process.execPath,
      [CLI, path, "--rpc", bench.rpcUrl(), "--contract", bundle.chain.contract, "--token", "1"],
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, out: stdout + stderr }),
    );
  });
const inBrowser = async (path: string): Promise<{ verdict: string; failed: string[] }> => {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(PAGE).href);
  await page.locator('input[type="file"]').setInputFiles(path);
  await page.getByLabel("Your node's address (JSON-RPC)").fill(bench.rpcUrl());
  await page.getByRole("button", { name: /^Verify/ }).click();
  const verdict = await page.locator(".judgement").innerText({ timeout: 60_000 });
  const failed = await page.locator('.steps li[data-result="failed"]').allInnerTexts();
  await page.close();
  return { verdict, failed };
};

test("a day of signed readings is verified from the saved bundle alone, in both", async () => {
  expect(bench.errors).toEqual([]);
  expect(bundle.signed?.[0]?.threads?.[0]?.lines.length).toBeGreaterThan(25);
  const path = fileOf(bundle);
  const { code, out } = await inTerminal(path);
  expect(out).toContain("signed by a gateway give these very rows");
  expect([code, out.includes("VERIFIED: every step passed")]).toEqual([0, true]);
  expect(await inBrowser(path)).toMatchObject({
    failed: [],
    verdict: expect.stringMatching(/^Every step passed, on the farm's own chain/),
  });
}, 120_000);

const TAMPERED: readonly [string, (copy: Bundle) => void, string][] = [
  [
    "a digit of a signed line",
    (copy) => {
      const lines = copy.signed?.[0]?.threads?.[0]?.lines;
      lines?.splice(
        3,
        1,
        (lines[3] ?? "").replace(/[0-9]]$/, (last) => `${(Number(last[0]) + 1) % 10}]`),
      );
    },
    "A row of lines does not lead to the batch that it is said to lead to.",
  ],
  [
    "a digit of a row",
    (copy) => {
      const row = copy.days[0]?.rows.find(({ n }) => n > 0);
      if (row !== undefined) row.boardMaxDc = (row.boardMaxDc ?? 0) + 1;
    },
    "The rows do not give the root in the leaf.",
  ],
  [
    "a digit of the proof of the place in the tree",
    (copy) => {
      const tree = copy.days[0]?.tree;
      const [first = ""] = tree?.proof ?? [];
      tree?.proof.splice(0, 1, `${first.slice(0, -1)}${first.endsWith("0") ? "1" : "0"}`);
    },
    "The proof does not lead from the leaf to the day's root.",
  ],
  ["a proof cut short", (copy) => void copy.days[0]?.tree?.proof.pop(), "The proof does not lead from the leaf to the day's root."],
];
test.each(TAMPERED)(
  "%s fails in both, with the same sentence",
  async (_name, tamper, says) => {
    const copy = structuredClone(bundle);
    tamper(copy);
    expect(copy).not.toEqual(bundle);
    const path = fileOf(copy);
    const { code, out } = await inTerminal(path);
    expect([code, out.includes(says)]).toEqual([1, true]);
    const { verdict, failed } = await inBrowser(path);
    expect(verdict).toMatch(/^Does not hold/);
    expect(failed.some((line) => line.includes(says))).toBe(true);
  },
  120_000,
);
