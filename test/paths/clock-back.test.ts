import { afterEach, expect, test } from "@jest/globals";
import type { Status } from "../../server/twin/api.ts";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { OWN, ROUTES } from "../../server/twin/wire.ts";
import { ownFolder } from "../servers/chain.ts";
import { createPublisher, type Publisher } from "../servers/device.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const HOUR_MS = 3_600_000;
const own = ownFolder("clock-back");
let server: Rigtwin | null = null;
let device: Publisher | null = null;
afterEach(async () => {
  device?.end();
  await server?.remove();
  own.remove();
});

test("a server whose clock was set back by an hour says so, takes what comes, and its time goes on", async () => {
  const aheadTs = Date.now() + HOUR_MS;
  const journal = createJournal({ folder: own.folder, now: () => aheadTs, groupMs: 0 });
  await journal.start();
  await journal.write(OWN.start, Buffer.from("{}"));
  await journal.stop();
  server = await startRigtwin({ dataDir: own.folder, site: "farm" });
  const status = (): Promise<Status> => (server as Rigtwin).get<Status>(ROUTES.status);
  const told = await status();
  expect(told.status).toBe("degraded");
  expect(told.ports["clock"]).toMatchObject({
    status: "away",
    detail: expect.stringMatching(/^It was set back: the journal's time is 3[56]\d\d s ahead/),
  });
  expect(told.ports["journal"]?.status).toBe("ok");
  const startTs = told.ingest.lastEntryTs ?? 0;
  expect(startTs).toBeGreaterThanOrEqual(aheadTs);
  device = createPublisher(server.mqttUrl, "device");
  let seq = 0;
  await until(async () => {
    seq += 1;
    await device?.send("farm", "rig", "b", seq, Date.now());
    return ((await status()).ingest.lastEntryTs ?? 0) > startTs + 200;
  }, "the journal's time goes on");
  await until(async () => (await status()).ingest.accepted === seq, "what came is taken");
});
