import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RecordBody } from "../../../server/twin/record.ts";
import { foldSealed, foldWork, isLive, noWork, statementOf, unsealedOf, type WorkBook } from "../../../server/twin/orders/fold.ts";
import { linesOf } from "../../../server/twin/orders/lines.ts";
import { newOrder, order as orderShape, type Order, type OrderChange, type WorkAct } from "../../../server/twin/orders/shapes.ts";
import { ORDER_STATES } from "../../../server/twin/orders/words.ts";

const T0 = 1_750_000_000_000;
const MIN = 60_000;
const opened = (key = "key-00000001", more: object = {}): WorkAct => ({
  what: "open",
  ...newOrder.parse({ key, by: "badge-1", title: "Fan 2 fails", kind: "part-replaced", corrective: true, rigs: ["a", "b"], ...more }),
});
const act = (change: OrderChange, order = "WO-1"): WorkAct => ({ order, ...change });
const play = (acts: readonly WorkAct[], book = noWork()): WorkBook => {
  acts.forEach((one, i) => foldWork(book, one, T0 + i * MIN));
  return book;
};
const the = (book: WorkBook, id = "WO-1"): Order => {
  const order = book.orders.get(id);
  if (order === undefined) throw new Error(`no ${id}`);
  return order;
};
const bodyOf = (order: Order, rig: string): RecordBody => ({
  v: 1,
  context: "rigtwin/record/v1",
  site: "farm",
  rig,
  serial: null,
  number: 1,
  prev: null,
  sealedTs: T0,
  ...(statementOf(order, rig) ?? { kind: "cleaning", performedTs: 0, technician: "", summary: "", parts: [] }),
});
const close = (rev: number, outcome: "done" | "cancelled" = "done"): OrderChange => ({
  what: "close",
  rev,
  by: "badge-2",
  outcome,
  performedTs: T0 + 1,
  summary: "Fan changed.",
});

describe("an order", () => {
  test("opens with its kind's checklist, and the same key again opens no second one", () => {
    const book = play([opened(), opened(), opened("key-00000002", { checklist: [{ text: "Look" }] })]);
    expect([...book.orders.keys()]).toEqual(["WO-1", "WO-2"]);
    expect(the(book).checklist.length).toBeGreaterThan(3);
    expect(the(book, "WO-2").checklist).toEqual([{ id: 1, text: "Look", doneBy: null, doneTs: null }]);
    expect(orderShape.safeParse(the(book)).error?.issues ?? []).toEqual([]);
  });

  test("what was based on an older revision changes nothing, whatever it is", () => {
    const book = play([opened(), act({ what: "edit", rev: 1, by: "x", fields: { title: "First" } })]);
    const before = the(book);
    for (const late of [
      { what: "edit", rev: 1, by: "y", fields: { title: "Second" } },
      { what: "move", rev: 1, by: "y", state: "waiting", waitingFor: "" },
      close(1),
    ] as const)
      expect(foldWork(book, act(late), T0)).toBeNull();
    expect(the(book)).toBe(before);
    expect(before).toMatchObject({ title: "First", rev: 2, state: "open" });
  });

  test("ticks, notes and time need no revision, and what is sent twice counts once", () => {
    const time = act({ what: "time", key: "time-0001", by: "x", minutes: 30 });
    const book = play([
      opened(),
      act({ what: "tick", by: "x", item: 1, done: true }),
      act({ what: "tick", by: "y", item: 1, done: true }),
      time,
      time,
      act({ what: "note", key: "note-0001", by: "y", text: "Bearing worn" }),
    ]);
    expect(the(book)).toMatchObject({ rev: 1, spentMin: 30 });
    expect(the(book).checklist[0]).toMatchObject({ doneBy: "x", doneTs: T0 + MIN });
    expect(the(book).log.map(({ what }) => what)).toEqual(["open", "tick", "time", "note"]);
  });

  test("an edited list keeps the ticks of the items that stay", () => {
    const book = play([
      opened("key-00000001", { checklist: [{ text: "A" }, { text: "B" }] }),
      act({ what: "tick", by: "x", item: 2, done: true }),
      act({
        what: "edit",
        rev: 1,
        by: "x",
        fields: {
          checklist: [
            { id: 2, text: "B!" },
            { id: null, text: "C" },
          ],
        },
      }),
    ]);
    expect(the(book).checklist).toEqual([
      { id: 2, text: "B!", doneBy: "x", doneTs: T0 + MIN },
      { id: 3, text: "C", doneBy: null, doneTs: null },
    ]);
  });

  test("counts how long it waited for parts", () => {
    const book = play([
      opened(),
      act({ what: "move", rev: 1, by: "x", state: "waiting", waitingFor: "fan" }),
      act({ what: "move", rev: 2, by: "x", state: "in-progress", waitingFor: "" }),
      act({ what: "move", rev: 3, by: "x", state: "waiting", waitingFor: "board" }),
      act(close(4)),
    ]);
    expect(the(book)).toMatchObject({ waitedMs: 2 * MIN, waitingSinceTs: null, waitingFor: "", startedTs: T0 + MIN, state: "done" });
  });

  test("when closed takes notes and nothing else", () => {
    const book = play([opened(), act(close(1, "cancelled"))]);
    expect(book.sealing.size).toBe(0);
    expect(foldWork(book, act({ what: "time", key: "time-0002", by: "x", minutes: 5 }), T0)).toBeNull();
    expect(foldWork(book, act({ what: "edit", rev: 2, by: "x", fields: { title: "z" } }), T0)).toBeNull();
    expect(foldWork(book, act({ what: "note", key: "note-0002", by: "x", text: "Why?" }), T0)?.state).toBe("cancelled");
  });
});

