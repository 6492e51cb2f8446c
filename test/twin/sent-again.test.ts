import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { T0, text } from "../flows/hands.ts";

const put = (
  farm: Farm,
  pos: number,
  topic: string,
  said: string,
  more: { readonly dup?: boolean; readonly qos?: 0 | 1; readonly receivedTs?: number } = {},
): void =>
  foldEntry(
    farm,
    { qos: 1, retain: false, dup: false, client: "", receivedTs: T0 + pos, ...text(topic, said), ...more, pos },
    nothingYet(),
  );
const hashrate = "miner_aabbccddeeff/hashrate";

describe("a message of another dialect that is sent again because nobody heard the acknowledgement", () => {
  test("counts once, also where the server was started anew meanwhile", () => {
    let farm = newFarm("farm");
    for (let i = 1; i <= 3; i++) put(farm, i, hashrate, String(i));
    farm = farmOfLines(snapshotLines(farm));
    for (let i = 1; i <= 3; i++) put(farm, 3 + i, hashrate, String(i), { dup: true });
    expect([farm.accepted, farm.duplicates]).toEqual([3, 3]);
  });

  test("counts once over the start of a new program on the state that an older one left", () => {
    const farm = newFarm("farm");
    for (let i = 1; i <= 3; i++) put(farm, i, hashrate, String(i));
    const [first = "", ...twins] = snapshotLines(farm);
    const { foreign, ...rest } = JSON.parse(first) as { foreign: Record<string, unknown>; watches: unknown; seen: unknown };
    const older = Object.fromEntries(Object.entries(foreign).filter(([name]) => name !== "resent"));
    const { watches, seen, ...others } = rest;
    const again = farmOfLines([JSON.stringify({ ...others, foreign: older, watches, seen }), ...twins]);
    for (let i = 1; i <= 4; i++) put(again, 3 + i, hashrate, String(i), { dup: true });
    expect([again.accepted, again.duplicates]).toEqual([4, 3]);
  });

  test("counts where it is the first that comes, was said anew, or nobody asked for an acknowledgement", () => {
    const farm = newFarm("farm");
    put(farm, 1, hashrate, "1", { dup: true });
    put(farm, 2, hashrate, "1");
    put(farm, 3, hashrate, "1", { qos: 0, dup: true });
    // Further back than what is known again, of this topic and of all.
    const others = 9_001;
    for (let i = 1; i <= others; i++) put(farm, 3 + i, hashrate, String(i + 1));
    put(farm, others + 4, hashrate, "1", { dup: true });
    expect([farm.accepted, farm.duplicates]).toEqual([others + 4, 0]);
  });

  test("is refused as often as it comes where nobody reads it", () => {
    const farm = newFarm("farm");
    put(farm, 1, "nobody/knows", "this");
    put(farm, 2, "nobody/knows", "this", { dup: true });
    expect([farm.accepted, farm.duplicates, farm.inbox.length]).toEqual([0, 0, 2]);
  });

  test("is no duplicate of a reading where it has none", () => {
    const farm = newFarm("farm");
    put(farm, 1, "spBv1.0/STATE/rigtwin-farm", '{"online":true,"timestamp":1}');
    put(farm, 2, "spBv1.0/STATE/rigtwin-farm", '{"online":true,"timestamp":1}', { dup: true });
    expect([farm.accepted, farm.duplicates, farm.inbox.length]).toEqual([0, 0, 0]);
  });
});

/** What a server's own restart does to the folded state. */
const restarted = (farm: Farm): Farm => farmOfLines(snapshotLines(farm));

/**
 * A broker with a session for us: it sends what it has, in order, and after a lost connection again, with DUP, whatever it has heard no acknowledgement of. Each of
 * `losses` is a connection on which so many come to us, of which so many acknowledgements come to it.
 */
const relay = (said: readonly (readonly [topic: string, text: string])[], losses: readonly (readonly [number, number])[]) => {
  let farm = newFarm("farm");
  let [pos, ts, acked, sent] = [0, T0, 0, 0];
  for (const [come, acks] of [...losses, [said.length, said.length] as const]) {
    ts += 2_000;
    const to = Math.min(said.length, acked + come);
    for (let i = acked; i < to; i++) {
      const [topic, textOf] = said[i] ?? ["", ""];
      pos += 1;
      ts += 1;
      put(farm, pos, topic, textOf, { dup: i < sent, receivedTs: ts });
    }
    // The broker had more under way than came.
    sent = Math.max(sent, Math.min(said.length, acked + 4_000));
    acked = Math.min(to, acked + acks);
    farm = restarted(farm);
  }
  return { farm, came: pos };
};

describe("all that a broker had in flight is sent again after a lost connection", () => {
  test.each([
    ["of one topic", 1],
    ["of many", 500],
  ])("and counts once, however often it was lost, %s", (_, topics) => {
    const said = Array.from(
      { length: 4_000 },
      (_value, i) => [`miner_${String(i % topics).padStart(12, "0")}/hashrate`, String(100 + i / 10)] as const,
    );
    const { farm, came } = relay(said, [
      [4_000, 0],
      [3_000, 0],
      [4_000, 0],
    ]);
    expect([farm.accepted, farm.duplicates]).toEqual([4_000, came - 4_000]);
  });

  test("and counts once wherever it was lost", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 60 }),
        (losses, topics, length) => {
          const said = Array.from({ length }, (_, i) => [`miner_00000000000${i % topics}/hashrate`, String(100 + i / 10)] as const);
          expect(relay(said, losses).farm.accepted).toBe(length);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("and what had not come is not taken for what had, though a sensor says the same few values over and over", () => {
    const values = [60, 61, 61, 60, 62, 61, 60, 60, 61, 62, 62, 61, 62, 60, 61, 60];
    const said = Array.from({ length: 200 }, (_, i) => [hashrate, String(values[(i * 7 + Math.floor(i / 16)) % 16])] as const);
    const { farm, came } = relay(said, [[50, 40]]);
    expect(came).toBe(210);
    expect([farm.accepted, farm.duplicates]).toEqual([200, 10]);
  });
});
