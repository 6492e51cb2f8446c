/**
 * The book of work orders, folded from the journal's acts. An act that was based on an older revision changes nothing: whoever wrote it
 * was refused, and a replay comes to the same book.
 */
import { RECORD_CONTEXT, type RecordBody } from "../record.ts";
import { CHECKLISTS } from "./checklists.ts";
import { MOST_LOG, MOST_PHOTOS } from "./limits.ts";
import type { EditFields, LogLine, NewOrder, Order, OrderChange, Plan, WorkAct } from "./shapes.ts";

export interface WorkBook {
  readonly orders: Map<string, Order>;
  /** Key of the act that opened an order → its id. */
  readonly opened: Map<string, string>;
  /** Orders done whose records are not all sealed. */
  readonly sealing: Set<string>;
  readonly plans: Map<string, Plan>;
}

export const noWork = (): WorkBook => ({ orders: new Map(), opened: new Map(), sealing: new Set(), plans: new Map() });

export const isLive = ({ state }: Pick<Order, "state">): boolean => state !== "done" && state !== "cancelled";

const line = (ts: number, by: string, what: LogLine["what"], text: string, key: string | null = null): LogLine => ({
  ts,
  by,
  what,
  text,
  key,
});
/** The newest lines; what is older is in the journal. */
const logged = (log: readonly LogLine[], next: LogLine): LogLine[] => [...log.slice(-(MOST_LOG - 1)), next];

const openOrder = (book: WorkBook, act: NewOrder, ts: number): Order | null => {
  if (book.opened.has(act.key)) return null;
  const number = book.orders.size + 1;
  const { title, detail, kind, corrective, priority, assignee, dueTs, alarm, plan, faultTs, by } = act;
  const texts = act.checklist?.map(({ text }) => text) ?? CHECKLISTS[kind];
  const order: Order = {
    id: `WO-${number}`,
    number,
    rev: 1,
    changes: 1,
    state: "open",
    title,
    detail,
    kind,
    corrective,
    priority,
    assignee,
    rigs: [...new Set(act.rigs)],
    alarm,
    plan,
    faultTs,
    dueTs,
    waitingFor: "",
    checklist: texts.map((text, i) => ({ id: i + 1, text, doneBy: null, doneTs: null })),
    parts: [],
    costs: [],
    claim: null,
    photos: [],
    spentMin: 0,
    openedTs: ts,
    openedBy: by,
    changedTs: ts,
    startedTs: null,
    waitedMs: 0,
    waitingSinceTs: null,
    closing: null,
    records: [],
    log: [line(ts, by, "open", title)],
  };
  book.opened.set(act.key, order.id);
  return order;
};

/** The list as wished; an item that keeps its id keeps its tick. */
const listAfter = (before: Order["checklist"], wished: NonNullable<EditFields["checklist"]>): Order["checklist"] => {
  let next = before.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  return wished.map(({ id, text }) => {
    const old = before.find((item) => item.id === id);
    return old === undefined ? { id: next++, text, doneBy: null, doneTs: null } : { ...old, text };
  });
};

const edited = (order: Order, fields: EditFields): Order => {
  const { checklist, ...rest } = fields;
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<Order>;
  return { ...order, ...told, ...(checklist === undefined ? {} : { checklist: listAfter(order.checklist, checklist) }) };
};

/** Ends the waiting under way, if there is one. */
const woken = (order: Order, ts: number): Order =>
  order.waitingSinceTs === null
    ? order
    : { ...order, waitedMs: order.waitedMs + Math.max(0, ts - order.waitingSinceTs), waitingSinceTs: null };

const moved = (order: Order, { state, waitingFor }: Extract<OrderChange, { what: "move" }>, ts: number): Order => ({
  ...woken(order, ts),
  state,
  waitingFor: state === "waiting" ? waitingFor : "",
  waitingSinceTs: state === "waiting" ? ts : null,
  startedTs: order.startedTs ?? (state === "open" ? null : ts),
});

const closed = (order: Order, { outcome, by, performedTs, summary }: Extract<OrderChange, { what: "close" }>, ts: number): Order => ({
  ...woken(order, ts),
  state: outcome,
  waitingFor: "",
  startedTs: order.startedTs ?? (outcome === "done" ? ts : null),
  closing: { ts, by, performedTs, summary },
});

const ticked = (order: Order, { item: id, done, by }: Extract<OrderChange, { what: "tick" }>, ts: number): Order | null => {
  const item = order.checklist.find((one) => one.id === id);
  if (item === undefined || (item.doneTs !== null) === done) return null;
  const after = { ...item, doneBy: done ? by : null, doneTs: done ? ts : null };
  return { ...order, checklist: order.checklist.map((one) => (one.id === id ? after : one)) };
};

