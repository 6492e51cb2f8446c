import { useState } from "react";
import type { Order, OrderChange } from "../../server/twin/orders/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";

/** A key of its own for an act, so that a second sending counts once. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export interface OrderHand {
  readonly busy: boolean;
  /** In the server's words, null where all is well. */
  readonly trouble: string | null;
  /** Somebody else was first; nothing was changed. */
  readonly conflict: boolean;
  /** Gives the order after it, null where it was refused. */
  readonly send: (change: OrderChange) => Promise<Order | null>;
  readonly clear: () => void;
}

/** Sends changes of one order; `onOrder` is told each order that comes back. */
export const useOrderHand = (id: string, onOrder: (order: Order) => void, onConflict: () => void): OrderHand => {
  const { ask } = useSite();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ readonly code: string; readonly message: string } | null>(null);
  const send = async (change: OrderChange): Promise<Order | null> => {
    setBusy(true);
    setFault(null);
    try {
      const order = await ask.post<Order>({ route: ROUTES.order, parameters: { order: id } }, change);
      onOrder(order);
      return order;
    } catch (error) {
      const { code, message } = failureOf(error);
      setFault({ code, message });
      if (code === "ORDER_CHANGED") onConflict();
      return null;
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    trouble: fault === null ? null : fault.message,
    conflict: fault?.code === "ORDER_CHANGED",
    send,
    clear: () => setFault(null),
  };
};
