import { describe, expect, it } from "@jest/globals";
import memory from "aedes-persistence";
import fc from "fast-check";
import { createBrokerMemory, filterMatcher } from "../../server/edge/broker/retained.ts";

// The library's `+` does not take an empty level, MQTT's does: those are in the cases below.
const level = fc.constantFrom("a", "b", "farm", "r1");
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant("+")), { minLength: 0, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ["#"] : [])].join("/"));

const packet = (name: string, payload: string) => ({ cmd: "publish", topic: name, payload: Buffer.from(payload), qos: 1, retain: true });
type Persistence = {
  storeRetained(packet: unknown): Promise<void>;
  createRetainedStreamCombi(filters: string[]): AsyncIterable<{ topic: string; payload: Buffer }>;
};
const heard = async (persistence: Persistence, filters: string[]): Promise<string[]> => {
  const given: string[] = [];
  for await (const { topic: name, payload } of persistence.createRetainedStreamCombi(filters)) given.push(`${name} ${payload.toString()}`);
  return given.toSorted();
};

describe("what the broker keeps", () => {
  it("gives a subscriber what the library's own memory gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(topic, fc.constantFrom("1", "2", "")), { maxLength: 12 }),
        fc.array(filter, { minLength: 1, maxLength: 3 }),
        async (messages, filters) => {
          const [ours, theirs] = [createBrokerMemory(() => undefined), (memory as unknown as () => object)()] as unknown as [
            Persistence,
            Persistence,
          ];
          for (const [name, payload] of messages)
            for (const persistence of [ours, theirs]) await persistence.storeRetained(packet(name, payload));
          expect(await heard(ours, filters)).toEqual(await heard(theirs, filters));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/tennis/player1/#", "sport/tennis/player10", false],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["+", "/finance", false],
    ["#", "$SYS/heartbeat", false],
    ["+/heartbeat", "$SYS/heartbeat", false],
    ["$SYS/#", "$SYS/heartbeat", true],
  ])("matches %s with %s as MQTT 3.1.1, 4.7 says: %s", (pattern, name, expected) => {
    expect(filterMatcher(pattern)(name)).toBe(expected);
  });
});
