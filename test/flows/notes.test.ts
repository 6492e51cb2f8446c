import { expect, test } from "@jest/globals";
import { createNotes } from "../../server/flows/notes.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { mentionsIn } from "../../server/twin/notes/book.ts";
import { newComment, newHandover } from "../../server/twin/notes/shapes.ts";
import { farmHash, farmOfLines, snapshotLines } from "../../server/twin/snapshot.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { handClock, handJournal, T0 } from "./hands.ts";

const stage = () => {
  const farm = newFarm("farm");
  farm.twins.set("r1", newTwin("farm", "r1", 0, T0));
  const clock = handClock(T0);
  const journal = handJournal(clock.now);
  const entries: Entry[] = [];
  journal.subscribe((batch) =>
    batch.forEach((entry) => {
      const placed = { ...entry, pos: farm.asOfPos + 1 };
      entries.push(placed);
      foldEntry(farm, placed, nothingYet());
    }),
  );
  return { farm, clock, entries, notes: createNotes({ now: clock.now, farm: () => farm, write: journal.write }) };
};
const onRig = (text: string, by = "badge-17") => newComment.parse({ about: { of: "rig", rig: "r1" }, text, by });

test("mentions are the names after an @ that begins a word, each once, whatever its case", () => {
  expect(mentionsIn("@Badge-21 and @badge-21, mail me@example.org, @über. (@a.b) @@no @-x")).toEqual(["badge-21", "über", "a.b"]);
  expect(mentionsIn(Array.from({ length: 50 }, (_, i) => `@p${i}`).join(" "))).toHaveLength(20);
});

test("a comment is told to whom it mentions until that person has seen it", async () => {
  const { notes, clock } = stage();
  const first = await notes.addComment(onRig("Fan 2 hums, @Badge-21 please listen"));
  expect(first).toMatchObject({ number: 1, ts: T0, mentions: ["badge-21"] });
  await clock.pass(1_000);
  await notes.addComment(newComment.parse({ about: { of: "moment", ts: T0 - 60_000 }, text: "the dip, @badge-21", by: "badge-4" }));
  expect(notes.comments({ rig: "r1", limit: 10 })).toMatchObject({ total: 1, comments: [{ number: 1 }] });
  expect(notes.comments({ limit: 1 })).toMatchObject({ total: 2, comments: [{ number: 2 }] });
  expect(notes.mentions("BADGE-21")).toMatchObject({ unseen: 2, comments: [{ number: 2 }, { number: 1 }] });
  expect(notes.mentions("badge-17")).toMatchObject({ unseen: 0, comments: [] });
  expect(await notes.seeMentions({ by: "badge-21", to: 1 })).toMatchObject({ unseen: 1, seenTo: 1 });
  // Neither further than there is, nor back again.
  expect(await notes.seeMentions({ by: "badge-21", to: 99 })).toMatchObject({ unseen: 0, seenTo: 2 });
  expect(await notes.seeMentions({ by: "badge-21", to: 0 })).toMatchObject({ unseen: 0, seenTo: 2 });
});

test("a shift is handed over with what stands open", async () => {
  const { notes, farm, clock } = stage();
  farm.alarms.incidents.set("i1", {
    id: "i1",
    site: "farm",
    scope: "rack",
    name: "A-1",
    symptom: "heat",
    severity: "major",
    says: "Rack A-1",
    openedTs: T0,
    lastTs: T0,
    closedTs: null,
    mergedInto: null,
    members: [],
  });
  const note = await notes.addHandover(newHandover.parse({ shift: "night", text: "Calm, but A-1 runs warm.", by: "badge-17" }));
  expect(note).toMatchObject({ number: 1, ts: T0, stood: { incidents: [{ id: "i1", name: "A-1" }], orders: [] } });
  farm.alarms.incidents.clear();
  await clock.pass(1_000);
  expect(notes.handovers(5)).toMatchObject({ total: 1, handovers: [{ stood: { incidents: [{ id: "i1" }] } }], stands: { incidents: [] } });
});

test("what nobody knows is refused, and so is more than a person writes; others go on", async () => {
  const { notes, clock, entries } = stage();
  for (const [about, code] of [
    [{ of: "rig", rig: "r9" }, "RIG_UNKNOWN"],
    [{ of: "incident", incident: "nope" }, "NOT_FOUND"],
    [{ of: "moment", ts: T0 + 3_600_000 }, "REQUEST_INVALID"],
  ] as const)
    await expect(notes.addComment(newComment.parse({ text: "x", by: "badge-17", about }))).rejects.toMatchObject({ code });
  expect(entries).toEqual([]);
  for (let i = 0; i < 20; i++) await notes.addComment(onRig(`comment ${i}`));
  await expect(notes.addComment(onRig("one too many"))).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
  await notes.addComment(onRig("of somebody else", "badge-21"));
  await clock.pass(60_000);
  await notes.addComment(onRig("a minute later"));
  expect(entries).toHaveLength(22);
  for (const text of ["", " ", "x".repeat(2_001), "bell \u0007"])
    expect(newComment.safeParse(onRig("y") && { ...onRig("y"), text }).success).toBe(false);
});

test("comments and notes survive a snapshot, and the same entries give the same farm", async () => {
  const { notes, farm, entries } = stage();
  await notes.addComment(onRig("@badge-21 <script>alert(1)</script>"));
  await notes.addHandover(newHandover.parse({ shift: "day", text: "All well.", by: "badge-17" }));
  await notes.seeMentions({ by: "badge-21", to: 1 });
  const again = farmOfLines(snapshotLines(farm));
  expect(again.notes).toEqual(farm.notes);
  expect(farmHash(again)).toBe(farmHash(farm));
  const replayed: Farm = newFarm("farm");
  replayed.twins.set("r1", newTwin("farm", "r1", 0, T0));
  for (const entry of entries) foldEntry(replayed, entry, nothingYet());
  expect(replayed.notes).toEqual(farm.notes);
  expect(farmHash(replayed)).toBe(farmHash(farm));
});
