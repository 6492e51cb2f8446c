import { IconAlertTriangle, IconChevronDown, IconChevronsUp, IconEqual } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { OrderLine } from "../../server/twin/orders/lines.ts";
import { LIVE_STATES, type OrderState, type Priority } from "../../server/twin/orders/words.ts";
import { day, iso } from "../format.ts";
import { workText as text } from "../texts-work.ts";
import { toned } from "./value.tsx";

const ICONS = { low: IconChevronDown, normal: IconEqual, high: IconChevronsUp, urgent: IconAlertTriangle } as const;
const TONES: Readonly<Record<Priority, string>> = { low: "ink-3", normal: "sev-info", high: "sev-major", urgent: "sev-critical" };
const STATE_TONES: Readonly<Record<OrderState, string>> = {
  open: "sev-info",
  "in-progress": "accent",
  waiting: "sev-minor",
  done: "state-hashing",
  cancelled: "ink-3",
};

export const PriorityMark = ({ priority }: { readonly priority: Priority }): ReactNode => {
  const Icon = ICONS[priority];
  return (
    <span className="mark" style={toned(TONES[priority])}>
      <Icon size={14} color="var(--tone)" aria-hidden />
      {text.priorities[priority]}
    </span>
  );
};

export const StateOfOrder = ({ state }: { readonly state: OrderState }): ReactNode => (
  <span className="mark" style={toned(STATE_TONES[state])}>
    <i className={state === "cancelled" ? "dot round hollow" : "dot round"} aria-hidden />
    {text.states[state]}
  </span>
);

export const isUnderWay = ({ state }: Pick<OrderLine, "state">): boolean => (LIVE_STATES as readonly string[]).includes(state);
export const isOverdue = (order: Pick<OrderLine, "state" | "dueTs">, now: number): boolean =>
  order.dueTs !== null && order.dueTs < now && isUnderWay(order);

/** When it is due, marked in words and colour once that is over. */
export const Due = ({ order, now }: { readonly order: Pick<OrderLine, "state" | "dueTs">; readonly now: number }): ReactNode => {
  if (order.dueTs === null || !isUnderWay(order)) return null;
  const late = isOverdue(order, now);
  return (
    <time className={late ? "bad" : "quiet"} dateTime={iso(order.dueTs)} title={iso(order.dueTs)}>
      {late ? text.overdue(day(order.dueTs)) : text.due(day(order.dueTs))}
    </time>
  );
};
