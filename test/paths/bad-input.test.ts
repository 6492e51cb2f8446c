import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import * as api from "../../server/twin/api.ts";
import type { Code } from "../../server/twin/refusal.ts";
import { pathOf, ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher, readingOf, type Publisher } from "../servers/device.ts";
import { journalOf } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "strict";
const DAY_MS = 86_400_000;

type Refusals = z.infer<typeof api.refusals>;
type Twin = z.infer<typeof api.twin>;

let server: Rigtwin;
let good: Publisher;
let bad: Publisher;
let seq = 0;
beforeAll(async () => {
  server = await startRigtwin({ site: SITE });
  good = createPublisher(server.mqttUrl, "good");
  bad = createPublisher(server.mqttUrl, "bad");
});
afterAll(async () => {
  good.end();
  bad.end();
  await server.remove();
});

const refusals = (): Promise<Refusals> => server.get<Refusals>(`${ROUTES.refusals}?limit=1000`);
const refusalOf = async (topic: string): Promise<Refusals["refusals"][number]> => {
  let found: Refusals["refusals"][number] | undefined;
  await until(
    async () => {
      found = api.refusals.parse(await refusals()).refusals.find((one) => one.topic === topic.slice(0, 200));
      return found !== undefined;
    },
    `${topic.slice(0, 80)} is among the refusals`,
  );
  return found as Refusals["refusals"][number];
};
/** Says the next reading of the good rig and waits until its twin shows it. */
const goodGoesOn = async (): Promise<void> => {
  seq += 1;
  await good.send(SITE, "good", "b", seq, Date.now());
  await until(
    async () => (await server.get<Twin>(pathOf(ROUTES.rig, { rig: "good" }))).lastSeq === seq,
    `the good rig's reading ${seq} is folded`,
  );
};

const telemetry = (rig: string): string => topicOf(SITE, rig, "telemetry");
const reading = (change: (reading: Record<string, unknown> & { m: Record<string, unknown> }) => void): string => {
  const made = readingOf("b", 1, Date.now()) as Record<string, unknown> & { m: Record<string, unknown> };
  change(made);
  return JSON.stringify(made);
};
const plain = (): string => reading(() => undefined);

