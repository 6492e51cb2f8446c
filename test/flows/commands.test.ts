import { expect, test } from "@jest/globals";
import { createCommands } from "../../server/flows/commands.ts";
import type { Order } from "../../server/twin/commands.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { handClock, handJournal, telemetry } from "./hands.ts";

test("a pool switch is ordered only by whoever says how many rigs it affects; anything else needs no number", async () => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  const farm = newFarm("farm");
  journal.subscribe((batch) => batch.forEach((entry) => foldEntry(farm, entry, nothingYet())));
  for (const rig of ["r1", "r2"]) journal.put(telemetry(rig, clock.now(), 1));
  let ids = 0;
  const commands = createCommands({
    farm: () => farm,
    clock,
    newId: () => `id-${(ids += 1)}`,
    write: journal.write,
    publish: () => Promise.resolve(),
    onError: () => undefined,
  });
  const pools: Order = {
    method: "pools",
    args: { pools: [{ url: "stratum+tcp://pool.example:3333", worker: "farm.r" }] },
    rigs: ["r1", "r2", "nobody"],
    by: "badge-17",
    why: "Another pool",
    batchSize: 10,
    gapS: 0,
    expiresS: 60,
  };
  await expect(commands.order(pools)).rejects.toMatchObject({ code: "REQUEST_INVALID", detail: expect.stringContaining("of 2 rigs") });
  await expect(commands.order({ ...pools, confirm: 3 })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  expect(farm.commands.size).toBe(0);
  expect((await commands.order({ ...pools, confirm: 2 })).commands).toHaveLength(2);
  expect((await commands.order({ ...pools, method: "pause", args: {} })).commands).toHaveLength(2);
});
