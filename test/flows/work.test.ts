import { describe, expect, test } from "@jest/globals";
import { createRecords } from "../../server/flows/records.ts";
import { createWork } from "../../server/flows/work.ts";
import type { Alarm } from "../../server/twin/twin.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { recordsOf } from "../../server/twin/ledger.ts";
import { dueNow } from "../../server/twin/orders/due.ts";
import { newOrder, plan as planShape, type NewOrder } from "../../server/twin/orders/shapes.ts";
import { Refused } from "../../server/twin/refusal.ts";
import { verifyChainOfRecords } from "../../server/twin/seal.ts";
import { farmOfLines, farmHash, snapshotLines } from "../../server/twin/snapshot.ts";
import { birth, handClock, handJournal, telemetry, T0 } from "./hands.ts";

const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const told = (key = "key-00000001", more: object = {}): NewOrder =>
  newOrder.parse({ key, by: "badge-1", title: "Fan", kind: "part-replaced", corrective: true, rigs: ["rig-a", "rig-b"], ...more });
const ALARM = { id: "farm/rig-a/too-hot/1", sinceTs: T0 - 5_000 } as Alarm;

/** A journal, a fold and both flows; `breaks` says which writes fail from now on. */
const house = (journal = handJournal(() => T0)) => {
  const clock = handClock();
  const farm = newFarm("farm");
  const files = new Map<string, Uint8Array>();
  let breaks: (topic: string) => boolean = () => false;
  const write = async (topic: string, payload: Uint8Array): Promise<void> => {
    if (breaks(topic)) throw new Refused("JOURNAL_UNAVAILABLE", "the disk is gone");
    await Promise.resolve();
    await journal.write(topic, payload);
  };
  journal.subscribe((entries) => entries.forEach((entry) => foldEntry(farm, entry, nothingYet())));
  for (const entry of journal.entries) foldEntry(farm, entry, nothingYet());
  const records = createRecords({
    site: "farm",
    clock: clock as never,
    write,
    ledger: () => farm.ledger,
    twins: () => farm.twins,
    chain: {} as never,
    bringRights: () => Promise.resolve(),
    substitutes: { missingRecords: () => [], relay: () => Promise.resolve(new Set()) },
    finalDepth: 1,
    gatherMs: 0,
    onError: () => undefined,
  });
  const faults: unknown[] = [];
  const work = createWork({
    clock: clock as never,
    write,
    book: () => farm.work,
    due: () => dueNow(farm),
    twins: () => farm.twins,
    alarm: (id) => (id === ALARM.id ? ALARM : undefined),
    seal: records.seal,
    photos: {
      keep: async (bytes) => {
        files.set("ab".repeat(32), bytes);
        return "ab".repeat(32);
      },
      read: async (hash) => files.get(hash) ?? null,
    },
    onError: (_what, error) => faults.push(error),
  });
  return { clock, farm, journal, work, files, faults, break: (when: typeof breaks) => void (breaks = when) };
};
const withRigs = () => {
  const made = house();
  for (const rig of ["rig-a", "rig-b"]) {
    made.journal.put(birth(rig));
    made.journal.put(telemetry(rig, T0, 1));
  }
  return made;
};
const close = (rev: number) => ({ what: "close", rev, by: "badge-2", outcome: "done", performedTs: T0, summary: "Fan changed." }) as const;

