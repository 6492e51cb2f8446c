/** An order in one line, as boards, lists and the live feed show it. */
import { isLive, type WorkBook } from "./fold.ts";
import type { Order } from "./shapes.ts";

export type OrderLine = Pick<
  Order,
  | "id"
  | "number"
  | "rev"
  | "changes"
  | "state"
  | "title"
  | "kind"
  | "corrective"
  | "priority"
  | "assignee"
  | "rigs"
  | "dueTs"
  | "waitingFor"
  | "alarm"
  | "openedTs"
  | "changedTs"
> & {
  readonly closedTs: number | null;
  readonly items: number;
  readonly itemsDone: number;
  readonly photos: number;
  readonly parts: number;
  readonly spentMin: number;
  /** Records sealed, of as many as it has rigs. */
  readonly sealed: number;
};

export const lineOf = (order: Order): OrderLine => {
  const {
    id,
    number,
    rev,
    changes,
    state,
    title,
    kind,
    corrective,
    priority,
    assignee,
    rigs,
    dueTs,
    waitingFor,
    alarm,
    openedTs,
    changedTs,
  } = order;
  return {
    id,
    number,
    rev,
    changes,
    state,
    title,
    kind,
    corrective,
    priority,
    assignee,
    rigs,
    dueTs,
    waitingFor,
    alarm,
    openedTs,
    changedTs,
    closedTs: order.closing?.ts ?? null,
    items: order.checklist.length,
    itemsDone: order.checklist.filter(({ doneTs }) => doneTs !== null).length,
    photos: order.photos.length,
    parts: order.parts.length,
    spentMin: order.spentMin,
    sealed: order.records.length,
  };
};

const MOST_CLOSED = 200;

/** Orders that are worked on and the newest closed ones, for a snapshot of the feed. */
export const linesOf = ({ orders }: WorkBook): OrderLine[] => {
  const all = [...orders.values()];
  const closed = all.filter((order) => !isLive(order)).toSorted((a, b) => b.changedTs - a.changedTs);
  return [...all.filter(isLive), ...closed.slice(0, MOST_CLOSED)].map(lineOf);
};
