import { createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Status } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { createPublisher, type Publisher } from "../servers/device.ts";
import { runRigtwin, startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

let first: Rigtwin;
let device: Publisher;
let seq = 0;
const other = mkdtempSync(join(tmpdir(), "rigtwin-other-"));
beforeAll(async () => {
  first = await startRigtwin();
  device = createPublisher(first.mqttUrl, "device");
});
afterAll(async () => {
  device.end();
  await first.remove();
  rmSync(other, { recursive: true, force: true });
});

const firstGoesOn = async (): Promise<void> => {
  seq += 1;
  await device.send("farm", "rig", "b", seq, Date.now());
  await until(async () => (await first.get<Status>(ROUTES.status)).ingest.accepted === seq, `reading ${seq} is folded`);
  expect((await first.get<{ status: string }>(ROUTES.health)).status).toBe("ok");
};

/** A sentence for people: no stack, no class names. */
const expectSentence = (output: string): void => {
  expect(output).not.toMatch(/^\s+at .*:\d+/m);
  expect(output).not.toMatch(/Error:|EADDRINUSE|SQLITE|undefined/);
};

describe("a second server", () => {
  test("on the same data folder says so and ends; the first goes on", async () => {
    const { code, output } = await runRigtwin({ dataDir: first.dataDir });
    expect(code).toBe(1);
    expect(output).toContain(`Another server is using the data folder ${first.dataDir}`);
    expect(output).toContain("--data-dir");
    expectSentence(output);
    await firstGoesOn();
  });

  test("on the first's port for the dashboard says which setting to change; the first goes on", async () => {
    const port = Number(new URL(first.url).port);
    const { code, output } = await runRigtwin({ dataDir: other, port });
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`port ${port}\\b.*is taken`, "i"));
    expect(output).toContain("--port");
    expectSentence(output);
    await firstGoesOn();
  });

  test("on the first's port for MQTT says which setting to change; the first goes on", async () => {
    const mqttPort = Number(new URL(first.mqttUrl).port);
    const { code, output } = await runRigtwin({ dataDir: other, mqttPort });
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`port ${mqttPort} for MQTT is taken`, "i"));
    expect(output).toContain("--mqtt-port");
    expectSentence(output);
    await firstGoesOn();
  });

  test("whose chain's port is taken says which setting to change", async () => {
    const holder = createServer();
    await new Promise<void>((done) => holder.listen(0, "127.0.0.1", done));
    const { port } = holder.address() as { port: number };
    const { code, output } = await runRigtwin({ dataDir: other, rpcPort: port });
    await new Promise((done) => holder.close(done));
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`port ${port}\\b.*is taken`, "i"));
    expect(output).toContain("--rpc-port");
    expectSentence(output);
  });

  test("with a folder of its own works beside the first, and lets everything go when it ends", async () => {
    const second = await startRigtwin({ dataDir: other });
    await firstGoesOn();
    await second.stop();
    const { code, output } = await runRigtwin({ dataDir: other, mqttPort: Number(new URL(first.mqttUrl).port) });
    expect(output).not.toContain("Another server");
    expect(code).toBe(1);
  });

  test("of wrong settings tells all of them at once and ends with code 2", async () => {
    const { code, output } = await runRigtwin({ dataDir: other, port: 70_000, rigs: -1, site: "a b" });
    expect(code).toBe(2);
    for (const flag of ["--port", "--rigs", "--site"]) expect(output).toContain(flag);
    expectSentence(output);
  });
});