const words = (act: OrderChange): string => {
  switch (act.what) {
    case "edit":
      return Object.keys(act.fields).join(", ");
    case "move":
      return act.waitingFor === "" ? act.state : `${act.state}: ${act.waitingFor}`;
    case "close":
      return act.outcome;
    case "tick":
      return `${act.done ? "+" : "-"}${act.item}`;
    case "note":
      return act.text;
    case "time":
      return String(act.minutes);
  }
};

const carried = (order: Order, act: OrderChange, ts: number): Order | null => {
  // A closed order is as it is; only words may still be added.
  if (!isLive(order) && act.what !== "note") return null;
  if ("rev" in act && act.rev !== order.rev) return null;
  if ("key" in act && order.log.some(({ key }) => key === act.key)) return null;
  switch (act.what) {
    case "edit":
      return edited(order, act.fields);
    case "move":
      return moved(order, act, ts);
    case "close":
      return closed(order, act, ts);
    case "tick":
      return ticked(order, act, ts);
    case "note":
      return { ...order };
    case "time":
      return { ...order, spentMin: order.spentMin + act.minutes };
  }
};

const changeOrder = (order: Order, act: OrderChange, ts: number): Order | null => {
  const after = carried(order, act, ts);
  if (after === null) return null;
  return {
    ...after,
    rev: order.rev + ("rev" in act ? 1 : 0),
    changes: order.changes + 1,
    changedTs: ts,
    log: logged(order.log, line(ts, act.by, act.what, words(act), "key" in act ? act.key : null)),
  };
};

const addPhoto = (order: Order, { photo, by }: Extract<WorkAct, { what: "photo" }>, ts: number): Order | null => {
  if (!isLive(order) || order.photos.length >= MOST_PHOTOS || order.photos.some(({ hash }) => hash === photo.hash)) return null;
  return {
    ...order,
    photos: [...order.photos, { ...photo, by, ts }],
    changes: order.changes + 1,
    changedTs: ts,
    log: logged(order.log, line(ts, by, "photo", photo.caption)),
  };
};

/** Folds one act at journal time `ts`. Gives the order it changed, null where it changed none. Changes `book`. */
export const foldWork = (book: WorkBook, act: WorkAct, ts: number): Order | null => {
  if (act.what === "plan") {
    if (act.change.what === "set") book.plans.set(act.change.plan.id, act.change.plan);
    else book.plans.delete(act.change.id);
    return null;
  }
  const before = act.what === "open" ? null : (book.orders.get(act.order) ?? null);
  const after =
    act.what === "open"
      ? openOrder(book, act, ts)
      : before === null
        ? null
        : act.what === "photo"
          ? addPhoto(before, act, ts)
          : changeOrder(before, act, ts);
  if (after === null) return null;
  book.orders.set(after.id, after);
  if (after.state === "done" && before?.state !== "done") book.sealing.add(after.id);
  return after;
};

/** What is sealed of a rig when the order is done. Throws nothing; null where it is not done. */
export const statementOf = (
  order: Order,
  rig: string,
): Pick<RecordBody, "kind" | "performedTs" | "technician" | "summary" | "parts"> | null => {
  if (order.closing === null || order.state !== "done") return null;
  const { performedTs, by, summary } = order.closing;
  const parts = order.parts
    .filter((part) => part.rig === rig)
    .map(({ part, index, oldSerial, newSerial }) => ({ part, index, oldSerial, newSerial }));
  return { kind: order.kind, performedTs, technician: by, summary: `${order.id}: ${summary}`, parts };
};

const saysTheSame = (body: RecordBody, told: ReturnType<typeof statementOf>): boolean =>
  told !== null &&
  body.context === RECORD_CONTEXT &&
  body.kind === told.kind &&
  body.performedTs === told.performedTs &&
  body.technician === told.technician &&
  body.summary === told.summary;

/** Rigs of a done order whose record is not sealed yet. */
export const unsealedOf = (order: Order): string[] => order.rigs.filter((rig) => !order.records.some((record) => record.rig === rig));

/** Links a sealed record to the order that it closes; gives the order, null where it belongs to none. Changes `book`. */
export const foldSealed = (book: WorkBook, hash: `0x${string}`, body: RecordBody, ts: number): Order | null => {
  for (const id of book.sealing) {
    const order = book.orders.get(id);
    if (order === undefined || !unsealedOf(order).includes(body.rig) || !saysTheSame(body, statementOf(order, body.rig))) continue;
    const after: Order = {
      ...order,
      records: [...order.records, { rig: body.rig, hash }],
      changes: order.changes + 1,
      changedTs: ts,
      log: logged(order.log, line(ts, body.technician, "sealed", body.rig)),
    };
    book.orders.set(id, after);
    if (unsealedOf(after).length === 0) book.sealing.delete(id);
    return after;
  }
  return null;
};
