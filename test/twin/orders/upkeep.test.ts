/** What falls due, how often machines fail, and how long they stay so. */
import { describe, expect, test } from "@jest/globals";
import { dueOf } from "../../../server/twin/orders/due.ts";
import { foldWork, noWork } from "../../../server/twin/orders/fold.ts";
import { failuresOf, reliabilityOf, type Failure } from "../../../server/twin/orders/reliability.ts";
import { foldRunning, foldServed, MOST_BETWEEN_MS, noService } from "../../../server/twin/orders/service.ts";
import { newOrder, plan as planShape, reliability as shape, type Order, type Plan } from "../../../server/twin/orders/shapes.ts";
import { DAY_MS } from "../../../server/twin/days.ts";
import type { Twin } from "../../../server/twin/twin.ts";
import type { DayUse } from "../../../server/twin/usage/use.ts";

const T0 = 20_000 * DAY_MS;
const HOUR = 3_600_000;
const twin = (rig: string, lastDeviceTs: number | null, hashrateThs: number | null = 100, model = "S21"): Twin =>
  ({ rig, lastDeviceTs, latest: { hashrateThs }, modelId: model.toLowerCase(), identity: { model }, firstSeenTs: T0 }) as unknown as Twin;
const hours = (runningH: number, more: object = {}): Plan =>
  planShape.parse({ id: "filters", name: "Filters", kind: "cleaning", trigger: { by: "hours", runningH }, ...more });

describe("running hours", () => {
  test("count what lies before a reading that hashes, no silence longer than fifteen minutes, and nothing twice", () => {
    const book = noService();
    const step = (from: number | null, to: number, ths = 100): void => foldRunning(book, twin("a", from), twin("a", to, ths));
    step(null, T0);
    step(T0, T0 + 10_000);
    step(T0 + 10_000, T0 + 20_000, 0);
    step(T0 + 20_000, T0 + 20_000);
    step(T0 + 20_000, T0 + 5 * HOUR);
    expect(book.ranMs.get("a")).toBe(10_000 + MOST_BETWEEN_MS);
  });
});

describe("what is due", () => {
  const service = noService();
  const twins = new Map(["a", "b", "c"].map((rig) => [rig, twin(rig, T0, 100, rig === "c" ? "M60" : "S21")]));
  service.ranMs
    .set("a", 2_500 * HOUR)
    .set("b", 2_100 * HOUR)
    .set("c", 9_000 * HOUR);
  const due = (plan: Plan, work = noWork(), drifting: Parameters<typeof dueOf>[0]["drifting"] = () => undefined) => {
    foldWork(work, { what: "plan", change: { what: "set", by: "x", plan } }, T0);
    return dueOf({ work, service, twins, drifting });
  };
  const names = (list: ReturnType<typeof due>): string[] => list.map(({ rig }) => rig);

  test("by hours: the most overdue first, of the plan's model alone", () => {
    expect(names(due(hours(2_000)))).toEqual(["c", "a", "b"]);
    expect(names(due(hours(2_000, { model: "S21" })))).toEqual(["a", "b"]);
    expect(due(hours(2_000, { model: "S21" }))[0]).toMatchObject({ ranH: 2_500, overPct: 25, isFirst: true, sinceTs: T0 });
  });
  test("a sealed record of its kind begins anew, of another kind does not; an order under way is not named again", () => {
    foldServed(service, "c", "cleaning", T0 + 5);
    foldServed(service, "a", "inspection", T0 + 5);
    service.ranMs.set("c", 9_000 * HOUR + 1_999 * HOUR);
    expect(names(due(hours(2_000)))).toEqual(["a", "b"]);
    service.ranMs.set("c", 11_000 * HOUR);
    expect(due(hours(2_000)).find(({ rig }) => rig === "c")).toMatchObject({ ranH: 2_000, isFirst: false, sinceTs: T0 + 5 });
    const work = noWork();
    foldWork(
      work,
      {
        what: "open",
        ...newOrder.parse({ key: "key-00000001", by: "x", title: "F", kind: "cleaning", corrective: false, rigs: ["a"], plan: "filters" }),
      },
      T0,
    );
    expect(names(due(hours(2_000), work))).toEqual(["b", "c"]);
    const order = work.orders.get("WO-1") as Order;
    work.orders.set("WO-1", { ...order, state: "cancelled" });
    expect(names(due(hours(2_000), work))).toEqual(["a", "b", "c"]);
  });
  test("by drift: while the alarm stands, unless the work was done after it was raised", () => {
    const plan = planShape.parse({ id: "drift", name: "Look", kind: "cleaning", trigger: { by: "drift" } });
    const drifting = (rig: string) => (rig === "b" ? undefined : { id: `${rig}/1`, raisedTs: T0 + 4, message: "3 °C over" });
    expect(due(plan, noWork(), drifting)).toMatchObject([{ rig: "a", alarm: "a/1", says: "3 °C over", ranH: null, sinceTs: T0 + 4 }]);
  });
});

