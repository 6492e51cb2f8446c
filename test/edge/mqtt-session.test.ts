/** A session at an outside broker: what waited for it comes before it is asked for. */
import { afterEach, expect, test } from "@jest/globals";
import mqtt from "mqtt";
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
