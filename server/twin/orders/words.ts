/** The closed lists of work orders, apart from the schemas so that a browser need not load those. */
import type { RECORD_KINDS } from "../record.ts";

export const ORDER_STATES = ["open", "in-progress", "waiting", "done", "cancelled"] as const;
export type OrderState = (typeof ORDER_STATES)[number];
/** States in which an order is still worked on, in the order of the board's columns. */
export const LIVE_STATES = ["open", "in-progress", "waiting"] as const satisfies readonly OrderState[];
export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;
export type Priority = (typeof PRIORITIES)[number];
/** What an order is for; closing it seals a record of that kind. */
export const ORDER_KINDS = [
  "inspection",
  "cleaning",
  "part-replaced",
  "firmware",
  "repair-sent",
  "repair-returned",
  "installation",
  "retired",
] as const satisfies readonly (typeof RECORD_KINDS)[number][];
export type OrderKind = (typeof ORDER_KINDS)[number];
export const COSTS = ["parts", "labour", "shipping", "vendor", "other"] as const;
/** Vendors and what each asks for in a warranty claim; `other` for the rest. */
export const CLAIM_FIELDS = {
  microbt: ["rmaNumber", "faultCode"],
  bitmain: ["rmaNumber", "claimReason"],
  avalon: ["ticketId", "faultDescription"],
  other: ["reference", "faultDescription"],
} as const;
export const VENDORS = ["microbt", "bitmain", "avalon", "other"] as const satisfies readonly (keyof typeof CLAIM_FIELDS)[];
export type Vendor = (typeof VENDORS)[number];
export const CLAIM_STATES = ["draft", "claimed", "approved", "refused", "returned"] as const;
