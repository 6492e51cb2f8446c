import { useMemo } from "react";
import type { Address } from "./address.ts";
import type { Span } from "./plot.ts";

/** A stretch of time at which a page's charts are held, kept in its address so that a link shows it; null: they follow now. */
export const useHeld = (address: Address): readonly [Span | null, (span: Span | null) => void] => {
  const text = address.get("held");
  const held = useMemo((): Span | null => {
    const [, from = "", to = ""] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
    return from !== "" && Number(from) < Number(to) ? { from: Number(from), to: Number(to) } : null;
  }, [text]);
  return [held, (span) => address.put({ held: span === null ? "" : `${Math.floor(span.from)}-${Math.ceil(span.to)}` })];
};