const BAD: readonly (readonly [what: string, code: Code, topic: string, payload: () => string | Uint8Array, says: RegExp])[] = [
  ["JSON that breaks off", "PAYLOAD_NOT_JSON", telemetry("broken"), () => plain().slice(0, 40), /JSON|Unexpected|Unterminated|Expected/],
  ["bytes that are not UTF-8", "PAYLOAD_NOT_UTF8", telemetry("bytes"), () => Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), /UTF-8/],
  ["a compressed payload", "PAYLOAD_NOT_UTF8", telemetry("zipped"), () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), /UTF-8/],
  ["an empty payload", "PAYLOAD_NOT_JSON", telemetry("empty"), () => "", /empty/],
  ["a list instead of an object", "PAYLOAD_INVALID", telemetry("list"), () => "[1,2,3]", /object/],
  ["text where a number belongs", "PAYLOAD_INVALID", telemetry("text"), () => reading((one) => (one.m["powerW"] = "3000")), /m\.powerW/],
  [
    "a reading without measurements",
    "PAYLOAD_INVALID",
    telemetry("without"),
    () => reading((one) => delete (one as { m?: unknown }).m),
    /m/,
  ],
  ["a sequence number below 0", "PAYLOAD_INVALID", telemetry("minus"), () => reading((one) => (one["seq"] = -1)), /seq/],
  ["boards that are no list", "PAYLOAD_INVALID", telemetry("boards"), () => reading((one) => (one.m["boards"] = { 0: {} })), /m\.boards/],
  ["NaN", "NUMBER_NOT_FINITE", telemetry("nan"), () => plain().replace('"powerW":3001', '"powerW":NaN'), /NaN/],
  [
    "a number beyond all numbers",
    "NUMBER_NOT_FINITE",
    telemetry("huge"),
    () => plain().replace('"powerW":3001', '"powerW":1e999'),
    /powerW/,
  ],
  ["another version", "VERSION_UNKNOWN", telemetry("version"), () => reading((one) => (one["v"] = 2)), /2/],
  ["a clock an hour ahead", "CLOCK_IN_FUTURE", telemetry("ahead"), () => reading((one) => (one["ts"] = Date.now() + 3_600_000)), /ahead/],
  [
    "a clock in seconds",
    "CLOCK_IMPLAUSIBLE",
    telemetry("seconds"),
    () => reading((one) => (one["ts"] = Math.floor(Date.now() / 1_000))),
    /milliseconds/,
  ],
  ["a megabyte", "PAYLOAD_TOO_LARGE", telemetry("large"), () => Buffer.alloc(1 << 20, 0x20), /262144/],
  ["another site", "TOPIC_UNKNOWN", topicOf("elsewhere", "rig", "telemetry"), plain, /elsewhere/],
  ["another channel", "TOPIC_UNKNOWN", `rigtwin/v1/${SITE}/rig/gossip`, plain, /gossip/],
  ["another root", "TOPIC_UNKNOWN", "tele/rig/SENSOR", plain, /tele/],
  ["a topic of 90 levels", "TOPIC_UNKNOWN", `rigtwin/v1/${"x/".repeat(87)}x`, plain, /No format/],
  ["a name with a space", "TOPIC_INVALID", `rigtwin/v1/${SITE}/rig 7/telemetry`, plain, /rig 7/],
  ["a name with a newline", "TOPIC_INVALID", `rigtwin/v1/${SITE}/rig\n7/telemetry`, plain, /name/],
  ["a name of nothing", "TOPIC_INVALID", `rigtwin/v1/${SITE}//telemetry`, plain, /name/],
  ["a name that climbs", "TOPIC_INVALID", `rigtwin/v1/${SITE}/../telemetry`, plain, /name/],
  [
    "answers of no known machine",
    "ANSWERS_UNRECOGNISED",
    topicOf(SITE, "odd", "answers"),
    () => JSON.stringify({ v: 1, ts: Date.now(), seq: 1, boot: "b", answers: { hello: { world: 1 } } }),
    /./,
  ],
  [
    "a state that is none",
    "PAYLOAD_INVALID",
    topicOf(SITE, "state", "state"),
    () => JSON.stringify({ v: 1, ts: Date.now(), state: "fine" }),
    /state/,
  ],
  [
    "energy without a meter's figure",
    "PAYLOAD_INVALID",
    topicOf(SITE, "meter", "energy"),
    () => JSON.stringify({ v: 1, ts: Date.now(), seq: 1, boot: "b", m: {} }),
    /meteredW/,
  ],
];

const published = new Map<string, Buffer>();

