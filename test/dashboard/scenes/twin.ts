import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { FAR, PHONE, FILES, until, WIDE, type Visit, type VisitOptions, type World } from "../world.ts";
import { OTHER_KEY } from "../mock/signed.ts";
import { violationsInBoth } from "./axe.ts";

const PATH = "/twin/24";
const NODE = "Your node's address (JSON-RPC)";
const CONTRACT = "Contract you know (optional)";

const verdictOn = (page: Page): Promise<string> => page.locator(".judgement").innerText({ timeout: 30_000 });
const failedOn = (page: Page): Promise<string[]> => page.locator('.steps li[data-result="failed"]').allInnerTexts();
const openAll = async (page: Page): Promise<void> => {
  await page.locator(".step-day > summary").last().click();
  await page.locator(".step-day .step-day").first().waitFor();
  const closed = page.locator(".step-day:not([open]) > summary");
  while ((await closed.count()) > 0) await closed.first().click();
};

export const twinScenes = (world: () => World): void => {
  const open = async (
    options: VisitOptions = {},
  ): Promise<Visit & { readonly node: Awaited<ReturnType<Visit["mock"]["provenance"]["openNode"]>> }> => {
    const visit = await world().visit(PATH, { provenance: { days: 30, local: false }, ...options });
    return { ...visit, node: await visit.mock.provenance.openNode() };
  };
  const verify = async (page: Page, url: string, contract = ""): Promise<string> => {
    await page.getByLabel(NODE).fill(url);
    await page.getByLabel(CONTRACT).fill(contract);
    await page.getByRole("button", { name: /^Verify/ }).click();
    return verdictOn(page);
  };

  test("the passport is open to a stranger: who it is, whose, what it did, how sure that is", async () => {
    const { page, complaints } = await world().visit(PATH, { password: "open sesame" });
    await page.getByRole("heading", { level: 1, name: "Bitmain Antminer S21 #24" }).waitFor();
    await page.locator(".twin-figures").waitFor();
    for (const known of [
      "S21410851",
      "CB410851",
      "PS410851",
      "HB4108510",
      "0x9a2c4f6e8b0d1f3a5c7e9b1d3f5a7c9e0b2d4f61",
      "Registered",
      "In service",
      "Fan 3 stood still",
    ])
      await page.getByText(known).first().waitFor();
    const tiles = await page.locator(".twin-figures .tile-foot").allInnerTexts();
    expect(tiles).toHaveLength(6);
    for (const foot of tiles) expect(foot).toBe("Self-reported · sealed rows");
    expect(await page.locator(".twin-figures").innerText()).toMatch(/1 day without readings, 2 days with gaps/);
    const body = await page.locator("body").innerText();
    for (const secret of ["10.21.0", "02:4d:1a", "stratum"]) expect(body).not.toContain(secret);
    expect(await page.locator(".shell-nav").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("an honest history is verified through the reader's own node, every step, with chain, contract and block", async () => {
    const { page, node, complaints } = await open();
    const verdict = await verify(page, node.url, "0x5FbDB2315678afecb367f032d93F642f64180aa3");
    expect(verdict).toMatch(/^Verified\s+Every one of \d{3} steps passed, for 30 days\./);
    for (const said of [node.url, "8453 · Base", "0x5fbdb2315678afecb367f032d93f642f64180aa3", "21400190 (final)", "b7b7b7"])
      expect(verdict).toContain(said);
    expect(verdict).not.toContain("The contract is the one the farm names");
    expect(await page.locator('.steps li[data-result="failed"], .steps li[data-result="not-checked"]').count()).toBe(0);
    expect(await page.locator('.day-map i[data-result="passed"]').count()).toBe(30);
    await openAll(page);
    for (const said of [
      "What this page shows of the day is what was checked.",
      "The contract has this root and this manifest, as correction 1.",
      "The owner shown is the one the contract names.",
      "Token 24 stands for this machine's serial number.",
      "The contract has 5 of 5 records for this token.",
    ])
      await page.getByText(said).first().waitFor();
    expect(node.levers.asked).toBeGreaterThan(90);
    expect(complaints).toEqual([]);
  }, 60_000);

  test("a gateway's signatures are fetched and checked with the contract's key; another key and a changed line are found", async () => {
    const { page, mock, node, complaints } = await open({ provenance: { days: 5, signed: 2, local: false } });
    expect(await verify(page, node.url)).toMatch(/^Verified/);
    await openAll(page);
    await page.getByText("2880 readings signed by a gateway give these very rows.").waitFor();
    await page.getByText("Signed with the key that the contract lists for gateway gw-01.").waitFor();
    await page.getByText("The farm says that a gateway signed 2880 of 2880 readings; the signatures are not in this evidence.").waitFor();
    node.levers.gatewayKey = OTHER_KEY;
    expect(await verify(page, node.url)).toMatch(/^Does not hold: 1 step failed/);
    expect(await failedOn(page)).toEqual(["A signature is not that of the key which the contract lists for gateway gw-01."]);
    node.levers.gatewayKey = `0x${"00".repeat(32)}`;
    expect(await verify(page, node.url)).toMatch(/^Verified/);
    await openAll(page);
    await page.getByText("The contract lists no key for that time of gateway gw-01: whose signature it is, is the farm's word.").waitFor();
    mock.provenance.levers.changedLine = true;
    expect(await verify(page, node.url)).toMatch(/^Does not hold: 1 step failed/);
    expect(await failedOn(page)).toEqual(["A line does not stand in the batch that it is said to be of."]);
    // One not found is an answer, which the browser writes down all the same.
    expect(complaints).toEqual([]);
  }, 90_000);

  test("over plain http from another machine, where the browser has no crypto of its own, it is verified all the same", async () => {
    const { page, mock, node } = await open({ provenance: { days: 3, signed: 1, local: false } });
    const far = new URL(PATH, mock.url);
    far.hostname = FAR;
    await page.goto(far.href);
    await page.locator(".twin-figures").waitFor();
    expect(await page.evaluate(() => [isSecureContext, "subtle" in crypto])).toEqual([false, false]);
    expect(await verify(page, node.url)).toMatch(/^Verified/);
    await openAll(page);
    await page.getByText("2880 readings signed by a gateway give these very rows.").waitFor();
    expect(await page.getByRole("button", { name: /^Copy/ }).count()).toBe(0);
  }, 60_000);

  const LIES = [
    ["one changed figure in a row", "changedRow", "The rows do not give the root in the leaf."],
    ["a row left out", "droppedRow", "The rows are not the 288 five minutes of this day."],
    ["a day left out", "droppedDay", "Days are missing, or stand twice or out of order."],
    ["a day made anew to look better", "forged", "The contract has another root or another manifest."],
    ["better figures shown than proven", "boasted", "What this page shows of the day is not what was checked."],
  ] as const;
  test("a lie is found and named, each of its kind", async () => {
    const { page, mock, node } = await open();
    for (const [what, lever, sentence] of LIES) {
      mock.provenance.levers[lever] = true;
      await page.reload({ waitUntil: "commit" });
      await page.locator(".twin-figures").waitFor();
      const verdict = await verify(page, node.url);
      expect([what, verdict]).toEqual([what, expect.stringMatching(/^Does not hold: \d+ steps? failed/)]);
      expect(verdict).not.toContain("Verified");
      expect([what, await failedOn(page)]).toEqual([what, expect.arrayContaining([sentence])]);
      expect(await page.locator('.judgement[data-tone="passed"]').count()).toBe(0);
      mock.provenance.levers[lever] = false;
    }
  }, 90_000);

  test("another owner than the contract's is found", async () => {
    const { page, mock, node } = await open();
    mock.provenance.levers.owner = `0x${"ee".repeat(20)}`;
    await page.reload();
    await page.getByText(`0x${"ee".repeat(20)}`).waitFor();
    expect(await verify(page, node.url)).toMatch(/^Does not hold/);
    expect(await failedOn(page)).toContain("The contract names another owner: 0x9a2c4f6e8b0d1f3a5c7e9b1d3f5a7c9e0b2d4f61.");
  }, 60_000);

  test("another contract than the reader's, another chain, no contract at all: each in its own words", async () => {
    const { page, node } = await open();
    expect(await verify(page, node.url, `0x${"12".repeat(20)}`)).toMatch(/^Does not hold: 1 step failed/);
    expect(await failedOn(page)).toEqual([
      `It is for the contract 0x5fbdb2315678afecb367f032d93f642f64180aa3, not for 0x${"12".repeat(20)}.`,
    ]);
    node.levers.chainId = 1;
    expect(await verify(page, node.url)).toMatch(/^Does not hold/);
    expect(await failedOn(page)).toEqual(["The chain asked is number 1; the bundle is for 8453."]);
    node.levers.chainId = 8_453;
    node.levers.hasContract = false;
    expect(await verify(page, node.url)).toMatch(/^Does not hold/);
    expect(await failedOn(page)).toContain("There is no contract at 0x5fbdb2315678afecb367f032d93f642f64180aa3.");
  }, 60_000);

  test("a node that is away proves nothing and refutes nothing", async () => {
    const { page, node } = await open();
    await node.close();
    const verdict = await verify(page, node.url);
    expect(verdict).toMatch(/^Not verified: \d+ steps could not be done/);
    expect(await failedOn(page)).toEqual([]);
    await page.getByText(`The chain could not be asked: The node at ${node.url} does not answer, or not to pages.`).first().waitFor();
  }, 60_000);

  test("what is no node, no address or an address the page may not ask is refused in words", async () => {
    const { page, mock } = await open();
    const button = page.getByRole("button", { name: /^Verify/ });
    await button.click();
    await page.getByText("Enter the address of a node you trust, or choose your wallet.").waitFor();
    await page.getByLabel(NODE).fill("http://192.168.1.7:8545");
    await page.getByText("This page may ask https:// addresses, and http:// on your own machine only.").waitFor();
    await page.getByLabel(NODE).fill("my node");
    await page.getByText("This is not an address.").waitFor();
    await page.getByLabel(CONTRACT).fill("0x12");
    await page.getByText("A contract's address is 0x and 40 hex digits.").waitFor();
    expect(await page.locator(".judgement").count()).toBe(0);
    expect(await verify(page, mock.url)).toMatch(/^Not verified/);
    await page
      .getByText(/is no JSON-RPC node|does not answer/)
      .first()
      .waitFor();
  }, 60_000);

  test("on the farm's own chain all may pass, and it says that this proves nothing to outsiders", async () => {
    const { page } = await world().visit(PATH);
    await page.getByText("31337, run by this farm: proves nothing to outsiders").waitFor();
    await page.getByRole("button", { name: "Use the farm's own node" }).click();
    await page.getByText("This is the farm's own node").waitFor();
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    const verdict = await verdictOn(page);
    expect(verdict).toMatch(/^Every step passed, on the farm's own chain\s+The farm runs this chain/);
    expect(verdict).toContain("proves nothing to outsiders");
    expect(await page.locator('.judgement[data-tone="local"]').count()).toBe(1);
    expect(await page.locator('.judgement[data-tone="passed"]').count()).toBe(0);
  }, 60_000);

  test("a wallet that announces itself can be asked instead", async () => {
    const { page, node } = await open();
    await page.addInitScript((url: string) => {
      const provider = {
        request: async (asked: object) => {
          const response = await fetch(url, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...asked }),
          });
          const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
          if (error) throw Object.assign(new Error(error.message), error);
          return result;
        },
      };
      const announce = (): void =>
        void window.dispatchEvent(
          new CustomEvent("eip6963:announceProvider", {
            detail: { info: { uuid: "1", name: "Plain Wallet", rdns: "x", icon: "" }, provider },
          }),
        );
      window.addEventListener("eip6963:requestProvider", announce);
    }, node.url);
    await page.reload();
    await page.getByLabel("Plain Wallet").check();
    await page.getByText("Plain Wallet asks through the node that is set in it.").waitFor();
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    const verdict = await verdictOn(page);
    expect(verdict).toMatch(/^Verified/);
    expect(verdict).toContain("Plain Wallet");
  }, 60_000);

  test("a year is checked within ten seconds, shows how far it is, and can be stopped", async () => {
    const { page, node } = await open({ provenance: { days: 365, local: false } });
    await page.getByRole("button", { name: "1 year" }).click();
    await page.getByText("of 365 days sealed").waitFor({ timeout: 40_000 });
    node.levers.slowMs = 400;
    await page.getByLabel(NODE).fill(node.url);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.getByText(/Checking day \d+ of 365/).waitFor({ timeout: 30_000 });
    expect(await page.locator(".judgement").count()).toBe(0);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Stopped. Nothing was verified.").waitFor();
    const asked = node.levers.asked;
    node.levers.slowMs = 40;
    const began = Date.now();
    expect(await verify(page, node.url)).toMatch(/^Verified, .*\s+Every one of \d{4} steps passed, for 365 days\./);
    process.stderr.write(`a year in ${Date.now() - began} ms, ${node.levers.asked - asked} questions\n`);
  }, 120_000);

  test("days that wait for the chain keep the whole from being called verified", async () => {
    const { page, node } = await open({ provenance: { days: 10, unanchored: 2, local: false } });
    expect(await verify(page, node.url)).toMatch(/^Not verified: 2 steps could not be done/);
    expect(await page.getByText("The day is sealed by the farm and not yet on a chain.").count()).toBe(2);
  }, 60_000);

  test("no day yet: it says which will be the first, and when; an unknown token and a nonsense one say so; a failing server can be asked again", async () => {
    const { page, mock } = await world().visit(PATH, { provenance: { days: 0 } });
    await page.getByText("No day is sealed in this range").waitFor();
    await page.getByRole("button", { name: "1 year" }).click();
    await page.getByText("No day is sealed yet").waitFor();
    const today = new Date().toISOString().slice(0, 10);
    await page.getByText(`The first will be ${today}: it ends at midnight UTC, in `).waitFor();
    expect(await page.getByRole("button", { name: "Verify", exact: true }).count()).toBe(0);
    await page.getByText("What it does not prove").waitFor();
    for (const [path, says] of [
      ["/twin/999", "There is no token 999 here"],
      ["/twin/abc", "“abc” is no token's number"],
    ] as const) {
      await page.goto(mock.url + path);
      await page.locator(".empty strong", { hasText: says }).waitFor();
    }
    mock.provenance.levers.failing = true;
    await page.goto(mock.url + PATH);
    await page.getByText("STORE_UNAVAILABLE").waitFor();
    mock.provenance.levers.failing = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { level: 1, name: "Bitmain Antminer S21 #24" }).waitFor();
  });

  test("by keyboard alone: range, node, verify, a day's steps", async () => {
    const { page, node } = await open();
    await page.locator(".twin-figures").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the page");
    await page.getByLabel(NODE).focus();
    await page.keyboard.type(node.url);
    await page.keyboard.press("Enter");
    await verdictOn(page);
    await until("the outcome has the focus", () => page.evaluate(() => document.activeElement?.className === "outcome"));
    await page.locator(".step-day summary").last().focus();
    await page.keyboard.press("Enter");
    await until("the days are listed", async () => (await page.locator(".step-day .step-day").count()) === 30);
  }, 60_000);

  for (const [name, size] of [
    ["wide", WIDE],
    ["phone", PHONE],
  ] as const)
    test(`nothing that axe finds and nothing too wide in a verdict, ${name}`, async () => {
      const { page, mock, node } = await open({ size });
      await page.locator(".day-map, .twin-figures").first().waitFor();
      mock.provenance.levers.changedRow = true;
      await verify(page, node.url);
      await openAll(page);
      expect(await violationsInBoth(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    }, 90_000);

  test("the check is not loaded before it is wanted", async () => {
    const { page } = await open();
    await page.locator(".twin-figures").waitFor();
    const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    expect(loaded.filter((name) => /\/(prove|abi)[^/]*\.js/.test(name))).toEqual([]);
    expect(loaded.filter((name) => name.includes("socket.io"))).toEqual([]);
  });
};

const VERIFIER = pathToFileURL(join(FILES, "verify.html")).href;

export const verifierScenes = (world: () => World): void => {
  const open = async (options: VisitOptions = {}) => {
    const visit = await world().visit(PATH, { provenance: { days: 12, local: false }, ...options });
    const node = await visit.mock.provenance.openNode();
    const file = (value: unknown, name = "twin-24.json") => ({
      name,
      mimeType: "application/json",
      buffer: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
    });
    const asked: string[] = [];
    await visit.page.goto(VERIFIER);
    visit.page.on("request", (request) => asked.push(request.url()));
    const take = (value: unknown, name?: string) => visit.page.locator('input[type="file"]').setInputFiles(file(value, name));
    const bundle = () => visit.mock.provenance.bundle(0, Date.now());
    return { ...visit, node, take, bundle, asked };
  };
  const verify = async (page: Page, url: string): Promise<string> => {
    await page.getByLabel(NODE).fill(url);
    await page.getByRole("button", { name: /^Verify/ }).click();
    return verdictOn(page);
  };

  test("from a disk, without the farm: a bundle is verified, and nobody is asked but the reader's node", async () => {
    const { page, node, take, bundle, asked, complaints } = await open();
    await take(bundle());
    await page.getByText("Unchecked until every step below has passed.").waitFor();
    await page.getByText("S21410851").waitFor();
    const verdict = await verify(page, node.url);
    expect(verdict).toMatch(/^Verified, for the contract that the farm names\s+Every one of \d+ steps passed, for 12 days\./);
    expect(verdict).toContain("The contract is the one the farm names");
    expect(new Set(asked.filter((url) => !url.startsWith("blob:")))).toEqual(new Set([node.url]));
    expect(complaints).toEqual([]);
  }, 60_000);

  test("a bundle can be dropped on it", async () => {
    const { page, bundle } = await open();
    const data = await page.evaluateHandle((text: string) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "dropped.json", { type: "application/json" }));
      return transfer;
    }, JSON.stringify(bundle()));
    await page.dispatchEvent(".drop", "drop", { dataTransfer: data });
    await page.getByText("dropped.json").waitFor();
    await page.getByText("What the file says of itself").waitFor();
    expect(await page.getByRole("button", { name: "Verify" }).count()).toBe(1);
  });

  test("a tampered bundle fails, and so does one for another token", async () => {
    const { page, mock, node, take, bundle } = await open();
    mock.provenance.levers.changedRow = true;
    await take(bundle());
    expect(await verify(page, node.url)).toMatch(/^Does not hold/);
    expect(await failedOn(page)).toContain("The rows do not give the root in the leaf.");
    mock.provenance.levers.changedRow = false;
    await take(bundle());
    await page.getByLabel("Token you know (optional)").fill("25");
    expect(await verify(page, node.url)).toMatch(/^Does not hold: 1 step failed/);
    expect(await failedOn(page)).toEqual(["It is for token 24, not for 25."]);
  }, 60_000);

  test("what is no bundle is refused in a sentence, and nothing of it is shown", async () => {
    const { page, take, bundle } = await open();
    const whole = JSON.stringify(bundle());
    for (const [value, says] of [
      ["", "twin-24.json is empty."],
      ["%PDF-1.7 nonsense", "twin-24.json is not JSON, so it is no bundle."],
      [whole.slice(0, whole.length / 2), "twin-24.json is not JSON. Was it cut off while it was saved?"],
      ["[1,2,3]", "twin-24.json is JSON, but no bundle of a twin."],
      [{ context: "rigtwin/bundle/v1", days: [null] }, "twin-24.json is JSON, but no bundle of a twin."],
      ["null", "twin-24.json is JSON, but no bundle of a twin."],
    ] as const) {
      await take(value);
      await page.getByRole("alert").filter({ hasText: says }).waitFor();
      expect(await page.getByRole("button", { name: "Verify" }).count()).toBe(0);
    }
    await page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>('input[type="file"]');
      const file = new File([new Uint8Array(65 * 1_048_576)], "huge.json");
      const transfer = new DataTransfer();
      transfer.items.add(file);
      if (input !== null) {
        input.files = transfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
    await page.getByText("huge.json has 65 MB; a bundle has at most 64. Save one with fewer days.").waitFor();
  }, 60_000);

  test("a bundle of nonsense inside ends in a failed step, not in a broken page", async () => {
    const { page, node, take, complaints } = await open();
    await take({ context: "rigtwin/bundle/v1", days: [{}], chain: 7, identity: [], tokenId: { a: 1 }, madeTs: 1e300 });
    expect(await verify(page, node.url)).toMatch(/^Does not hold: 1 step failed/);
    expect((await failedOn(page))[0]).toMatch(/^This is not a bundle of a twin: /);
    expect(complaints).toEqual([]);
  }, 60_000);

  test("one file, no addresses in it to be fetched, and the fingerprint beside it is its own", async () => {
    const html = readFileSync(join(FILES, "verify.html"));
    const { createHash } = await import("node:crypto");
    const told = readFileSync(join(FILES, "verify.html.sha256.txt"), "utf8");
    expect(told).toBe(`${createHash("sha256").update(html).digest("hex")}  verify.html\n`);
    const text = html.toString();
    expect(text.match(/<(script|link|img|iframe)[^>]+(src|href)=/g)).toBeNull();
    const { page, mock } = await open();
    await page.goto(mock.url + PATH);
    await page.getByText(told.slice(0, 64)).waitFor();
    expect(await page.getByRole("link", { name: "Save the verifier" }).getAttribute("download")).toBe("rigtwin-verify.html");
  });

  test("nothing that axe finds", async () => {
    const { page, node, take, bundle } = await open({ size: PHONE });
    expect(await violationsInBoth(page)).toEqual([]);
    await take(bundle());
    await verify(page, node.url);
    expect(await violationsInBoth(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  }, 60_000);
};
