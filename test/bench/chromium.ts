/** A real Chromium for the benches, and what it says of its own main thread. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type CDPSession, type Page } from "playwright-core";

/** The build that the benches look at. */
export const BUILT = join(import.meta.dirname, "../../dashboard");

export const openChromium = async (): Promise<{ readonly browser: Browser; readonly close: () => Promise<void> }> => {
  const profile = mkdtempSync(join(tmpdir(), "rigtwin-browser-"));
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const metricsOf = async (line: CDPSession): Promise<Readonly<Record<string, number>>> => {
  const { metrics } = await line.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
};

/**
 * Share of each second, 0 to 1, in which the page's main thread was at work, for so many seconds: by the CPU time it used, so that others on
 * the machine do not count as its own work.
 */
export const busySeconds = async (line: CDPSession, seconds: number): Promise<number[]> => {
  await line.send("Performance.disable");
  await line.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy: number[] = [];
  let before = await metricsOf(line);
  while (busy.length < seconds) {
    await pause(1_000);
    const now = await metricsOf(line);
    busy.push(((now["TaskDuration"] ?? 0) - (before["TaskDuration"] ?? 0)) / ((now["Timestamp"] ?? 0) - (before["Timestamp"] ?? 0)));
    before = now;
  }
  return busy;
};

/** The heap that is left after a collection, MB. */
export const heapMb = async (line: CDPSession): Promise<number> => {
  // what it counts time by can only be changed while it is off
  await line.send("Performance.disable");
  await line.send("Performance.enable");
  await line.send("HeapProfiler.collectGarbage");
  return ((await metricsOf(line))["JSHeapUsedSize"] ?? 0) / 1_048_576;
};

/** Begins to note tasks of 50 ms and more; `take` gives the longest since the last call, ms. */
export const watchTasks = async (page: Page): Promise<() => Promise<number>> => {
  await page.evaluate(() => {
    const state = window as unknown as { longest: number };
    state.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) state.longest = Math.max(state.longest, duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  return () =>
    page.evaluate(() => {
      const state = window as unknown as { longest: number };
      const { longest } = state;
      state.longest = 0;
      return longest;
    });
};

/** Share of the frames, 0 to 1, that were not drawn in so many seconds of a page that wants every frame (60 a second). */
export const droppedFrames = (page: Page, seconds: number): Promise<number> =>
  page.evaluate(
    (ms) =>
      new Promise<number>((done) => {
        const frameMs = 1_000 / 60;
        let first = 0;
        let before = 0;
        let dropped = 0;
        const step = (at: number): void => {
          if (first === 0) first = at;
          else dropped += Math.max(0, Math.round((at - before) / frameMs) - 1);
          before = at;
          if (at - first >= ms) done(dropped / ((at - first) / frameMs));
          else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    seconds * 1_000,
  );
