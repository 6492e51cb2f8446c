/**
 * Takes COUNT messages from a broker while they are published and prints one JSON line. Arguments: mode url clientId count warm folder.
 * The first WARM of them are not measured: what runs for months is not judged by the second in which V8 compiles it.
 * bare: mqtt.js as it comes, counts and acknowledges. journal: our client, PUBACK after the journal's fsync.
 * whole: the same, and every reading parsed, folded, digested and committed by the embedded store. Prints "ready" when it is subscribed.
 */
import mqtt from "mqtt";
import { createJournal } from "../../server/edge/journal/journal.ts";
import { createMqtt } from "../../server/edge/mqtt/client.ts";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { systemClock } from "../../server/edge/clock.ts";
import { createSeries } from "../../server/flows/series.ts";
import { createTelemetry } from "../../server/flows/telemetry.ts";

const [mode = "", url = "", clientId = "", countText = "0", warmText = "0", folder = ""] = process.argv.slice(2);
const count = Number(countText);
const warm = Number(warmText);
const TOPICS = ["rigtwin/v1/farm/+/+"];
const SESSION = {
  protocolVersion: 5 as const,
  clientId,
  clean: false,
  properties: { sessionExpiryInterval: 3_600, receiveMaximum: 4_000 },
};

let firstTs = 0n;
let cpuAtFirst = process.cpuUsage();
let got = 0;
let allGot: () => void = () => undefined;
const all = new Promise<void>((resolve) => {
  allGot = resolve;
});
const counted = (): void => {
  if (got === warm) {
    firstTs = process.hrtime.bigint();
    cpuAtFirst = process.cpuUsage();
  }
  got += 1;
  if (got === count) allGot();
};

const print = (extra: object = {}): void => {
  const seconds = Number(process.hrtime.bigint() - firstTs) / 1e9;
  const cpu = process.cpuUsage(cpuAtFirst);
  console.log(
    JSON.stringify({
      mode,
      perS: (count - warm) / seconds,
      cpuS: (cpu.user + cpu.system) / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1_024,
      ...extra,
    }),
  );
};

const bare = async (): Promise<void> => {
  const client = await mqtt.connectAsync(url, SESSION);
  client.on("message", counted);
  await client.subscribeAsync(TOPICS, { qos: 1 });
  console.log("ready");
  await all;
  print();
  await client.endAsync();
};

let setSubscribed: () => void = () => undefined;
const ours = async (whole: boolean): Promise<void> => {
  const journal = createJournal({ folder, now: Date.now });
  await journal.start();
  const store = createDuckStore({ file: `${folder}/series.duckdb` });
  const telemetry = createTelemetry({
    site: "farm",
    version: "bench",
    clock: systemClock,
    write: journal.write,
    read: journal.read,
    subscribe: journal.subscribe,
    loadSnapshot: () => null,
    saveSnapshot: () => Promise.resolve(),
    snapshotMs: 3_600_000,
    onError: (what, error) => console.error(what, error),
    ...(whole ? { rows: () => series.rows() } : {}),
  });
  const series = createSeries({
    site: "farm",
    clock: systemClock,
    write: store.write,
    cursor: store.cursor,
    read: journal.read,
    headPos: () => journal.head().pos,
    rewind: store.rewind,
    modelOf: () => null,
    onRejected: (points) => console.error(points),
    onHealth: (away) => (away === null ? undefined : console.error(away)),
  });
  if (whole) {
    await store.start();
    await series.start();
    telemetry.tell((_out, _farm, batch) => series.take(batch));
    await telemetry.start();
  }
  const subscribed = new Promise<void>((resolve) => {
    setSubscribed = resolve;
  });
  const client = createMqtt({
    url,
    clientId,
    topics: TOPICS,
    onMessage: (message, done) =>
      journal.append(message, (error) => {
        done(error);
        if (error === null) counted();
      }),
    onHealth: (away) => (away === null ? setSubscribed() : undefined),
  });
  client.start();
  await subscribed;
  console.log("ready");
  await all;
  if (whole) while (series.storedPos() < journal.head().pos - 1) await new Promise((resolve) => setTimeout(resolve, 5));
  print(whole ? { folded: telemetry.farm().accepted } : {});
  await client.stop();
  if (whole) {
    await telemetry.stop();
    await series.stop();
    await store.stop();
  }
  await journal.stop();
};

if (mode === "bare") await bare();
else {
  // As the server runs; the bare one is as mqtt.js comes.
  await import("../../server/v8.ts");
  await ours(mode === "whole");
}
process.exit(0);
