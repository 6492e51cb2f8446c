/** Subscribers that stop reading: nobody waits for them, and what their sessions are owed is not lost. */
import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import { Aedes } from "aedes";
import mqtt, { type MqttClient } from "mqtt";
import { generate, parser, type Packet } from "mqtt-packet";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { createReaders, type Reader } from "../../server/edge/broker/readers.ts";
import { until } from "../servers/until.ts";

const LIMIT_MS = 10_000;
const BYTES = 60_000;
/** Far more than may wait for a reader and what the system holds for it. */
const MANY = 400;

const stops: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const start = async (retained: { topic: string; payload: Uint8Array }[] = []) => {
  const limits: string[] = [];
  const broker = createBroker({
    host: "127.0.0.1",
    port: 0,
    onMessage: (_, done) => setImmediate(done, null),
    retained: () => retained,
    onLimit: (what) => limits.push(what),
  });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  return { broker, port, limits };
};
const connect = async (port: number, clientId: string, clean = true): Promise<MqttClient> => {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, clean, reconnectPeriod: 0 });
  stops.push(() => client.endAsync(true));
  return client;
};
/** Subscribes and reads nothing after the SUBACK until it is told to. */
const deaf = async (port: number, clientId: string, filter: string, { qos = 0 as 0 | 1, clean = true } = {}) => {
  const socket = createConnection(port, "127.0.0.1");
  stops.push(() => void socket.destroy());
  socket.on("error", () => undefined);
  const packets: Packet[] = [];
  const reader = parser();
  const subscribed = new Promise<void>((resolve) => {
    reader.on("packet", (packet) => {
      packets.push(packet);
      if (packet.cmd === "connack") socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos }] }));
      if (packet.cmd !== "suback") return;
      socket.pause();
      resolve();
    });
  });
  socket.on("data", (data) => reader.parse(data));
  socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean, clientId, keepalive: 0 }));
  await subscribed;
  return { socket, packets };
};
const numbered = (i: number): Buffer => Buffer.alloc(BYTES, `${i} `.padEnd(8, "."));
const numberOf = (payload: string | Buffer): number => Number.parseInt(payload.toString(), 10);

test("one that stops reading holds up nobody, is sent away, and that is told once", async () => {
  const { port, limits } = await start();
  await deaf(port, "deaf", "heard");
  const loud = await connect(port, "loud");
  const other = await connect(port, "other");
  let acknowledged = 0;
  for (let i = 0; i < MANY; i++) loud.publish("heard", numbered(i), { qos: 1 }, () => (acknowledged += 1));
  await until(
    () => acknowledged === MANY,
    () => `all is acknowledged, not ${acknowledged} of ${MANY}`,
    LIMIT_MS,
  );
  await other.publishAsync("unheard", "1", { qos: 1 });
  await until(() => limits.length > 0, "it is sent away", LIMIT_MS);
  expect(limits).toEqual(["reader"]);
});

test("when one for whom thousands waited goes, what nobody hears goes on as before", async () => {
  const { broker, port } = await start();
  const { socket } = await deaf(port, "deaf", "heard");
  const others = await Promise.all(Array.from({ length: 10 }, (_, i) => connect(port, `other-${i}`)));
  const published = Promise.all(Array.from({ length: MANY }, (_, i) => broker.publish("heard", numbered(i))));
  const short = Promise.all(Array.from({ length: 2_000 }, () => broker.publish("heard", Buffer.from("short"))));
  let acknowledged = 0;
  for (const one of others) for (let i = 0; i < 1_000; i++) one.publish("unheard", String(i), { qos: 1 }, () => (acknowledged += 1));
  await until(() => acknowledged >= 5_000, "many are on their way", LIMIT_MS);
  socket.destroy();
  await until(
    () => acknowledged === 10_000,
    () => `all is acknowledged, not ${acknowledged}`,
    LIMIT_MS,
  );
  await Promise.all([published, short]);
});

