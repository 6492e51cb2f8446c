import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { hearAcks } from "../../server/edge/socket/quick-ack.ts";
import { lineBytesOf, sendToAll } from "../../server/edge/socket/one-write.ts";
import { EVENTS } from "../../server/twin/wire.ts";
import { until } from "../servers/until.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A socket.io server that tells by which way each acknowledgement came, and a viewer. */
const open = async () => {
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
  stops.push(() => server.close());
  const quick: number[] = [];
  const usual: unknown[] = [];
  const others: unknown[] = [];
  const sockets: Parameters<typeof hearAcks>[0][] = [];
  server.on("connection", (socket) => {
    hearAcks(socket, (n) => quick.push(n));
    socket.on(EVENTS.ack, (value: unknown) => usual.push(value));
    socket.on("other", (value: unknown) => others.push(value));
    sockets.push(socket);
  });
  const viewer: Socket = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ["websocket"], forceNew: true });
  stops.push(() => viewer.close());
  await until(() => sockets.length === 1 && viewer.connected, "the viewer is there");
  return { viewer, quick, usual, others, sockets };
};

test("an acknowledgement as viewers send it comes by the short way, anything else by socket.io's", async () => {
  const { viewer, quick, usual, others } = await open();
  for (const n of [0, 1, 999_999_999_999_999]) viewer.emit(EVENTS.ack, { n });
  for (const odd of [{ n: -1 }, { n: "1" }, { n: 1.5 }, { n: 1, more: 1 }, { n: Number.MAX_SAFE_INTEGER }, null])
    viewer.emit(EVENTS.ack, odd);
  viewer.emit("other", { n: 1 });
  await until(() => others.length === 1, "all came");
  expect(quick).toEqual([0, 1, 999_999_999_999_999]);
  expect(usual).toEqual([{ n: -1 }, { n: "1" }, { n: 1.5 }, { n: 1, more: 1 }, { n: Number.MAX_SAFE_INTEGER }, null]);
});

test("on a line that sent bytes all goes socket.io's way, in its order", async () => {
  const { viewer, quick, usual, others } = await open();
  viewer.emit("other", Buffer.from([1, 2, 3]));
  viewer.emit(EVENTS.ack, { n: 4 });
  await until(() => usual.length === 1, "the acknowledgement");
  expect([quick, usual]).toEqual([[], [{ n: 4 }]]);
  expect(Buffer.from(others[0] as Uint8Array)).toEqual(Buffer.from([1, 2, 3]));
});

test.each([1, 60, 125, 126, 65_535, 65_536, 300_000])(
  "%d bytes arrive as they were sent, between what socket.io itself sends",
  async (length) => {
    const { viewer, sockets } = await open();
    const told: unknown[] = [];
    viewer.onAny((...values: unknown[]) => told.push(values));
    const bytes = Buffer.from(Uint8Array.from({ length }, (_, i) => i % 251));
    const value = { text: "Grüße ☀".repeat(Math.ceil(length / 40)) };
    sockets[0]?.emit("before", 1);
    sendToAll(sockets, "frame", value, bytes);
    sendToAll(sockets, "frame", null, bytes);
    sockets[0]?.emit("after", 2);
    await until(() => told.length === 4, "all came");
    expect(told).toEqual([
      ["before", 1],
      ["frame", value, bytes],
      ["frame", null, bytes],
      ["after", 2],
    ]);
  },
);

test("a message's head is the shortest that RFC 6455 allows", () => {
  const head = (length: number): number[] => {
    const line = lineBytesOf("e", 0, new Uint8Array(length));
    return [...line.subarray(2 + (line[1] ?? 0), line.length - length)];
  };
  expect(head(0)).toEqual([0x82, 0]);
  expect(head(125)).toEqual([0x82, 125]);
  expect(head(126)).toEqual([0x82, 126, 0, 126]);
  expect(head(65_535)).toEqual([0x82, 126, 255, 255]);
  expect(head(65_536)).toEqual([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
});
