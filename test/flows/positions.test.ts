import { expect, test } from "@jest/globals";
import { createPositions } from "../../server/flows/positions.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import { birth, handJournal, T0 } from "./hands.ts";

const HEAD = "rig,container,rack,slot\n";

test("a table moves all of its rigs or none; what a person said outranks what a device is told later, and stays after a restart", async () => {
  const journal = handJournal(() => T0);
  const farm = newFarm("farm");
  const out = nothingYet();
  journal.subscribe((entries) => entries.forEach((entry) => foldEntry(farm, entry, out)));
  const { setPositions } = createPositions({ farm: () => farm, write: journal.write });
  for (const rig of ["rig-a", "rig-b"]) journal.put(birth(rig));
  const entries = journal.entries.length;
  await expect(setPositions(`${HEAD}rig-a,C,1,1\nrig-b,C,1,1\n`, "badge-1", false)).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    detail: expect.stringContaining("line 3: C / 1 / 1 is rig-a's in line 2"),
  });
  expect(await setPositions(`${HEAD}rig-a,C,1,1\nrig-b,C,1,2\n`, "badge-1", true)).toEqual({ changed: 2, same: 0 });
  expect(journal.entries).toHaveLength(entries);
  out.roster.clear();
  expect(await setPositions(`${HEAD}rig-a,C,1,1\nrig-b,C,1,2\n`, "badge-1", false)).toEqual({ changed: 2, same: 0 });
  expect([...out.roster]).toEqual(["rig-a", "rig-b"]);
  expect(await setPositions(`${HEAD}rig-a,C,1,1\nrig-b,,,\n`, "badge-1", false)).toEqual({ changed: 1, same: 1 });
  journal.put(birth("rig-b", { container: "X", rack: "9", slot: "9" }));
  const again = farmOfLines(snapshotLines(farm));
  for (const one of [farm, again])
    expect([one.twins.get("rig-a")?.position, one.twins.get("rig-b")?.position]).toEqual([{ container: "C", rack: "1", slot: "1" }, null]);
});
