import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { mayPublish, maySubscribe, type Device } from "../../server/twin/device-rules.ts";
import { until } from "../servers/until.ts";

const DEVICES: Record<string, Device & { readonly password: string }> = {
  a: { name: "a", topics: ["a-*"], password: "pa" },
  b: { name: "b", topics: [], password: "pb" },
};
const taken: { readonly topic: string; readonly client: string }[] = [];
const denied: string[] = [];
const limits: string[] = [];
const broker = createBroker<Device>({
  host: "127.0.0.1",
  port: 0,
  onMessage: ({ topic, client }, done) => {
    taken.push({ topic, client });
    done(null);
  },
  retained: () => [],
  anonymous: false,
  admit: (name, password) => (Object.hasOwn(DEVICES, name) && DEVICES[name]?.password === password ? (DEVICES[name] ?? null) : null),
  mayPublish: (device, topic, retain) => mayPublish(device, "farm", topic, retain),
  maySubscribe: (device, filter) => maySubscribe(device, "farm", filter),
  onDenied: (what) => denied.push(what),
  onLimit: (what) => limits.push(what),
  perS: (device) => (device === "b" ? 50 : Infinity),
});
let port = 0;
beforeAll(async () => ({ port } = await broker.start()));
const clients: MqttClient[] = [];
afterAll(async () => {
  for (const client of clients) client.end(true);
  await broker.stop();
});

const come = async (name: string, options: IClientOptions = {}): Promise<MqttClient> => {
  const client = await connectAsync(
    `mqtt://127.0.0.1:${port}`,
    { username: name, password: DEVICES[name]?.password ?? "?", reconnectPeriod: 0, ...options },
    false,
  );
  clients.push(client);
  client.on("error", () => undefined);
  return client;
};
/** True where the broker hung up on it. */
const shut = async (client: MqttClient, work: () => void): Promise<boolean> => {
  const closed = new Promise<true>((resolve) => client.once("close", () => resolve(true)));
  work();
  return closed;
};

test("a device publishes under its own names; a topic that is not its own ends its connection and is not taken", async () => {
  const a = await come("a", { clientId: "x" });
  await a.publishAsync("rigtwin/v1/farm/a/telemetry", "1", { qos: 1 });
  await a.publishAsync("rigtwin/v1/farm/a-7/birth", "1", { qos: 1, retain: true });
  expect(taken.splice(0)).toEqual([
    { topic: "rigtwin/v1/farm/a/telemetry", client: "a/x" },
    { topic: "rigtwin/v1/farm/a-7/birth", client: "a/x" },
  ]);
  for (const [topic, retain] of [
    ["rigtwin/v1/farm/b/telemetry", false],
    ["rigtwin/v1/farm/b/birth", true],
    ["rigtwin/v1/other/a/telemetry", false],
    ["rigtwin/v1/farm/a/telemetry", true],
    ["rigtwin/v1/farm/a/cmd/reboot", false],
    ["rigtwin/v1/farm/a/cmd/reboot/resp/more", false],
    ["$SYS/broker", false],
    ["anything", false],
  ] as const) {
    const client = await come("a");
    expect(await shut(client, () => client.publish(topic, "1", { qos: 1, retain }, () => undefined))).toBe(true);
  }
  expect(taken).toEqual([]);
});

test("a device hears its own commands, each rig by name, and nothing else", async () => {
  const a = await come("a");
  const asked = [
    "rigtwin/v1/farm/a-1/cmd/+",
    "#",
    "+/#",
    "rigtwin/v1/farm/+/cmd/+",
    "rigtwin/v1/farm/b/cmd/+",
    "$share/x/#",
    "$SYS/#",
    "rigtwin/v1/farm/a-1/telemetry",
  ];
  const granted = await a.subscribeAsync(asked).catch((error: Error & { packet?: { granted: number[] } }) => error.packet?.granted ?? []);
  const codes = (granted as (number | { qos: number })[]).map((one) => (typeof one === "number" ? one : one.qos));
  expect(codes).toEqual([0, 128, 128, 128, 128, 128, 128, 128]);
  const heard: string[] = [];
  a.on("message", (topic) => heard.push(topic));
  await broker.publish("rigtwin/v1/farm/b/cmd/reboot", Buffer.from("{}"));
  await broker.publish("rigtwin/v1/farm/a-1/cmd/reboot", Buffer.from("{}"));
  await until(() => heard.length > 0, "its command");
  expect(heard).toEqual(["rigtwin/v1/farm/a-1/cmd/reboot"]);
});

