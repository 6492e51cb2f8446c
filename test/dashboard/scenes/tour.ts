/**
 * Every page of app.tsx, wide and on a phone, in both schemes, with every clock standing still: nothing is wider than the screen, axe
 * finds nothing, and it looks as it was approved. One page load for all of a size; the scheme is turned under the page.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { CDPSession, Page } from "playwright-core";
import { newOrder } from "../../../server/twin/orders/shapes.ts";
import { compared, halved, noteIn, readPng, writePng } from "../picture.ts";
import { until, type World } from "../world.ts";
import { violationsOn } from "./axe.ts";

const APPROVED = join(import.meta.dirname, "../approved");
const APPROVES = process.env["RIGTWIN_APPROVE"] === "yes";
/** 20 November 2026, ten in the morning (UTC). */
const STILL_TS = Date.UTC(2026, 10, 20, 10, 0, 0);
/** Of the pixels: what another version of Chromium draws otherwise at the edges of letters. A moved or missing line is more. */
const MOST_SHARE = 0.004;
const DRAWN_MS = 12_000;
/** Of a busy machine; approving waits for every page to stand still. */
const PATIENCE_MS = APPROVES ? 900_000 : 300_000;
/** Tall, so that what one scrolls to is looked at too. */
const SIZES = [
  { name: "1440", size: { width: 1_440, height: 1_000 } },
  { name: "390", size: { width: 390, height: 1_200 } },
] as const;
const SCHEMES = ["dark", "light"] as const;

/** An address for each route with a parameter, and further ones of pages that look otherwise with an address of their own. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "/rigs/:rig": "/rigs/a-r2-12",
  "/maintenance/:order": "/maintenance/WO-1",
  "/twin/:token": "/twin/24",
};
const MORE = ["/map?by=state", "/alarms?show=all", "/rigs/no-such-rig", "/nowhere"];

/** Every address to look at, by the routes of app.tsx: a new page is walked without being named here. */
export const addresses = (): string[] => {
  const app = readFileSync(join(import.meta.dirname, "../../../dashboard/app.tsx"), "utf8");
  const routes = [...app.matchAll(/(?:path=|useRoute\()"([^"]+)"/g)].map(([, path]) => path ?? "");
  return [...new Set(routes)].map((path) => {
    if (!path.includes(":")) return path;
    const example = EXAMPLES[path];
    if (example === undefined) throw new Error(`tour.ts has no example of ${path}`);
    return example;
  });
};
const fileOf = (address: string, size: string, scheme: string): string =>
  `${address === "/" ? "overview" : address.slice(1).replaceAll(/[^a-z0-9]+/gi, "-")}.${size}.${scheme}.png`;

/** Goes there within the page, as a link does. */
export const go = async (page: Page, address: string): Promise<void> => {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, address);
};
const isDrawn = async (page: Page, address: string): Promise<void> => {
  await page.locator("h1").first().waitFor({ state: "attached" });
  await until(`${address} is drawn`, async () => (await page.locator(".skeleton").count()) === 0);
};
const shot = async (line: CDPSession): Promise<Buffer> => {
  const { data } = await line.send("Page.captureScreenshot", { format: "png", optimizeForSpeed: true });
  return Buffer.from(data, "base64");
};

const hashOf = (png: Buffer): string => createHash("sha256").update(png).digest("base64url");
const smallOf = (png: Buffer) => halved(readPng(png));

let temporary: string | null = null;
/** Says where it put what differs. */
const tellDifference = (file: string, shown: Buffer, diff: Buffer | null = null): string => {
  temporary ??= mkdtempSync(join(tmpdir(), "rigtwin-pictures-"));
  const path = join(temporary, file);
  writeFileSync(path, shown);
  if (diff !== null) writeFileSync(path.replace(/png$/, "diff.png"), diff);
  return path;
};

/** The picture once two in a row are the same: charts and lazy parts come a moment after the words. */
const settled = async (line: CDPSession): Promise<Buffer> => {
  let before = await shot(line);
  for (const deadline = performance.now() + DRAWN_MS; performance.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const now = await shot(line);
    if (now.equals(before)) return now;
    before = now;
  }
  throw new Error("the page never stands still");
};

/** Pictures that differed; where many do, it is not for want of patience. */
let differed = 0;
const FEW = 3;
const SHORT_MS = 1_500;

