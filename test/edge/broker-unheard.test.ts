import { afterEach, describe, expect, test } from "@jest/globals";
import { Aedes } from "aedes";
import fc from "fast-check";
import mqtt, { type MqttClient } from "mqtt";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { rememberUnheard, type Matcher } from "../../server/edge/broker/unheard.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const start = async (): Promise<string> => {
  const broker = createBroker({ host: "127.0.0.1", port: 0, onMessage: (_, done) => done(null), retained: () => [] });
  const { port } = await broker.start();
  stops.push(() => broker.stop());
  return `mqtt://127.0.0.1:${port}`;
};
const connect = async (url: string, clientId: string, clean = true): Promise<MqttClient> => {
  const client = await mqtt.connectAsync(url, { clientId, clean, reconnectPeriod: 0 });
  stops.push(() => client.endAsync(true));
  return client;
};
const next = (client: MqttClient): Promise<string> =>
  new Promise((resolve) => client.once("message", (topic, payload) => resolve(`${topic} ${payload.toString()}`)));

/** A broker as the library makes it, and its matcher. */
const plain = async (): Promise<{ broker: Aedes; matcher: Matcher }> => {
  const broker = await Aedes.createBroker();
  stops.push(() => new Promise<void>((resolve) => broker.close(() => resolve())));
  return { broker, matcher: (broker as unknown as { mq: { _matcher: Matcher } }).mq._matcher };
};

const TOPIC = "rigtwin/v1/farm/r1/telemetry";

describe("a topic that nobody heard", () => {
  test("is heard by who subscribes later, by name or by a wildcard", async () => {
    const url = await start();
    const rig = await connect(url, "rig");
    await rig.publishAsync(TOPIC, "1", { qos: 1 });
    for (const [i, filter] of [TOPIC, "rigtwin/v1/farm/+/telemetry", "#"].entries()) {
      const viewer = await connect(url, `viewer-${i}`);
      await viewer.subscribeAsync(filter, { qos: 1 });
      const heard = next(viewer);
      await rig.publishAsync(TOPIC, `for ${filter}`, { qos: 1 });
      expect(await heard).toBe(`${TOPIC} for ${filter}`);
      await viewer.endAsync(true);
      await rig.publishAsync(TOPIC, "for nobody", { qos: 1 });
    }
  });

  test("waits for a session that subscribed and is away", async () => {
    const url = await start();
    const rig = await connect(url, "rig");
    await rig.publishAsync(TOPIC, "1", { qos: 1 });
    const before = await connect(url, "sleeper", false);
    await before.subscribeAsync(TOPIC, { qos: 1 });
    await before.endAsync(true);
    await rig.publishAsync(TOPIC, "2", { qos: 1 });
    const after = mqtt.connect(url, { clientId: "sleeper", clean: false, reconnectPeriod: 0 });
    stops.push(() => after.endAsync(true));
    expect(await next(after)).toBe(`${TOPIC} 2`);
  });

  test("is looked for once, in the matcher that aedes has", async () => {
    const { broker, matcher } = await plain();
    const looked: string[] = [];
    const match = matcher.match.bind(matcher);
    matcher.match = (topic) => {
      looked.push(topic);
      return match(topic);
    };
    rememberUnheard(matcher);
    const publish = (topic: string): Promise<void> =>
      new Promise((resolve) =>
        broker.publish({ cmd: "publish", topic, payload: Buffer.from("x"), qos: 0, retain: false, dup: false }, () => resolve()),
      );
    const long = `a/${"b".repeat(300)}`;
    for (let i = 0; i < 3; i++) for (const topic of [TOPIC, long]) await publish(topic);
    expect(looked.filter((topic) => topic === TOPIC)).toHaveLength(1);
    // What a stranger makes up is not kept.
    expect(looked.filter((topic) => topic === long)).toHaveLength(3);
  });

  test("whatever comes and goes, each topic finds what it finds without a memory", async () => {
    const { constructor } = (await plain()).matcher;
    const Qlobber = constructor as new (options: object) => Matcher & { remove(filter: string, listener: unknown): unknown };
    const level = fc.constantFrom("a", "b", "c");
    const topic = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join("/"));
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 3 }), fc.boolean())
      .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ["#"] : [])].join("/"));
    const step = fc.oneof(
      fc.record({ what: fc.constant("match" as const), name: topic }),
      fc.record({ what: fc.constant("add" as const), name: filter }),
      fc.record({ what: fc.constant("remove" as const), name: filter }),
    );
    const OPTIONS = { separator: "/", wildcard_one: "+", wildcard_some: "#", match_empty_levels: true };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [ours, theirs] = [new Qlobber(OPTIONS), new Qlobber(OPTIONS)];
        rememberUnheard(ours);
        for (const { what, name } of steps) {
          if (what === "match") expect(ours.match(name).toSorted()).toEqual(theirs.match(name).toSorted());
          else for (const one of [ours, theirs]) one[what](name, name);
        }
      }),
      { numRuns: 500 },
    );
  });
});
