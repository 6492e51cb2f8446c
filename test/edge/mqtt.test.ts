import { once } from "node:events";
import { createServer, Socket, type AddressInfo } from "node:net";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { generate, parser } from "mqtt-packet";
import mqtt, { type MqttClient } from "mqtt";
import { createMqtt } from "../../server/edge/mqtt/client.ts";
import type { Message } from "../../server/twin/twin.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startMosquitto } from "../servers/mosquitto.ts";

type Done = (error: Error | null) => void;
interface Held {
  readonly text: string;
  readonly dup: boolean;
  readonly done: Done;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const until = async (reached: () => boolean, what: string): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error(`waited 20 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const broker = async () => {
  const started = await startMosquitto(pathTo("mosquitto"));
  stops.push(started.stop);
  return started;
};
const ingest = (
  url: string,
  onMessage: (message: Message, done: Done) => void,
  more: { share?: string; unshared?: string[]; clientId?: string; receiveMaximum?: number } = {},
) => {
  const health: (string | null)[] = [];
  const client = createMqtt({
    url,
    clientId: "rigtwin-test",
    topics: ["rigtwin/v1/farm/+/+"],
    onMessage,
    onHealth: (away) => health.push(away),
    ...more,
  });
  client.start();
  stops.push(() => client.stop());
  return { client, health };
};
const publisher = async (url: string): Promise<MqttClient> => {
  const client = await mqtt.connectAsync(url, { clientId: "publisher" });
  stops.push(() => client.endAsync(true));
  return client;
};
const publish = (client: MqttClient, text: string): Promise<unknown> =>
  client.publishAsync("rigtwin/v1/farm/r1/telemetry", text, { qos: 1 });

const V5 = { protocolVersion: 5 };

/** A broker that lets anybody in and, once subscribed to, sends all of `count` messages at once, whatever it was asked. */
const overzealousBroker = async (count: number) => {
  const acknowledged: number[] = [];
  const sockets: Socket[] = [];
  const serve = (socket: Socket): void => {
    sockets.push(socket);
    const reader = parser(V5);
    reader.on("packet", (packet) => {
      if (packet.cmd === "connect") socket.write(generate({ cmd: "connack", reasonCode: 0, sessionPresent: false }, V5));
      if (packet.cmd === "puback") acknowledged.push(packet.messageId ?? 0);
      if (packet.cmd !== "subscribe") return;
      socket.write(generate({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [1] }, V5));
      const message = { cmd: "publish" as const, topic: "rigtwin/v1/farm/r1/telemetry", qos: 1 as const, dup: false, retain: false };
      const packets = Array.from({ length: count }, (_, i) => generate({ ...message, messageId: i + 1, payload: String(i) }, V5));
      socket.write(Buffer.concat(packets));
    });
    socket.on("data", (data) => reader.parse(data));
    socket.on("error", () => undefined);
  };
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, acknowledged, sockets };
};

describe("a broker that sends more than our receive maximum", () => {
  test("is not read on until some of it is acknowledged, and loses nothing", async () => {
    const { url, acknowledged } = await overzealousBroker(1_000);
    const held: Held[] = [];
    ingest(url, (message, done) => held.push({ text: Buffer.from(message.payload).toString(), dup: message.dup, done }), {
      receiveMaximum: 300,
    });
    await until(() => held.length > 300, "the first message too many");
    // All thousand are here, in one buffer: were it read on, they would be in these turns.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(held).toHaveLength(301);
    for (const { done } of held.slice(0, 300)) done(null);
    await until(() => held.length === 601, "as many again");
    let settled = 300;
    await until(() => {
      for (; settled < held.length; settled++) held[settled]?.done(null);
      return acknowledged.length === 1_000;
    }, "all of them");
    expect(held.map(({ text }) => text)).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    expect(acknowledged).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  test("that goes away meanwhile sends all of it again", async () => {
    const { url, acknowledged, sockets } = await overzealousBroker(1_000);
    const held: Held[] = [];
    ingest(url, (message, done) => held.push({ text: Buffer.from(message.payload).toString(), dup: message.dup, done }), {
      receiveMaximum: 300,
    });
    await until(() => held.length === 301, "the first message too many");
    sockets[0]?.destroy();
    await until(() => held.length === 602, "the same again on the next connection");
    for (const { done } of held.slice(0, 301)) done(null);
    let settled = 301;
    await until(() => {
      for (; settled < held.length; settled++) held[settled]?.done(null);
      return acknowledged.length === 1_000;
    }, "all of them");
    expect(held.slice(301).map(({ text }) => text)).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    expect(acknowledged).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  test("hears of the first of a large group at once, before whoever reads the group has his turn", async () => {
    const { url, acknowledged } = await overzealousBroker(300);
    const held: Held[] = [];
    ingest(url, (message, done) => held.push({ text: Buffer.from(message.payload).toString(), dup: message.dup, done }));
    await until(() => held.length === 300, "all messages");
    const write = jest.spyOn(Socket.prototype, "write");
    for (const { done } of held) done(null);
    const bytes = write.mock.calls.map(([data]) => data.length);
    write.mockRestore();
    expect(bytes).toEqual([4 * 256]);
    await until(() => acknowledged.length === 300, "all PUBACKs");
    expect(acknowledged).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  });
});

needs("mosquitto")("the outside broker's ingest", () => {
  test("mqtt.js goes on without a PUBACK, many messages at a time, and ours go out in order after the commit", async () => {
    const { url } = await broker();
    const held: Held[] = [];
    const { health } = ingest(
      url,
      (message, done) => held.push({ text: Buffer.from(message.payload).toString(), dup: message.dup, done }),
      { receiveMaximum: 300 },
    );
    await until(() => health.includes(null), "the subscription");
    const client = await publisher(url);
    await Promise.all(Array.from({ length: 500 }, (_, i) => publish(client, String(i))));
    // Mosquitto keeps no more than our receive maximum in flight: with nothing acknowledged, exactly that many come.
    await until(() => held.length === 300, "300 messages in flight");
    await publisher(url).then((other) => publish(other, "a round trip later"));
    expect(held).toHaveLength(300);
    for (const { done } of held) done(null);
    await until(() => held.length === 501, "the rest after the acknowledgements");
    expect(held.slice(0, 500).map(({ text }) => text)).toEqual(Array.from({ length: 500 }, (_, i) => String(i)));
    expect(held.every(({ dup }) => !dup)).toBe(true);
  });

  test("what was not acknowledged comes again on the next connection, what was does not", async () => {
    const { url } = await broker();
    const first: Held[] = [];
    const one = ingest(url, (message, done) => first.push({ text: Buffer.from(message.payload).toString(), dup: message.dup, done }));
    await until(() => one.health.includes(null), "the subscription");
    const client = await publisher(url);
    await Promise.all(["a", "b", "c"].map((text) => publish(client, text)));
    await until(() => first.length === 3, "three messages");
    first[0]?.done(null);
    // The broker sends its next message only after it has read what we sent before: "d" proves that the PUBACK of "a" arrived.
    await publish(client, "d");
    await until(() => first.length === 4, "the fourth message");
    await one.client.stop();
    const second: string[] = [];
    ingest(url, (message, done) => {
      second.push(Buffer.from(message.payload).toString());
      done(null);
    });
    await until(() => second.length >= 3, "the rest again");
    expect(second).toEqual(["b", "c", "d"]);
  });

  test("a failed write drops the connection, and the message comes again", async () => {
    const { url } = await broker();
    const came: { text: string; dup: boolean }[] = [];
    const { health } = ingest(url, (message, done) => {
      came.push({ text: Buffer.from(message.payload).toString(), dup: message.dup });
      done(came.length === 1 ? new Error("disk full") : null);
    });
    await until(() => health.includes(null), "the subscription");
    await publish(await publisher(url), "precious");
    await until(() => came.length === 2, "the message again");
    expect(came).toEqual([
      { text: "precious", dup: false },
      { text: "precious", dup: true },
    ]);
  });

  test("the broker's kill -9 and restart is survived", async () => {
    const { url, kill9, restart } = await broker();
    const came = new Set<string>();
    const { health } = ingest(url, (message, done) => {
      came.add(Buffer.from(message.payload).toString());
      done(null);
    });
    await until(() => health.includes(null), "the subscription");
    await kill9();
    await until(() => health.at(-1) !== null, "the news that it is gone");
    await restart();
    const client = await publisher(url);
    await until(() => health.at(-1) === null, "the subscription again");
    await publish(client, "after");
    await until(() => came.has("after"), "a message after the restart");
  });

  test("two servers of one share get each message once between them", async () => {
    const { url } = await broker();
    const came: string[][] = [[], []];
    const both = [0, 1].map((i) =>
      ingest(
        url,
        (message, done) => {
          came[i]?.push(Buffer.from(message.payload).toString());
          done(null);
        },
        { share: "ingest", clientId: `server-${i}` },
      ),
    );
    await until(() => both.every(({ health }) => health.includes(null)), "both subscriptions");
    const client = await publisher(url);
    const texts = Array.from({ length: 40 }, (_, i) => String(i));
    await Promise.all(texts.map((text) => publish(client, text)));
    await until(() => came.flat().length >= 40, "all messages");
    expect(came.flat().toSorted()).toEqual(texts.toSorted());
    expect(came.every((list) => list.length > 0)).toBe(true);
  });

  test("each server of a share knows every rig, also one that was born before it came, and no reading comes to two of them", async () => {
    const { url } = await broker();
    const client = await publisher(url);
    await client.publishAsync("rigtwin/v1/farm/r1/birth", "born early", { qos: 1, retain: true });
    const came: string[][] = [[], []];
    const both = [0, 1].map((i) =>
      ingest(
        url,
        (message, done) => {
          came[i]?.push(Buffer.from(message.payload).toString());
          done(null);
        },
        { share: "ingest", clientId: `server-${i}`, unshared: ["rigtwin/v1/farm/+/birth", "rigtwin/v1/farm/+/state"] },
      ),
    );
    await until(() => both.every(({ health }) => health.includes(null)), "both subscriptions");
    await until(() => came.every((list) => list.includes("born early")), "the early birth at both");
    await client.publishAsync("rigtwin/v1/farm/r2/birth", "born late", { qos: 1, retain: true });
    await until(() => came.every((list) => list.includes("born late")), "the late birth at both");
    const texts = Array.from({ length: 40 }, (_, i) => String(i));
    await Promise.all(texts.map((text) => publish(client, text)));
    const readings = (): string[] => came.flat().filter((text) => /^\d+$/.test(text));
    await until(() => readings().length >= 40, "all readings");
    expect(readings().toSorted()).toEqual(texts.toSorted());
  });
});
