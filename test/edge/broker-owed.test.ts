/** What sessions are owed while they are away: as the library keeps it, but with an end. */
import { createConnection } from "node:net";
import memory from "aedes-persistence";
import fc from "fast-check";
import mqtt, { type IConnackPacket, type MqttClient } from "mqtt";
import { generate, parser } from "mqtt-packet";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { createOwed } from "../../server/edge/broker/owed.ts";
import { until } from "../servers/until.ts";

interface Sent {
  readonly cmd: string;
  readonly brokerId?: string;
  readonly brokerCounter: number;
  readonly topic?: string;
  readonly payload?: Buffer;
  readonly qos?: 1;
  readonly messageId?: number;
}
interface Queue {
  outgoingEnqueueCombi(subscriptions: { clientId: string }[], packet: Sent): Promise<void>;
  outgoingUpdate(client: { id: string }, packet: Sent): Promise<void>;
  outgoingClearMessageId(client: { id: string }, packet: Sent): Promise<Sent | undefined>;
  outgoingStream(client: { id: string }): AsyncIterable<Sent>;
}
const CLIENTS = ["a", "b"];
const message = (n: number): Sent => ({
  cmd: "publish",
  brokerId: "b1",
  brokerCounter: n,
  topic: `t/${n}`,
  payload: Buffer.from(String(n)),
  qos: 1,
});
const all = async (stream: AsyncIterable<Sent>): Promise<Sent[]> => {
  const sent: Sent[] = [];
  for await (const one of stream) sent.push(one);
  return sent;
};
const told = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => String(error));

test("keeps, numbers, acknowledges and gives what the library's own memory does", async () => {
  const step = fc.record({ what: fc.constantFrom("put", "send", "release", "ack"), client: fc.constantFrom(...CLIENTS), n: fc.nat(5) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const both = [createOwed(() => undefined), (memory as unknown as () => object)()] as unknown as [Queue, Queue];
      const answers: unknown[][] = [[], []];
      let counter = 0;
      const released = new Set<number>();
      for (const { what, client, n } of steps) {
        counter += 1;
        const counted = Math.max(1, counter - n);
        // The broker sends nothing again whose second half is owed.
        if (what === "send" && released.has(counted)) continue;
        // The library takes the second half of what is not owed for that of another, and the other is lost.
        const owed = await all(both[1].outgoingStream({ id: client }));
        if (what === "release" && owed.some(({ cmd }) => cmd === "pubrel") && !owed.some(({ messageId }) => messageId === counted))
          continue;
        if (what === "release") released.add(counted);
        for (const [i, queue] of both.entries()) {
          const id = { id: client };
          const of = message(counted);
          const work =
            what === "put"
              ? queue.outgoingEnqueueCombi([{ clientId: client }], message(counter))
              : what === "send"
                ? queue.outgoingUpdate(id, { ...of, messageId: of.brokerCounter })
                : what === "release"
                  ? queue.outgoingUpdate(id, { cmd: "pubrel", brokerCounter: 0, messageId: of.brokerCounter })
                  : queue.outgoingClearMessageId(id, { ...of, messageId: of.brokerCounter });
          answers[i]?.push(await told(work));
          for (const one of CLIENTS) answers[i]?.push(await all(queue.outgoingStream({ id: one })));
        }
      }
      expect(answers[0]).toEqual(answers[1]);
    }),
    { numRuns: 300 },
  );
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
const start = async () => {
  const limits: string[] = [];
  const broker = createBroker({
    host: "127.0.0.1",
    port: 0,
    onMessage: (_, done) => setImmediate(done, null),
    retained: () => [],
    onLimit: (what) => limits.push(what),
  });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  return { port, limits };
};
const connect = async (port: number, clientId: string): Promise<{ client: MqttClient; present: boolean; heard: string[] }> => {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId, clean: false, reconnectPeriod: 0 });
  stops.push(() => client.endAsync(true));
  const heard: string[] = [];
  client.on("message", (topic) => heard.push(topic));
  const { sessionPresent } = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once("connect", resolve);
    client.once("error", reject);
  });
  return { client, present: sessionPresent, heard };
};

test.each([
  [1, 1],
  [1, 2],
  [0, 1],
  [1, 0],
] as const)(
  "of two filters that overlap, QoS %i and %i, a session hears each message, here and when it comes back",
  async (first, second) => {
    const { port, limits } = await start();
    const { client, heard } = await connect(port, "twice");
    await client.subscribeAsync("a/#", { qos: first });
    await client.subscribeAsync("a/b", { qos: second });
    let closed = false;
    client.on("close", () => (closed = true));
    const { client: loud } = await connect(port, "loud");
    for (let i = 0; i < 5; i++) await loud.publishAsync("a/b", String(i), { qos: 2 });
    await until(() => heard.length >= 5, "it has heard all");
    expect(closed).toBe(false);
    await client.endAsync();
    for (let i = 0; i < 5; i++) await loud.publishAsync("a/b", String(i), { qos: 2 });
    const back = await connect(port, "twice");
    expect(back.present).toBe(true);
    await until(() => back.heard.length >= 5, "it has all that it is owed");
    expect(limits).toEqual([]);
  },
);

describe("a session that is owed too much", () => {
  const BIG = Buffer.alloc(250_000);
  const MANY = 160;

  test("is forgotten, and told so when it comes back; others get all they are owed", async () => {
    const { port, limits } = await start();
    for (const [name, filter] of [
      ["hears-all", "#"],
      ["hears-few", "few/#"],
    ] as const) {
      const { client } = await connect(port, name);
      await client.subscribeAsync(filter, { qos: 1 });
      await client.endAsync();
    }
    const { client: loud } = await connect(port, "loud");
    for (let i = 0; i < MANY; i++) {
      await loud.publishAsync(`many/${i}`, BIG, { qos: 1 });
      if (i % 40 === 0) await loud.publishAsync(`few/${i}`, "1", { qos: 1 });
    }
    expect(limits).toEqual(["session"]);
    const few = await connect(port, "hears-few");
    expect(few.present).toBe(true);
    await until(() => few.heard.length === 4, "it has all that it is owed");
    expect(few.heard).toEqual(["few/0", "few/40", "few/80", "few/120"]);
    const all = await connect(port, "hears-all");
    expect(all.present).toBe(false);
    await all.client.subscribeAsync("#", { qos: 1 });
    await loud.publishAsync("many/last", "1", { qos: 1 });
    await until(() => all.heard.length > 0, "it hears again");
    expect(all.heard).toEqual(["many/last"]);
  });

  test("is sent away where it is here and acknowledges nothing", async () => {
    const { port, limits } = await start();
    const socket = createConnection(port, "127.0.0.1");
    stops.push(async () => void socket.destroy());
    let closed = false;
    socket.on("close", () => (closed = true)).on("error", () => undefined);
    const reader = parser();
    const subscribed = new Promise<void>((resolve) => {
      reader.on("packet", ({ cmd }) => {
        if (cmd === "connack") socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "#", qos: 1 }] }));
        if (cmd === "suback") resolve();
      });
    });
    socket.on("data", (data) => reader.parse(data));
    socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: false, clientId: "silent", keepalive: 0 }));
    await subscribed;
    const { client: loud } = await connect(port, "loud");
    for (let i = 0; i < MANY; i++) await loud.publishAsync(`many/${i}`, BIG, { qos: 1 });
    await until(() => closed, "it is sent away");
    expect(new Set(limits)).toContain("session");
    expect((await connect(port, "silent")).present).toBe(false);
  });
});
