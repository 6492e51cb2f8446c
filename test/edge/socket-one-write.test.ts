import { Socket } from "node:net";
import { afterEach, expect, jest, test } from "@jest/globals";
import { EVENTS } from "../../server/twin/wire.ts";
import { connect, startFeed, stopAll, until } from "./socket/feed.ts";

afterEach(stopAll);

/** What net hands to the kernel: one system call each. */
type Writes = { _writeGeneric(...args: unknown[]): unknown };

test("a frame is one write a viewer, its text and its rows together", async () => {
  const feed = await startFeed();
  const viewers = Array.from({ length: 5 }, () => connect(feed.port));
  const toldWhoIsHere = new Set<number>();
  for (const [i, { socket }] of viewers.entries()) {
    socket.on(EVENTS.people, () => toldWhoIsHere.add(i));
    socket.on("connect", () => socket.emit(EVENTS.watch, { view: "live" }));
  }
  await until("all have the whole", () => viewers.every(({ story }) => story().length === 1));
  // That is told once all have come, and would be counted with the frames.
  await until("all know who is here", () => toldWhoIsHere.size === viewers.length);
  const inside = Socket.prototype as unknown as Writes;
  const write = inside._writeGeneric;
  let writes = 0;
  const spy = jest.spyOn(inside, "_writeGeneric").mockImplementation(function counted(this: Socket, ...args: unknown[]) {
    if (this.localPort === feed.port) writes += 1;
    return write.apply(this as unknown as Writes, args);
  } as Writes["_writeGeneric"]);
  try {
    for (let i = 0; i < 3; i++) {
      const n = feed.publish();
      await until(`frame ${n} at all`, () => viewers.every(({ story }) => story().includes(`frame ${n}`)));
    }
  } finally {
    spy.mockRestore();
  }
  expect(writes).toBe(3 * 5);
  for (const { told } of viewers) expect(told.slice(1).map((one) => (one.event === "refused" ? [] : one.rows))).toHaveLength(3);
});
