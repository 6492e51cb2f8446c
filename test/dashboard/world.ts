/** One browser for all scenes of a file, on the build that built.mjs brings up to date; a mock server and a fresh page for each. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { pathTo, type Program } from "../servers/have.ts";
import { startMock, type Mock, type MockOptions } from "./mock/server.ts";

const ROOT = join(import.meta.dirname, "../..");
export const FILES = join(ROOT, "build/dashboard");
/** A name that a browser does not take for its own machine: over plain http it is no secure context. */
export const FAR = "farm.example";
const ARGS = [
  `--host-resolver-rules=MAP ${FAR} 127.0.0.1`,
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const WIDE = { width: 1_440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface Visit {
  readonly mock: Mock;
  readonly page: Page;
  /** What the page complained about in its console, and what it threw. */
  readonly complaints: readonly string[];
}
export interface VisitOptions extends Partial<MockOptions> {
  /** Holds every clock still at this time (ms UTC): the mock's, the page's and its monotonic one. */
  readonly stillTs?: number;
  readonly size?: { readonly width: number; readonly height: number };
  /** In a browser of its own that has service workers and shows notifications. */
  readonly workers?: boolean;
  readonly scheme?: "dark" | "light";
}
export interface World {
  /** The build the scenes run on: a copy, so that another build meanwhile does not pull it away. */
  readonly files: string;
  readonly visit: (path: string, options?: VisitOptions) => Promise<Visit>;
  /** Ends the visits of the scene. */
  readonly leave: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Time stands still in the page; timers go on, so that it still draws. */
const holdClocks = (ts: number): void => {
  const Real = Date;
  class Still extends Real {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [ts] : given) as [number]));
    }
    static override now(): number {
      return ts;
    }
  }
  globalThis.Date = Still as DateConstructor;
  performance.now = () => 1_000;
};

const launch = (program: Program, profile: string): Promise<Browser> =>
  chromium.launch({
    executablePath: pathTo(program),
    headless: true,
    args: ARGS,
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });

/** Opens the browser. */
export const openWorld = async (): Promise<World> => {
  const profile = mkdtempSync(join(tmpdir(), "rigtwin-browser-"));
  const browser = await launch("headless", profile);
  let whole: Promise<Browser> | null = null;
  const files = join(profile, "dashboard");
  cpSync(FILES, files, { recursive: true });
  const contextOf = async (workers = false): Promise<BrowserContext> => {
    const of = workers ? await (whole ??= launch("chromium", profile)) : browser;
    return of.newContext({ timezoneId: "UTC", acceptDownloads: true, serviceWorkers: workers ? "allow" : "block" });
  };
  // One address for all scenes: what the browser compiled for the one, it has for the next.
  const shared = await contextOf();
  let port = 0;
  const open: { readonly mock: Mock; readonly page: Page }[] = [];
  return {
    files,
    async visit(path, { size = WIDE, scheme = "dark", stillTs, workers = false, ...options } = {}) {
      const isAlone = open.length === 0 && !workers;
      const now = stillTs === undefined ? Date.now : (): number => stillTs;
      const mock = await startMock({ rigs: 288, now, files, port: isAlone ? port : 0, ...options });
      if (isAlone) port = Number(new URL(mock.url).port);
      const page = await (isAlone ? shared : await contextOf(workers)).newPage();
      open.push({ mock, page });
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      if (stillTs !== undefined) await page.addInitScript(holdClocks, stillTs);
      const complaints: string[] = [];
      page.on("console", (message) => {
        const isBlocked = message.text().includes("Service Worker registration blocked");
        if ((message.type() === "error" || message.type() === "warning") && !isBlocked) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
      await page.goto(mock.url + path, { waitUntil: "commit" });
      await page.waitForSelector("h1");
      return { mock, page, complaints };
    },
    async leave() {
      for (const { mock, page } of open.splice(0)) {
        if (page.context() === shared) {
          if (page.url().startsWith("http")) await page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
          await page.close();
          await shared.clearCookies();
        } else await page.context().close();
        await mock.close();
      }
    },
    async end() {
      await browser.close();
      await (await whole)?.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
};

/** Polls until `holds` gives true; says `what` did not happen otherwise. */
export const until = async (what: string, holds: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
export const isLive = (page: Page): Promise<void> => page.locator('.link-state[data-state="live"]').waitFor();
