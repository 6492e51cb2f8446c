/**
 * From a reading on the wire to the figure in the window: the built server under 1,000 messages a second, a real Chromium that shows one
 * rig's row, and that rig's readings, each with a figure of its own. A reading whose figure was overtaken within a frame counts as shown with
 * the one that overtook it. `--seconds N` (60), `--rigs N` (10,000) at `--interval N` s (10).
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { connectAsync } from "mqtt";
import { startRigtwin } from "../servers/rigtwin.ts";
import { openChromium, pause } from "./chromium.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";

const LIMIT_MS = 1_000;
/** Until the new rigs have their tokens: a farm enters ten thousand of them once. */
const WARM_UP_MS = 90_000;
const PROBE_MS = 130;
/** Figures are shown with one digit after the point. */
const figureOf = (k: number): string => (100 + k / 10).toFixed(1);

interface Ingest {
  readonly ingest: { readonly accepted: number };
}

export const run = async (emit: Emit): Promise<void> => {
  const seconds = optionOf("seconds", 60);
  const rigs = optionOf("rigs", 10_000);
  const interval = optionOf("interval", 10);
  const server = await startRigtwin({ rigs: 0 });
  const program = fileURLToPath(new URL("../../simulators/main.js", import.meta.url));
  const flags = { url: server.mqttUrl, site: "farm", rigs, interval: `${interval}s`, scenario: "calm-day" };
  const farm = spawn(process.execPath, [program, ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const { browser, close } = await openChromium();
  try {
    const client = await connectAsync(server.mqttUrl, { protocolVersion: 4 });
    const send = (k: number): Promise<unknown> => {
      const payload = JSON.stringify({
        v: 1,
        ts: Date.now(),
        seq: k,
        boot: "probe",
        m: { mode: "mining", hashrateThs: Number(figureOf(k)), powerW: 3_000 },
      });
      return client.publishAsync("rigtwin/v1/farm/zz-probe/telemetry", payload, { qos: 1 });
    };
    await send(0);
    await pause(WARM_UP_MS);
    const page = await (await browser.newContext({ viewport: { width: 1_440, height: 900 } })).newPage();
    await page.goto(`${server.url}/rigs?q=zz-probe`);
    await page.locator(".rig-row", { hasText: "zz-probe" }).waitFor();
    await page.evaluate(() => {
      const shown: [string, number][] = [];
      Object.assign(window, { shown });
      let before = "";
      const look = (): void => {
        const text = document.querySelector(".rig-row")?.textContent ?? "";
        if (text !== before) {
          before = text;
          // The frame after the one that paints it.
          requestAnimationFrame(() => shown.push([text, performance.timeOrigin + performance.now()]));
        }
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    const before = await server.get<Ingest>("/api/v1/status");
    const sentMs: number[] = [];
    const beganMs = Date.now();
    for (let k = 1; Date.now() < beganMs + seconds * 1_000; k += 1) {
      sentMs[k] = performance.timeOrigin + performance.now();
      await send(k);
      await pause(Math.max(0, beganMs + k * PROBE_MS - Date.now()));
    }
    const after = await server.get<Ingest>("/api/v1/status");
    const perS = (after.ingest.accepted - before.ingest.accepted) / ((Date.now() - beganMs) / 1_000);
    await pause(3_000);
    const shown = await page.evaluate(() => (window as unknown as { shown: [string, number][] }).shown);
    const ms: number[] = [];
    let k = 1;
    for (const [text, atMs] of shown) {
      let last = k;
      while (last < sentMs.length && !text.includes(figureOf(last))) last += 1;
      if (last === sentMs.length) continue;
      for (; k <= last; k += 1) ms.push(atMs - (sentMs[k] ?? 0));
    }
    const sorted = ms.toSorted((a, b) => a - b);
    emit(
      figure({
        bench: "wire-to-pixel",
        ours: sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Number.NaN,
        limit: LIMIT_MS,
        unit: "ms p99",
        against: "the goal",
        p50: median(ms),
        most: sorted.at(-1) ?? Number.NaN,
        readings: ms.length,
        sent: sentMs.length - 1,
        messagesPerS: perS,
        rigs,
      }),
    );
    await client.endAsync(true);
  } finally {
    await close();
    farm.kill("SIGKILL");
    await server.remove();
  }
};
