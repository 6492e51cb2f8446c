/** One browser and one build for all scenes; a mock server and a fresh page for each. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { startMock, type Mock, type MockOptions } from "./mock/server.ts";

const ROOT = join(import.meta.dirname, "../..");
export const FILES = join(ROOT, "build/dashboard");
const SOURCES = ["dashboard", "server/twin", "server/contracts/abi.generated.ts", "package-lock.json"];

const newest = (path: string): number => {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((most, name) => Math.max(most, newest(join(path, name))), 0);
};
const builtMs = (): number => {
  try {
    return statSync(join(FILES, "index.html")).mtimeMs;
  } catch {
    return 0;
  }
};
const build = (): void => {
  if (builtMs() > Math.max(...SOURCES.map((path) => newest(join(ROOT, path))))) return;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "-c", "dashboard/vite.config.ts"],
    {
      cwd: ROOT,
      encoding: "utf8",
      // Jest says "test", with which React would be built for development.
      env: { ...process.env, NODE_ENV: "production" },
    },
  );
  if (status !== 0) throw new Error(`the dashboard does not build:\n${stdout}\n${stderr}`);
};

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
  readonly size?: { readonly width: number; readonly height: number };
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

/** Builds what is stale and opens the browser. */
export const openWorld = async (): Promise<World> => {
  build();
  const profile = mkdtempSync(join(tmpdir(), "rigtwin-browser-"));
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: ARGS,
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });
  const files = join(profile, "dashboard");
  cpSync(FILES, files, { recursive: true });
  const open: { readonly mock: Mock; readonly context: BrowserContext }[] = [];
  return {
    files,
    async visit(path, { size = WIDE, scheme = "dark", ...options } = {}) {
      const mock = await startMock({ rigs: 288, now: Date.now, files, ...options });
      const context = await browser.newContext({ viewport: size, colorScheme: scheme, timezoneId: "UTC", acceptDownloads: true });
      open.push({ mock, context });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
      await page.goto(mock.url + path);
      await page.waitForSelector("h1");
      return { mock, page, complaints };
    },
    async leave() {
      for (const { mock, context } of open.splice(0)) {
        await context.close();
        await mock.close();
      }
    },
    async end() {
      await browser.close();
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