/** null where the page looks as approved; otherwise why not, with the paths of the pictures. */
const unlike = async (line: CDPSession, file: string): Promise<string | null> => {
  const path = join(APPROVED, file);
  if (APPROVES) {
    mkdirSync(APPROVED, { recursive: true });
    const png = await settled(line);
    writeFileSync(path, writePng(smallOf(png), hashOf(png)));
    return null;
  }
  let approved: Buffer;
  try {
    approved = readFileSync(path);
  } catch {
    return `${file} was never approved: look at ${tellDifference(file, await settled(line))}, then npm run approve`;
  }
  const known = noteIn(approved);
  for (const deadline = performance.now() + (differed > FEW ? SHORT_MS : DRAWN_MS); ;) {
    const png = await shot(line);
    // Byte for byte what was approved: the same Chromium on the same fonts.
    if (hashOf(png) === known) return null;
    const { share, diff } = compared(smallOf(png), readPng(approved));
    if (share <= MOST_SHARE) return null;
    if (performance.now() > deadline) {
      differed += 1;
      return `${file} differs in ${(100 * share).toFixed(2)} % of its pixels (most ${100 * MOST_SHARE} %): ${tellDifference(file, png, writePng(diff))}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
};

const TABS = 15;
/** What is wrong with the way of the Tab key from the page's beginning: it must move on, and never to what cannot be seen. */
const keyboardFaults = async (page: Page, address: string): Promise<string[]> => {
  await page.evaluate(() => document.getElementById("main")?.focus());
  const way: string[] = [];
  for (let step = 0; step < TABS; step += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (element === null || element === document.body) return "";
      const all = [...document.querySelectorAll("*")];
      const shown = element.getClientRects().length > 0 ? "" : " unseen";
      return `${all.indexOf(element)} ${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.slice(0, 30) ?? ""}${shown}`;
    });
    // The last one leads out of the page.
    if (at === "" || at === way[0]) break;
    if (at.endsWith(" unseen")) return [`${address}: Tab reaches what cannot be seen: ${at}`];
    // A date has a stop for each of its fields.
    if (at === way.at(-1)) continue;
    if (way.includes(at)) return [`${address}: Tab comes back to ${at}`];
    way.push(at);
  }
  return [];
};

/** Looks at one page in both schemes and gives what is wrong with it. */
const look = async (page: Page, line: CDPSession, address: string, size: string): Promise<string[]> => {
  const wrong: string[] = [];
  if (APPROVES) process.stderr.write(`${address}, ${size} px\n`);
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme });
    // Whatever the scheme, the document is the same: all rules once, those that look at colours once more.
    const found = APPROVES ? [] : await violationsOn(page, scheme === "light" ? ["color-contrast"] : []);
    wrong.push(...found.map((violation) => `${address}, ${scheme}: ${violation}`));
    const picture = await unlike(line, fileOf(address, size, scheme));
    if (picture !== null) wrong.push(`${address}: ${picture}`);
  }
  if (size === "1440" && !APPROVES) wrong.push(...(await keyboardFaults(page, address)));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) wrong.push(`${address} is ${over} px wider than the screen`);
  return wrong;
};

export const tourScenes = (world: () => World): void => {
  for (const { name, size } of SIZES)
    test(
      `each, ${name} px wide: it fits, axe finds nothing, and it looks as approved`,
      async () => {
        const { page, complaints, mock } = await world().visit("/", { size, stillTs: STILL_TS });
        const line = await page.context().newCDPSession(page);
        await mock.work.flow.open(
          newOrder.parse({
            key: "key-tour-0001",
            by: "badge-04",
            title: "Fan 2 fails",
            kind: "part-replaced",
            corrective: true,
            rigs: ["a-r2-12"],
          }),
        );
        await mock.notes.flow.addComment({
          about: { of: "rig", rig: "a-r2-12" },
          text: "Fan 2 hums; @badge-21 please listen.",
          by: "badge-17",
        });
        await mock.notes.flow.addHandover({ shift: "night", text: "Container B runs warm; its filters come on Tuesday.", by: "badge-17" });
        const wrong: string[] = [];
        const [twins, inside] = [
          addresses().filter((each) => each.startsWith("/twin/")),
          addresses().filter((each) => !each.startsWith("/twin/")),
        ];
        for (const address of [...inside, ...MORE]) {
          await go(page, address);
          await isDrawn(page, address);
          wrong.push(...(await look(page, line, address, name)));
        }
        for (const address of twins) {
          await page.goto(mock.url + address);
          await isDrawn(page, address);
          wrong.push(...(await look(page, line, address, name)));
        }
        expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
        expect(wrong).toEqual([]);
      },
      PATIENCE_MS,
    );

  test(
    "the way in looks as approved",
    async () => {
      const wrong: string[] = [];
      for (const { name, size } of SIZES) {
        const { page } = await world().visit("/", { size, stillTs: STILL_TS, password: "open sesame" });
        await page.getByLabel("Password", { exact: true }).waitFor();
        const line = await page.context().newCDPSession(page);
        wrong.push(...(await look(page, line, "/login", name)));
      }
      expect(wrong).toEqual([]);
    },
    PATIENCE_MS,
  );
};