describe("a bad message costs itself alone", () => {
  test.each(BAD)("%s is refused with %s", async (_what, code, topic, payload, says) => {
    const before = (await refusals()).total;
    const bytes = Buffer.from(payload());
    published.set(topic, bytes);
    // A PUBACK also for nonsense: it is in the journal, and a device that never got one would send it for ever.
    await bad.publish(topic, bytes);
    const refused = await refusalOf(topic);
    expect(refused).toMatchObject({ code, detail: expect.stringMatching(says) });
    expect(refused.sample).toBe(bytes.subarray(0, 200).toString());
    expect((await refusals()).total).toBe(before + 1);
    await goodGoesOn();
  });

  test("none of them made a rig, and all of them are counted by their code", async () => {
    const told = await refusals();
    for (const code of new Set(BAD.map(([, one]) => one))) expect(told.byCode[code]).toBe(BAD.filter(([, one]) => one === code).length);
    expect(told.total).toBe(BAD.length);
    const { rigs } = await server.get<{ rigs: { rig: string }[] }>(ROUTES.rigs);
    expect(rigs.map(({ rig }) => rig)).toEqual(["good"]);
    const twin = await server.get<Twin>(pathOf(ROUTES.rig, { rig: "good" }));
    expect(twin.counts).toMatchObject({ readings: BAD.length, duplicates: 0, missed: 0 });
    const metrics = await server.api(ROUTES.metrics);
    expect(metrics.text).toMatch(/CLOCK_IN_FUTURE/);
  });

  test("numbers of the right type that cannot be true become null with a quality; the rest of the reading counts", async () => {
    await bad.publish(
      telemetry("doubtful"),
      reading((one) => {
        one.m["boardC"] = -273;
        one.m["hashrateThs"] = 1e12;
      }),
    );
    await until(async () => (await server.api(pathOf(ROUTES.rig, { rig: "doubtful" }))).status === 200, "the rig is there");
    const twin = await server.get<Twin>(pathOf(ROUTES.rig, { rig: "doubtful" }));
    expect(twin.latest).toMatchObject({ boardC: null, hashrateThs: null, chipC: 71 });
    expect(Object.keys(twin.quality).toSorted()).toEqual(["boardC", "hashrateThs"]);
  });

  test("a clock that is days behind is believed, and does not push aside what is newer", async () => {
    const nowTs = Date.now();
    await bad.send(SITE, "behind", "b", 2, nowTs);
    await bad.send(SITE, "behind", "b", 1, nowTs - 3 * DAY_MS);
    await until(async () => (await server.get<Twin>(pathOf(ROUTES.rig, { rig: "behind" }))).counts.readings === 2, "both are folded");
    expect(await server.get<Twin>(pathOf(ROUTES.rig, { rig: "behind" }))).toMatchObject({
      lastDeviceTs: nowTs,
      lastSeq: 2,
      counts: { late: 1 },
    });
  });

  test("an empty retained message takes a retained one back and is no refusal", async () => {
    const before = (await refusals()).total;
    await bad.publish(topicOf(SITE, "good", "state"), JSON.stringify({ v: 1, ts: Date.now(), state: "online" }), { retain: true });
    await bad.publish(topicOf(SITE, "good", "state"), "", { retain: true });
    await goodGoesOn();
    expect((await refusals()).total).toBe(before);
  });

  test("broken MQTT closes that connection only", async () => {
    const port = Number(new URL(server.mqttUrl).port);
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(64, 0xff), Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])]) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      await new Promise((done) => socket.once("connect", done));
      socket.write(bytes);
      await goodGoesOn();
      socket.destroy();
    }
    expect(good.closed()).toBe(0);
    expect((await server.get<{ status: string }>(ROUTES.health)).status).toBe("ok");
  });

  test.each([
    ["a topic that is the server's own", "$rigtwin/record"],
    ["a topic of 300 levels", `rigtwin/v1/${"x/".repeat(297)}x`],
  ])("%s costs its message alone: acknowledged, refused under another name, shown, and no connection is closed", async (_what, topic) => {
    const liar = createPublisher(server.mqttUrl, "odd");
    await liar.publish(topic, plain());
    await goodGoesOn();
    expect(liar.closed()).toBe(0);
    liar.end();
    expect(good.closed()).toBe(0);
    const { refusals: lines } = await refusals();
    expect(lines.find((line) => line.topic === `?${topic}`.slice(0, 200))).toMatchObject({ code: "TOPIC_INVALID" });
  });

  test.each([["a topic with a wildcard", `rigtwin/v1/${SITE}/+/telemetry`]])(
    "%s is never taken: its sender's connection is closed, the others' stay",
    async (_what, topic) => {
      const liar = createPublisher(server.mqttUrl, "liar");
      const told = liar.publish(topic, plain()).then(
        () => "acknowledged",
        () => "given up",
      );
      await until(() => liar.closed() >= 2, "it was turned away twice");
      await goodGoesOn();
      liar.end();
      expect(await told).toBe("given up");
      expect(good.closed()).toBe(0);
    },
  );

  test("the journal has what was refused, byte for byte, and nothing of what was turned away", async () => {
    await server.stop();
    const entries = await journalOf(server.dataDir);
    expect(entries.filter(({ client }) => client === "liar")).toEqual([]);
    for (const [topic, bytes] of published)
      expect(Buffer.from(entries.find((entry) => entry.topic === topic)?.payload ?? [])).toEqual(bytes);
  });
});