test("a session that is sent away finds all that it had not acknowledged when it comes back, once each and in order", async () => {
  const { port, limits } = await start();
  await deaf(port, "session", "heard", { qos: 1, clean: false });
  const loud = await connect(port, "loud");
  await Promise.all(Array.from({ length: MANY }, (_, i) => loud.publishAsync("heard", numbered(i), { qos: 1 })));
  await until(() => limits.includes("reader"), "it is sent away", LIMIT_MS);
  const heard: number[] = [];
  const back = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId: "session", clean: false, reconnectPeriod: 0 });
  stops.push(() => back.endAsync(true));
  back.on("message", (_topic, payload) => heard.push(numberOf(payload)));
  await until(
    () => heard.length >= MANY,
    () => `all comes, not ${heard.length} of ${MANY}`,
    LIMIT_MS,
  );
  await loud.publishAsync("heard", numbered(MANY), { qos: 1 });
  await until(() => heard.length > MANY, "the next comes live", LIMIT_MS);
  expect(heard).toEqual(Array.from({ length: MANY + 1 }, (_, i) => i));
});

test("what is retained waits for who reads it slowly, however much it is", async () => {
  const { port, limits } = await start(Array.from({ length: MANY }, (_, i) => ({ topic: `kept/${i}`, payload: numbered(i) })));
  const { socket, packets } = await deaf(port, "slow", "kept/#");
  const quick = await connect(port, "quick");
  const rig = await connect(port, "rig");
  let came = 0;
  quick.on("message", () => (came += 1));
  await quick.subscribeAsync("kept/#");
  // What another has got in the meantime this one could have been given.
  await until(() => came === MANY, "the other has all", LIMIT_MS);
  await rig.publishAsync("kept/live", "not too much before it", { qos: 1 });
  socket.resume();
  const kept = (): Packet[] => packets.filter(({ cmd }) => cmd === "publish");
  await until(
    () => kept().length === MANY + 1,
    () => `all comes, not ${kept().length} of ${MANY}`,
    LIMIT_MS,
  );
  expect(limits).toEqual([]);
});

describe("in the library itself", () => {
  /** Some for whom a message waits each, and how often one was told to be too slow. */
  const waiting = async (drainTimeout: number, count = 1) => {
    const told: string[] = [];
    const aedes = await Aedes.createBroker({ drainTimeout, concurrency: 0 });
    stops.push(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
    const readers: Reader[] = [];
    const waitForNone = createReaders(() => told.push("too slow"));
    const server = createServer((socket: Socket) => {
      const reader = aedes.handle(socket) as unknown as Reader;
      waitForNone(reader);
      readers.push(reader);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(() => void server.close());
    for (let i = 0; i < count; i++) await deaf((server.address() as AddressInfo).port, `deaf-${i}`, "heard");
    const gone = once(aedes, "clientDisconnect");
    const publish = (payload: Buffer): void =>
      aedes.publish({ cmd: "publish", topic: "heard", payload, qos: 0, retain: false, dup: false }, () => undefined);
    for (let i = 0; readers.some((reader) => reader._pendingDrains.length === 0); i++) {
      publish(numbered(i));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual([]);
    return { readers, told, gone, publish };
  };

  test("one that reads nothing for too long is sent away before it has too much to wait for, and that is told once", async () => {
    const { told, gone } = await waiting(100);
    await gone;
    expect(told).toEqual(["too slow"]);
  });

  test("as one is for whom too many short messages wait", async () => {
    const { told, publish } = await waiting(60_000);
    // Half a megabyte, and twenty with what they take while they wait.
    for (let turn = 0; turn < 25; turn++) {
      for (let i = 0; i < 1_000; i++) publish(Buffer.from("short"));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual(["too slow"]);
  });

  test("what waits for all of them has a limit of its own: the one for whom most waits goes", async () => {
    const { readers, told, publish } = await waiting(60_000, 10);
    const most = (): number => Math.max(...readers.map(({ conn }) => (conn.destroyed ? 0 : conn.writableLength)));
    let before = 0;
    for (let i = 0; told.length === 0; i++) {
      before = most();
      publish(numbered(i));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual(["too slow"]);
    expect(before).toBeLessThan(12 << 20);
    expect(readers.filter(({ conn }) => conn.destroyed)).toHaveLength(1);
    expect(most()).toBeLessThanOrEqual(before + 2 * BYTES);
  });
});