describe("opening", () => {
  test("names the fault's beginning where the alarm knows it, and is refused for what is not there", async () => {
    const { work } = withRigs();
    expect(await work.open(told(undefined, { alarm: ALARM.id }))).toMatchObject({ id: "WO-1", faultTs: ALARM.sinceTs, alarm: ALARM.id });
    await expect(work.open(told("key-00000002", { rigs: ["rig-z"] }))).rejects.toMatchObject({ code: "RIG_UNKNOWN" });
    await expect(work.open(told("key-00000003", { alarm: "farm/x" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() => work.order("WO-2")).toThrow(expect.objectContaining({ code: "ORDER_UNKNOWN" }));
  });
  test("asked twice at once with one key opens one", async () => {
    const { work, farm } = withRigs();
    const [a, b] = await Promise.all([work.open(told()), work.open(told())]);
    expect([a.id, b.id, farm.work.orders.size]).toEqual(["WO-1", "WO-1", 1]);
  });
});

describe("two people at one order", () => {
  test("the second is refused and told the revision; nothing of the first is lost, nothing of the second is written", async () => {
    const { work, journal } = withRigs();
    await work.open(told());
    const both = await Promise.allSettled([
      work.change("WO-1", { what: "edit", rev: 1, by: "badge-1", fields: { assignee: "badge-1" } }),
      work.change("WO-1", { what: "move", rev: 1, by: "badge-2", state: "waiting", waitingFor: "fan" }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((both[1] as PromiseRejectedResult).reason).toMatchObject({
      code: "ORDER_CHANGED",
      detail: expect.stringContaining("revision 2"),
    });
    const written = journal.entries.length;
    expect(work.order("WO-1")).toMatchObject({ assignee: "badge-1", state: "open", rev: 2 });
    await work.change("WO-1", { what: "move", rev: 2, by: "badge-2", state: "waiting", waitingFor: "fan" });
    expect(journal.entries.length).toBe(written + 1);
  });
  test("parts of a rig that is not the order's, and a close in the future, are refused", async () => {
    const { work } = withRigs();
    await work.open(told());
    const parts = [{ rig: "rig-c", part: "fan", index: 1, oldSerial: null, newSerial: null }] as const;
    await expect(work.change("WO-1", { what: "edit", rev: 1, by: "x", fields: { parts: [...parts] } })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
    await expect(work.change("WO-1", { ...close(1), performedTs: T0 + 3_600_000 })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await expect(work.change("WO-1", { what: "tick", by: "x", item: 99, done: true })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a plan", () => {
  const QUARTER = 900_000;
  const plan = planShape.parse({ id: "fans", name: "Fans", kind: "part-replaced", trigger: { by: "hours", runningH: 1 } });
  test("falls due by what the rigs ran, becomes an order, and begins anew with the sealed record, after a restart as well", async () => {
    const { work, farm, journal } = withRigs();
    await expect(work.changePlan({ what: "drop", by: "x", id: "fans" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(work.open(told(undefined, { plan: "fans" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await work.changePlan({ what: "set", by: "x", plan })).toMatchObject({ total: 0, plans: [plan] });
    for (let i = 1; i <= 5; i++) journal.put(telemetry("rig-a", T0 + i * QUARTER, i + 1), T0 + i * QUARTER);
    // A silence of a day is no day of running.
    journal.put(telemetry("rig-b", T0 + 96 * QUARTER, 2), T0 + 96 * QUARTER);
    expect(work.plans()).toMatchObject({ total: 1, due: [{ plan: "fans", rig: "rig-a", ranH: 1.25, overPct: 25, isFirst: true }] });
    await work.open(told("key-00000009", { plan: "fans", rigs: ["rig-a"] }));
    expect(work.plans().total).toBe(0);
    await work.change("WO-1", close(1));
    expect(work.plans().total).toBe(0);
    for (let i = 97; i <= 101; i++) journal.put(telemetry("rig-a", T0 + i * QUARTER, i), T0 + i * QUARTER);
    expect(work.plans().due).toMatchObject([{ rig: "rig-a", ranH: 1.25, isFirst: false }]);
    expect(dueNow(farmOfLines(snapshotLines(farm)))).toEqual(work.plans().due);
    expect(await work.changePlan({ what: "drop", by: "x", id: "fans" })).toEqual({ plans: [], total: 0, due: [] });
  });
});

describe("closing", () => {
  test("seals a record for each rig into its chain of records, and the order names their hashes", async () => {
    const { work, farm } = withRigs();
    await work.open(told());
    const order = await work.change("WO-1", close(1));
    expect(order.records.map(({ rig }) => rig)).toEqual(["rig-a", "rig-b"]);
    for (const { rig, hash } of order.records) {
      const book = recordsOf(farm.ledger, rig);
      expect(book.at(-1)).toMatchObject({ hash, status: "sealed", body: { kind: "part-replaced", summary: "WO-1: Fan changed." } });
      expect(verifyChainOfRecords(book)).toEqual(expect.objectContaining({ ok: true }));
    }
    await expect(work.change("WO-1", { what: "edit", rev: 2, by: "x", fields: { title: "no" } })).rejects.toMatchObject({
      code: "ORDER_CHANGED",
    });
  });

  test("killed between the close and the seals, the next start seals what is missing, once", async () => {
    const first = withRigs();
    await first.work.open(told());
    let sealed = 0;
    first.break((topic) => topic === "$rigtwin/record" && ++sealed > 1);
    const order = await first.work.change("WO-1", close(1));
    expect([order.state, order.records.length, first.faults.length]).toEqual(["done", 1, 1]);

    const next = house(first.journal);
    expect(next.farm.work).toEqual(first.farm.work);
    next.work.start();
    await next.clock.pass(10_000);
    await next.work.stop();
    expect(next.work.order("WO-1").records).toHaveLength(2);
    for (const rig of ["rig-a", "rig-b"]) expect(recordsOf(next.farm.ledger, rig)).toHaveLength(1);
  });

  test("the same journal gives the same book, and a snapshot brings it back whole", async () => {
    const { work, journal, farm } = withRigs();
    await work.open(told());
    await work.addPhoto("WO-1", "badge-1", "label", PIXEL);
    await work.change("WO-1", close(1));
    const again = newFarm("farm");
    for (const entry of journal.entries) foldEntry(again, entry, nothingYet());
    expect(farmHash(again)).toBe(farmHash(farm));
    const restored = farmOfLines(snapshotLines(farm));
    expect(restored.work).toEqual(farm.work);
    foldEntry(again, { ...(journal.entries.at(-1) as never as object), pos: 99 } as never, nothingYet());
    expect(again.work).toEqual(farm.work);
  });
});

describe("photos", () => {
  test("are kept clean, given back, and counted once", async () => {
    const { work, files } = withRigs();
    await work.open(told());
    await work.addPhoto("WO-1", "badge-1", "label", PIXEL);
    const order = await work.addPhoto("WO-1", "badge-1", "again", PIXEL);
    expect(order.photos).toMatchObject([{ caption: "label", media: "image/png", bytes: PIXEL.length }]);
    expect(await work.photo("ab".repeat(32))).toMatchObject({ media: "image/png" });
    files.clear();
    await expect(work.photo("ab".repeat(32))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(work.addPhoto("WO-1", "x", "", Buffer.from("<svg>"))).rejects.toMatchObject({ code: "IMAGE_INVALID" });
  });
});
