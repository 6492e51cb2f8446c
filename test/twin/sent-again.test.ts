import { describe, expect, test } from "@jest/globals";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { T0, text } from "../flows/hands.ts";

const put = (farm: Farm, pos: number, topic: string, said: string, more: { readonly dup?: boolean; readonly qos?: 0 | 1 } = {}): void =>
  foldEntry(
    farm,
    { qos: 1, retain: false, dup: false, client: "", ...text(topic, said), ...more, pos, receivedTs: T0 + pos },
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

  test("counts where it is the first that comes, was said anew, or nobody asked for an acknowledgement", () => {
    const farm = newFarm("farm");
    put(farm, 1, hashrate, "1", { dup: true });
    put(farm, 2, hashrate, "1");
    put(farm, 3, hashrate, "1", { qos: 0, dup: true });
    for (let i = 4; i <= 12; i++) put(farm, i, hashrate, String(i));
    // Further back than what is known again.
    put(farm, 13, hashrate, "1", { dup: true });
    expect([farm.accepted, farm.duplicates]).toEqual([13, 0]);
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