describe("who does not come in", () => {
  test.each<[string, IClientOptions]>([
    ["without a credential", { username: undefined as unknown as string, password: undefined as unknown as string }],
    ["with a wrong password", { username: "a", password: "pb" }],
    ["with a name nobody has", { username: "__proto__", password: "" }],
    ["with a wildcard as its name", { username: "+", password: "" }],
    ["with a wildcard in its id", { username: "a", password: "pa", clientId: "x/#" }],
    [
      "with a Will for somebody else",
      { username: "a", password: "pa", will: { topic: "rigtwin/v1/farm/b/state", payload: "lost", qos: 1, retain: true } as never },
    ],
    [
      "with a Will that would stay where it must not",
      { username: "a", password: "pa", will: { topic: "rigtwin/v1/farm/a/telemetry", payload: "x", qos: 1, retain: true } as never },
    ],
  ])("%s", async (_what, options) => {
    denied.length = 0;
    await expect(come("a", options)).rejects.toThrow(/refused|connect/i);
    expect(denied).toEqual(["connection"]);
  });
});

test("a client id is the user's own: another cannot take over a session or its queue by naming it", async () => {
  const a = await come("a", { clientId: "gw", clean: false });
  await a.subscribeAsync("rigtwin/v1/farm/a/cmd/+", { qos: 1 });
  const b = await come("b", { clientId: "gw", clean: false });
  const heard: string[] = [];
  b.on("message", (topic) => heard.push(topic));
  expect(a.connected).toBe(true);
  await a.endAsync();
  await broker.publish("rigtwin/v1/farm/a/cmd/pause", Buffer.from("{}"));
  const again = await come("b", { clientId: "gw", clean: false });
  again.on("message", (topic) => heard.push(topic));
  await again.publishAsync("rigtwin/v1/farm/b/telemetry", "1", { qos: 1 });
  expect(heard).toEqual([]);
  const back = await come("a", { clientId: "gw", clean: false, autoUseTopicAlias: false });
  const queued = new Promise<string>((resolve) => back.on("message", (topic) => resolve(topic)));
  expect(await queued).toBe("rigtwin/v1/farm/a/cmd/pause");
});

test("whose credential is taken back is cut off at once, and its Will is not told", async () => {
  const a = await come("a", { will: { topic: "rigtwin/v1/farm/a/state", payload: Buffer.from("lost"), qos: 1, retain: true } });
  taken.length = 0;
  expect(await shut(a, () => broker.disconnect("a"))).toBe(true);
  expect(broker.isConnected("a")).toBe(false);
  const b = await come("b");
  await b.publishAsync("rigtwin/v1/farm/b/telemetry", "1", { qos: 1 });
  expect(taken.map(({ topic }) => topic)).toEqual(["rigtwin/v1/farm/b/telemetry"]);
});

test("who sends too fast waits and loses nothing", async () => {
  limits.length = 0;
  taken.length = 0;
  const b = await come("b");
  await Promise.all(Array.from({ length: 80 }, (_, i) => b.publishAsync("rigtwin/v1/farm/b/telemetry", String(i), { qos: 1 })));
  // A second's worth at once, the other thirty at fifty a second.
  expect(taken.length).toBe(80);
  expect(limits).toContain("rate");
});

test("a packet that says it is too long is not waited for", async () => {
  limits.length = 0;
  const socket = connectTcp(port, "127.0.0.1");
  const closed = once(socket, "close");
  socket.on("error", () => undefined);
  // PUBLISH, remaining length 268,435,455 (the most there is), before any CONNECT.
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
  await closed;
  expect(limits).toEqual(["size"]);
});

test("one device more than may be connected is told so, and the others go on", async () => {
  const told: string[] = [];
  const small = createBroker<Device>({
    host: "127.0.0.1",
    port: 0,
    onMessage: (_message, done) => done(null),
    retained: () => [],
    maxConnections: 1,
    onLimit: (what) => told.push(what),
  });
  const url = `mqtt://127.0.0.1:${(await small.start()).port}`;
  const first = await connectAsync(url, { reconnectPeriod: 0 }, false);
  await expect(connectAsync(url, { reconnectPeriod: 0 }, false)).rejects.toMatchObject({ code: 3 });
  expect(told).toEqual(["connections"]);
  await first.publishAsync("rigtwin/v1/farm/a/telemetry", "1", { qos: 1 });
  await first.endAsync();
  await small.stop();
});
