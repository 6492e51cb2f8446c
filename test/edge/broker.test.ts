import { createConnection, createServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import mqtt, { type MqttClient } from "mqtt";
import { generate } from "mqtt-packet";
import { createBroker } from "../../server/edge/broker/broker.ts";
import type { Message } from "../../server/twin/twin.ts";

type Done = (error: Error | null) => void;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const brokerWith = async (onMessage: (message: Message, done: Done) => void, retained: { topic: string; payload: Uint8Array }[] = []) => {
  const broker = createBroker({ host: "127.0.0.1", port: 0, onMessage, retained: () => retained });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  return { broker, url: `mqtt://127.0.0.1:${port}`, port };
};
const connect = async (url: string, clientId: string, reconnectPeriod = 0): Promise<MqttClient> => {
  const client = await mqtt.connectAsync(url, { clientId, reconnectPeriod });
  stops.push(() => client.endAsync(true));
  return client;
};

describe("embedded broker", () => {
  test("acknowledges a message only when it is told that the bytes are on disk, and in order", async () => {
    const held: { message: Message; done: Done }[] = [];
    const { url } = await brokerWith((message, done) => held.push({ message, done }));
    const client = await connect(url, "gw-1");
    const acknowledged: number[] = [];
    const both = [0, 1].map(async (i) => {
      await client.publishAsync("rigtwin/v1/farm/r1/telemetry", `{"i":${i}}`, { qos: 1 });
      acknowledged.push(i);
    });
    const until = async (reached: () => boolean): Promise<void> => {
      while (!reached()) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(() => held.length === 2);
    expect(held.map(({ message }) => Buffer.from(message.payload).toString())).toEqual(['{"i":0}', '{"i":1}']);
    expect(held[0]?.message).toMatchObject({ topic: "rigtwin/v1/farm/r1/telemetry", qos: 1, retain: false, client: "gw-1" });
    // A ping goes to the broker and back: it had every chance to acknowledge.
    await client.publishAsync("x", "", { qos: 0 });
    await connect(url, "gw-2");
    expect(acknowledged).toEqual([]);
    held[0]?.done(null);
    await both[0];
    expect(acknowledged).toEqual([0]);
    held[1]?.done(null);
    await Promise.all(both);
    expect(acknowledged).toEqual([0, 1]);
  });

  test("a message that could not be written is not acknowledged; the device sends it again", async () => {
    const came: Message[] = [];
    const { url } = await brokerWith((message, done) => {
      came.push(message);
      done(came.length === 1 ? new Error("disk full") : null);
    });
    const client = await connect(url, "gw-1", 20);
    await client.publishAsync("a/b", "precious", { qos: 1 });
    expect(came.map((message) => Buffer.from(message.payload).toString())).toEqual(["precious", "precious"]);
  });

  test("retained messages of before the restart are given to new subscribers", async () => {
    const { url } = await brokerWith((_, done) => done(null), [{ topic: "rigtwin/v1/farm/r1/birth", payload: Buffer.from("{}") }]);
    const client = await connect(url, "viewer");
    const got = new Promise<string>((resolve) => {
      client.on("message", (topic) => resolve(topic));
    });
    await client.subscribeAsync("rigtwin/v1/+/+/birth", { qos: 1 });
    expect(await got).toBe("rigtwin/v1/farm/r1/birth");
  });

  test("a Will goes the same way as a message", async () => {
    const came: Message[] = [];
    let arrived: () => void = () => undefined;
    const will = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { url } = await brokerWith((message, done) => {
      came.push(message);
      done(null);
      arrived();
    });
    const client = await mqtt.connectAsync(url, {
      clientId: "gw",
      reconnectPeriod: 0,
      will: { topic: "rigtwin/v1/farm/gw/state", payload: Buffer.from("lost"), qos: 1, retain: true },
    });
    client.stream.destroy();
    await will;
    expect(came[0]).toMatchObject({ topic: "rigtwin/v1/farm/gw/state", retain: true, client: "gw" });
    await client.endAsync(true);
  });

  test("a topic that no message may have costs its message alone: acknowledged, marked, and the connection stays", async () => {
    const came: Message[] = [];
    const { url } = await brokerWith((message, done) => {
      came.push(message);
      done(null);
    });
    const client = await connect(url, "odd");
    let closed = 0;
    client.on("close", () => (closed += 1));
    const deep = `a${"/a".repeat(150)}`;
    await client.publishAsync("$rigtwin/tick", "{}", { qos: 1, retain: true });
    await client.publishAsync(deep, "{}", { qos: 1, retain: true });
    await client.publishAsync(deep, "{}", { qos: 2 });
    await client.publishAsync(`a${"/a".repeat(99)}`, "as deep as may be", { qos: 1 });
    await client.publishAsync("a/b", "fine", { qos: 1 });
    expect(closed).toBe(0);
    expect(came.map(({ topic, retain }) => [topic, retain])).toEqual([
      ["?$rigtwin/tick", false],
      [`?${deep}`, false],
      [`?${deep}`, false],
      [`a${"/a".repeat(99)}`, false],
      ["a/b", false],
    ]);
  });

  test("a topic with a wildcard breaks the protocol: its connection is closed, and that is told", async () => {
    const told: string[] = [];
    const came: string[] = [];
    const broker = createBroker({
      host: "127.0.0.1",
      port: 0,
      onMessage: ({ topic }, done) => {
        came.push(topic);
        done(null);
      },
      retained: () => [],
      onBroken: (client, reason) => told.push(`${client}: ${reason}`),
    });
    const { port } = await broker.start();
    stops.push(() => broker.stop());
    const other = await connect(`mqtt://127.0.0.1:${port}`, "other");
    // mqtt.js does not send such a topic.
    const socket = createConnection(port, "127.0.0.1").resume();
    const closed = new Promise((resolve) => socket.once("close", () => resolve("closed")));
    socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: "wild", keepalive: 0 }));
    const publish = generate({ cmd: "publish", topic: "a/x/b", payload: "{}", qos: 1, messageId: 1, retain: false, dup: false });
    publish[publish.indexOf("x")] = "+".charCodeAt(0);
    socket.write(publish);
    expect(await closed).toBe("closed");
    await other.publishAsync("a/b", "fine", { qos: 1 });
    expect(came).toEqual(["a/b"]);
    expect(told).toEqual([expect.stringMatching(/^wild: .*PUBLISH/)]);
  });

  test("a taken port is told in a sentence", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", () => resolve()));
    stops.push(() => new Promise((resolve) => other.close(() => resolve(null))));
    const { port } = other.address() as { port: number };
    const broker = createBroker({ host: "127.0.0.1", port, onMessage: () => undefined, retained: () => [] });
    await expect(broker.start()).rejects.toMatchObject({ code: "PORT_IN_USE", detail: expect.stringContaining(String(port)) });
  });
});
