/** A session at an outside broker: what waited for it, sent before it is asked for, and subscriptions that are refused for a while. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import mqtt from "mqtt";
import { generate, parser } from "mqtt-packet";
import { createMqtt, type MqttOptions } from "../../server/edge/mqtt/client.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import { until } from "../servers/until.ts";

const LIMIT_MS = 10_000;
const stops: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const ingest = (url: string, onMessage: MqttOptions["onMessage"], more: Partial<MqttOptions> = {}) => {
  const health: (string | null)[] = [];
  const client = createMqtt({
    url,
    clientId: "rigtwin-test",
    topics: ["rigtwin/v1/farm/+/telemetry"],
    onMessage,
    onHealth: (away) => health.push(away),
    ...more,
  });
  client.start();
  stops.push(() => client.stop());
  return { client, health };
};

needs("mosquitto")("messages that waited for us while we have something of our own to send first", () => {
  const RECEIVE_MAXIMUM = 100;

  /** Mosquitto sends what waited right behind the CONNACK; mqtt.js says that it is connected when its own message was acknowledged. */
  const comesBack = async (count: number, onMessage: MqttOptions["onMessage"]) => {
    const { url, stop } = await startMosquitto(pathTo("mosquitto"));
    stops.push(stop);
    const before = ingest(url, () => undefined);
    await until(() => before.health.includes(null), "the subscription", LIMIT_MS);
    await before.client.stop();
    const rig = await mqtt.connectAsync(url, { clientId: "rig" });
    stops.push(() => rig.endAsync(true));
    const publish = (text: string): Promise<unknown> => rig.publishAsync("rigtwin/v1/farm/r1/telemetry", text, { qos: 1 });
    await Promise.all(Array.from({ length: count }, (_, i) => publish(String(i))));
    const { client, health } = ingest(url, onMessage, { receiveMaximum: RECEIVE_MAXIMUM });
    const ordered = client.publish("rigtwin/v1/farm/r1/cmd/reboot", Buffer.from("{}"));
    await ordered;
    await until(() => health.includes(null), "the subscription again", LIMIT_MS);
  };

  test("are acknowledged, so that the broker sends on", async () => {
    const held: { readonly text: string; readonly dup: boolean; readonly done: (error: Error | null) => void }[] = [];
    await comesBack(3 * RECEIVE_MAXIMUM, ({ payload, dup }, done) => held.push({ text: Buffer.from(payload).toString(), dup, done }));
    await until(() => held.length === RECEIVE_MAXIMUM, "as many as may be in flight", LIMIT_MS);
    let settled = 0;
    await until(
      () => {
        for (; settled < held.length; settled++) held[settled]?.done(null);
        return settled === 3 * RECEIVE_MAXIMUM;
      },
      () => `all come, not ${settled}`,
      LIMIT_MS,
    );
    expect(held.map(({ text, dup }) => `${text} ${dup}`)).toEqual(Array.from({ length: 3 * RECEIVE_MAXIMUM }, (_, i) => `${i} false`));
  });

  test("come again where one of them could not be written", async () => {
    const held: { readonly dup: boolean; readonly done: (error: Error | null) => void }[] = [];
    await comesBack(1, ({ dup }, done) => held.push({ dup, done }));
    held[0]?.done(new Error("disk full"));
    await until(() => held.length === 2, "it comes again", LIMIT_MS);
    expect(held.map(({ dup }) => dup)).toEqual([false, true]);
  });
});

test("a subscription that is refused is asked for again until it is granted, and no other", async () => {
  const V5 = { protocolVersion: 5 };
  const NOT_AUTHORIZED = 0x87;
  const asked: string[][] = [];
  let isAway = true;
  const server = createServer((socket) => {
    const reader = parser(V5);
    reader.on("packet", (packet) => {
      if (packet.cmd === "connect") socket.write(generate({ cmd: "connack", reasonCode: 0, sessionPresent: false }, V5));
      if (packet.cmd !== "subscribe") return;
      const filters = packet.subscriptions.map(({ topic }) => topic);
      asked.push(filters);
      const granted = filters.map((filter) => (isAway && filter.startsWith("b/") ? NOT_AUTHORIZED : 1));
      socket.write(generate({ cmd: "suback", messageId: packet.messageId ?? 0, granted }, V5));
    });
    socket.on("data", (data) => reader.parse(data));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => void server.close());
  const rounds = new Set<() => void>();
  const { client, health } = ingest(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, (_, done) => done(null), {
    topics: ["a/#", "b/#", "c/#"],
    every: (_ms, work) => {
      rounds.add(work);
      return () => void rounds.delete(work);
    },
  });
  const round = (): void => {
    for (const work of rounds) work();
  };
  await until(() => health.length === 1, "the first answer", LIMIT_MS);
  round();
  await until(() => health.length === 2, "the second answer", LIMIT_MS);
  isAway = false;
  round();
  await until(() => health.length === 3, "the third answer", LIMIT_MS);
  const refused = "the broker refuses the subscription: Subscribe error: Not authorized; it is asked again every 5 s";
  expect(health).toEqual([refused, refused, null]);
  expect(asked).toEqual([["a/#", "b/#", "c/#"], ["b/#"], ["b/#"]]);
  expect(rounds.size).toBe(0);
  isAway = true;
  await client.stop();
});