describe("failures", () => {
  let number = 0;
  const order = (more: Partial<Order>): Order =>
    ({
      id: `WO-${++number}`,
      kind: "part-replaced",
      corrective: true,
      state: "done",
      rigs: ["a"],
      faultTs: null,
      openedTs: T0,
      waitedMs: 0,
      records: [],
      costs: [],
      closing: { ts: T0 + 4 * HOUR, performedTs: T0 + 3 * HOUR, by: "x", summary: "" },
      ...more,
    }) as unknown as Order;
  const record = (kind: "part-replaced" | "repair-sent" | "repair-returned" | "cleaning", h: number, hash = `0x${h}`) => ({
    kind,
    performedTs: T0 + h * HOUR,
    hash,
  });
  const told = (orders: Order[], records: ReturnType<typeof record>[] = []): [number, number | null][] =>
    failuresOf(orders, new Map([["a", records]])).map(({ fromTs, mendedTs }) => [
      (fromTs - T0) / HOUR,
      mendedTs === null ? null : (mendedTs - T0) / HOUR,
    ]);

  test("begin with the alarm behind them, else with the order; cancelled and planned work is none", () => {
    expect(told([order({ faultTs: T0 - HOUR })])).toEqual([[-1, 3]]);
    expect(told([order({})])).toEqual([[0, 3]]);
    expect(told([order({ state: "cancelled" }), order({ corrective: false }), order({ kind: "repair-returned" })])).toEqual([]);
    expect(told([order({ state: "open", closing: null })])).toEqual([[0, null]]);
  });
  test("a record that an order made is no second one; one that none made is one; cleaning is none", () => {
    expect(told([order({ records: [{ rig: "a", hash: "0x3" }] })], [record("part-replaced", 3)])).toEqual([[0, 3]]);
    expect(told([], [record("part-replaced", 7), record("cleaning", 8)])).toEqual([[7, 7]]);
  });
  test("what is sent away is mended when it comes back; what begins meanwhile is the same failure", () => {
    expect(told([order({ kind: "repair-sent" })], [record("repair-returned", 200)])).toEqual([[0, 200]]);
    expect(told([order({ kind: "repair-sent" })])).toEqual([[0, null]]);
    expect(
      told([
        order({}),
        order({ openedTs: T0 + 2 * HOUR, closing: { ts: T0 + 9 * HOUR, performedTs: T0 + 8 * HOUR, by: "x", summary: "" } }),
      ]),
    ).toEqual([[0, 8]]);
  });

  const use = (rigs: Record<string, number>): DayUse =>
    ({ day: 20_000, rigs: Object.entries(rigs).map(([rig, runH]) => ({ rig, runH, thH: runH * 100 })) }) as unknown as DayUse;
  const places = new Map(
    ["a", "b", "c", "d"].map((rig) => [rig, { model: "S21", position: { container: "C", rack: rig < "c" ? "R1" : "R2", slot: rig } }]),
  );
  const failure = (rig: string, h: number, mended: number | null = h + 2): Failure => ({
    rig,
    fromTs: T0 + h * HOUR,
    mendedTs: mended === null ? null : T0 + mended * HOUR,
    waitedMs: HOUR / 2,
    order: null,
  });
  const figures = (failures: Failure[], by: "rack" | "rig" | "site" = "rig", orders: Order[] = []) =>
    reliabilityOf({
      fromTs: T0,
      toTs: T0 + DAY_MS,
      by,
      site: "farm",
      places,
      failures,
      orders,
      days: [use({ a: 24, b: 24, c: 24, d: 24 })],
      alarms: [
        { rig: "a", scope: "rig", severity: "major", raisedTs: T0 + 1 },
        { rig: "a", scope: "rig", severity: "info", raisedTs: T0 + 1 },
      ],
    });

  test("MTBF is running hours by failures, MTTR the mean of those mended in these days; what is outside does not count", () => {
    const { total, lines } = figures([
      failure("a", 1),
      failure("a", 10, 16),
      failure("b", 20, 30),
      failure("c", -5, 1),
      failure("d", 2, null),
    ]);
    expect(total).toMatchObject({ failures: 4, mended: 3, mtbfH: 24, alarms: 1, isRepeat: false });
    expect(total.mttrH).toBeCloseTo((2 + 6 + 6) / 3, 9);
    expect(total.waitedH).toBeCloseTo(0.5, 9);
    expect(lines[0]).toMatchObject({ name: "a", failures: 2, mtbfH: 12, mttrH: 4, isRepeat: true });
    expect(lines.filter(({ isRepeat }) => isRepeat)).toHaveLength(1);
    expect(lines.find(({ name }) => name === "c")).toMatchObject({ failures: 0, mended: 1, mtbfH: null });
  });
  test("a rack repeats where it fails half again as often as the site, on two rigs or more", () => {
    const often = [failure("a", 1), failure("b", 4), failure("a", 8)];
    expect(figures(often, "rack").lines.map(({ name, isRepeat }) => [name, isRepeat])).toEqual([
      ["C / R1", true],
      ["C / R2", false],
    ]);
    expect(figures([...often, failure("c", 1), failure("d", 4), failure("c", 8)], "rack").lines.some(({ isRepeat }) => isRepeat)).toBe(
      false,
    );
    expect(figures([failure("a", 1), failure("a", 4), failure("a", 8)], "rack").lines[0]?.isRepeat).toBe(false);
    expect(figures(often, "site").lines[0]?.isRepeat).toBe(false);
  });
  test("costs are of orders closed in these days, in equal parts, by currency; per TH·h of what was delivered", () => {
    const orders = [
      order({ rigs: ["a", "b"], costs: [{ what: "parts", amount: 80, currency: "EUR", note: "" }] }),
      order({ costs: [{ what: "parts", amount: 7, currency: "USD", note: "" }] }),
      order({
        costs: [{ what: "parts", amount: 9, currency: "EUR", note: "" }],
        closing: { ts: T0 - 1, performedTs: T0 - 2, by: "x", summary: "" },
      }),
    ];
    const { total, lines } = figures([], "rig", orders);
    expect(total.costs).toEqual([
      { currency: "EUR", amount: 80, perThH: 80 / 9_600 },
      { currency: "USD", amount: 7, perThH: 7 / 9_600 },
    ]);
    expect(lines.find(({ name }) => name === "b")?.costs).toEqual([{ currency: "EUR", amount: 40, perThH: 40 / 2_400 }]);
    expect(shape.shape.total.safeParse(total).success).toBe(true);
  });
});
