/** Messages that wait for their turn keep their order, however late the machine is (MQTT 3.1.1, 4.6). */
import { createConnection } from "node:net";
import { generate, parser } from "mqtt-packet";
import { expect, test } from "@jest/globals";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { createLine, createPace } from "../../server/edge/broker/limits.ts";
import { until } from "../servers/until.ts";

/** Holds up every timer, as a busy machine does. */
const block = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

test("one whose pace lets it through at once does not overtake those whose time has come", async () => {
  const line = createLine(createPace(100, 1, performance.now()));
  const had: string[] = [];
  const waits = ["a", "b", "c"].map((name) => line.take(() => had.push(name)));
  expect(had).toEqual(["a"]);
  block(60);
  waits.push(line.take(() => had.push("d")));
  expect(had).toEqual(["a"]);
  await until(() => had.length === 4, "all had their turn");
  expect(had).toEqual(["a", "b", "c", "d"]);
  expect(waits).toEqual([false, true, true, true]);
  block(20);
  expect(line.take(() => had.push("e"))).toBe(false);
});

test("one that comes out of the work of another has its turn behind those who wait", async () => {
  const line = createLine(createPace(1_000, 1, performance.now()));
  const had: string[] = [];
  line.take(() => had.push("a"));
  line.take(() => {
    had.push("b");
    block(10);
    line.take(() => had.push("d"));
  });
  line.take(() => had.push("c"));
  await until(() => had.length === 4, "all had their turn");
  expect(had).toEqual(["a", "b", "c", "d"]);
});

test("a device that sends too fast is taken and acknowledged in the order in which it sent", async () => {
  const PER_S = 50;
  const ids = Array.from({ length: PER_S + 10 }, (_, i) => i + 1);
  const taken: number[] = [];
  const broker = createBroker({
    host: "127.0.0.1",
    port: 0,
    retained: () => [],
    perS: () => PER_S,
    onMessage: ({ payload }, done) => {
      taken.push(Number(Buffer.from(payload).toString()));
      setImmediate(done, null);
    },
    // More than the time for one: later ones of the same bytes find room at once while the first still wait for their timer.
    onLimit: () => block(25),
  });
  const { port } = await broker.start();
  const acknowledged: number[] = [];
  const socket = createConnection(port, "127.0.0.1");
  const reader = parser();
  const packets = ids.map((id) =>
    generate({ cmd: "publish", topic: "a/b", messageId: id, payload: String(id), qos: 1, retain: false, dup: false }),
  );
  reader.on("packet", (packet) => {
    if (packet.cmd === "connack") socket.write(Buffer.concat(packets));
    if (packet.cmd === "puback") acknowledged.push(packet.messageId ?? 0);
  });
  socket.on("data", (data) => reader.parse(data));
  socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: "fast", keepalive: 0 }));
  await until(() => acknowledged.length === ids.length, "all is acknowledged");
  expect(taken).toEqual(ids);
  expect(acknowledged).toEqual(ids);
  socket.destroy();
  await broker.stop();
});
