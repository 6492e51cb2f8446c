/**
 * The dashboard in a real Chromium, with a farm of 10,000 rigs of which 1,000 change every half second: how busy its main thread is on each
 * live page, its longest task, the frames it drops, whether its heap stays flat, and how soon the first figures stand there.
 * `--seconds N` of each page (20), `--minutes N` of the heap (3; 60 for the hour), `--rigs N` (10,000).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { startMock } from "../dashboard/mock/server.ts";
import { BUILT, busySeconds, droppedFrames, heapMb, openChromium, pause, watchTasks } from "./chromium.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";

const PAGES = ["/", "/map", "/rigs?sort=-hashrateThs", "/rigs/a-r2-12", "/alarms"] as const;
const SIZE = { width: 1_440, height: 900 };
const SETTLE_MS = 6_000;
const HEAP_MS = 10_000;
const FIRST_TURNS = 5;
const LIMITS = { busyPct: 15, taskMs: 100, droppedPct: 1, heapMb: 1, firstMs: 1_500, bytes: 260_000 };

/** Notes when the first figure of the overview was drawn. */
const FIRST = `
  const look = () => {
    const value = document.querySelector(".tile .tile-value");
    if (value === null || !/[0-9]/.test(value.textContent)) return requestAnimationFrame(look);
    requestAnimationFrame(() => { window.firstMs = performance.now(); });
  };
  requestAnimationFrame(look);
`;

const firstPicture = async (browser: Browser, url: string): Promise<{ readonly ms: number; readonly bytes: number }> => {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  await page.addInitScript(FIRST);
  await page.goto(url, { waitUntil: "commit" });
  const ms = await page
    .waitForFunction(() => (window as { firstMs?: number }).firstMs)
    .then((handle) => handle.jsonValue() as Promise<number>);
  const scripts = await page.evaluate(
    (until) =>
      performance
        .getEntriesByType("resource")
        .filter(({ startTime, name }) => startTime < until && name.endsWith(".js"))
        .map(({ name }) => new URL(name).pathname),
    ms,
  );
  await context.close();
  return { ms, bytes: scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(BUILT, path))).length, 0) };
};

export const run = async (emit: Emit): Promise<void> => {
  const rigs = optionOf("rigs", 10_000);
  const seconds = optionOf("seconds", 20);
  const minutes = optionOf("minutes", 3);
  const mock = await startMock({ rigs, now: Date.now, files: BUILT });
  const { browser, close } = await openChromium();
  try {
    const firsts = [];
    for (let turn = 0; turn < FIRST_TURNS; turn += 1) firsts.push(await firstPicture(browser, mock.url));
    const against = "the goal";
    const firstMs = firsts.map(({ ms }) => ms);
    emit(
      figure({
        bench: "first-picture",
        ours: median(firstMs),
        limit: LIMITS.firstMs,
        unit: "ms",
        against,
        most: Math.max(...firstMs),
        rigs,
      }),
    );
    emit(figure({ bench: "first-scripts", ours: firsts[0]?.bytes ?? 0, limit: LIMITS.bytes, unit: "bytes of gzip", against }));

    const context = await browser.newContext({ viewport: SIZE });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const line = await context.newCDPSession(page);
    for (const path of PAGES) {
      await page.goto(mock.url + path);
      await page.locator('.link-state[data-state="live"]').waitFor();
      await pause(SETTLE_MS);
      const longest = await watchTasks(page);
      const before = mock.acks();
      const busy = (await busySeconds(line, seconds)).map((share) => 100 * share);
      const framesPerS = (mock.acks() - before) / seconds;
      const taskMs = await longest();
      const dropped = 100 * (await droppedFrames(page, seconds));
      const common = { against, page: path, rigs, changesPerS: Math.round((framesPerS * rigs) / 10) };
      emit(
        figure({
          bench: "main-thread",
          ours: median(busy),
          limit: LIMITS.busyPct,
          unit: "% busy, median second",
          most: Math.max(...busy),
          ...common,
        }),
      );
      emit(
        figure({
          bench: "longest-task",
          ours: Math.max(taskMs, await longest()),
          limit: LIMITS.taskMs,
          unit: "ms (0: none of 50)",
          ...common,
        }),
      );
      emit(figure({ bench: "dropped-frames", ours: dropped, limit: LIMITS.droppedPct, unit: "% of the frames", ...common }));
    }

    await page.goto(mock.url);
    await page.locator('.link-state[data-state="live"]').waitFor();
    await pause(SETTLE_MS);
    const heaps: number[] = [];
    for (const deadline = Date.now() + minutes * 60_000; Date.now() < deadline;) {
      heaps.push(await heapMb(line));
      await pause(HEAP_MS);
    }
    const third = Math.ceil(heaps.length / 3);
    emit(
      figure({
        bench: "heap",
        ours: Math.max(0, median(heaps.slice(-third)) - median(heaps.slice(0, third))),
        limit: LIMITS.heapMb,
        unit: "MB more in the last third than in the first",
        against,
        minutes,
        first: heaps[0] ?? 0,
        last: heaps.at(-1) ?? 0,
      }),
    );
  } finally {
    await close();
    await mock.close();
  }
};