describe("the records of a done order", () => {
  const done = (): WorkBook =>
    play([
      opened(),
      act({
        what: "edit",
        rev: 1,
        by: "x",
        fields: {
          parts: [
            { rig: "a", part: "fan", index: 1, oldSerial: "F1", newSerial: "F2" },
            { rig: "b", part: "psu", index: null, oldSerial: null, newSerial: "P2" },
          ],
        },
      }),
      act(close(2)),
    ]);
  test("say what was done, each with the parts of its rig", () => {
    const order = the(done());
    expect(statementOf(order, "a")).toEqual({
      kind: "part-replaced",
      performedTs: T0 + 1,
      technician: "badge-2",
      summary: "WO-1: Fan changed.",
      parts: [{ part: "fan", index: 1, oldSerial: "F1", newSerial: "F2" }],
    });
    expect(statementOf(order, "b")?.parts).toHaveLength(1);
  });
  test("are linked when they are sealed, once each, and the order is settled with the last", () => {
    const book = done();
    const hash = `0x${"a1".repeat(32)}` as const;
    expect(foldSealed(book, hash, bodyOf(the(book), "a"), T0)?.records).toEqual([{ rig: "a", hash }]);
    expect(foldSealed(book, `0x${"b2".repeat(32)}`, bodyOf(the(book), "a"), T0)).toBeNull();
    expect(unsealedOf(the(book))).toEqual(["b"]);
    expect([...book.sealing]).toEqual(["WO-1"]);
    foldSealed(book, `0x${"c3".repeat(32)}`, bodyOf(the(book), "b"), T0);
    expect(book.sealing.size).toBe(0);
  });
  test("another statement about the rig is not taken for it", () => {
    const book = done();
    for (const other of [
      { summary: "Fan changed." },
      { technician: "badge-9" },
      { performedTs: 5 },
      { kind: "cleaning" as const },
      { rig: "c" },
    ])
      expect(foldSealed(book, `0x${"d4".repeat(32)}`, { ...bodyOf(the(book), "a"), ...other }, T0)).toBeNull();
  });
});

test("any acts in any order give the same book twice, revisions without gaps, and states that fit", () => {
  const change = fc.oneof(
    fc.record({
      what: fc.constant("move" as const),
      rev: fc.nat(6),
      by: fc.constant("x"),
      state: fc.constantFrom("open", "in-progress", "waiting"),
      waitingFor: fc.constant(""),
    }),
    fc.record({ what: fc.constant("tick" as const), by: fc.constant("y"), item: fc.nat(8), done: fc.boolean() }),
    fc.record({ what: fc.constant("edit" as const), rev: fc.nat(6), by: fc.constant("x"), fields: fc.constant({ title: "t" }) }),
    fc.nat(6).map((rev) => close(rev)),
  );
  const acts = fc.array(fc.tuple(fc.constantFrom("WO-1", "WO-2", "WO-9"), change), { maxLength: 30 });
  fc.assert(
    fc.property(acts, (list) => {
      const all = [opened(), opened("key-00000002"), ...list.map(([order, one]) => act(one as OrderChange, order))];
      const book = play(all);
      expect(play(all)).toEqual(book);
      expect(book.orders.size).toBe(2);
      for (const order of book.orders.values()) {
        expect(ORDER_STATES).toContain(order.state);
        expect(order.rev - 1).toBe(order.log.filter(({ what }) => what === "edit" || what === "move" || what === "close").length);
        expect(order.closing !== null).toBe(!isLive(order));
        expect(book.sealing.has(order.id)).toBe(order.state === "done");
      }
      expect(linesOf(book)).toHaveLength(2);
    }),
  );
});
