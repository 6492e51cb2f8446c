/** What a rig should give by its own history, as lines over the measured ones. */
import { useMemo } from "react";
import type { ExpectedAnswer } from "../../server/twin/alarms/watch-shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import type { Line, Span } from "../parts/plot.ts";
import type { Quantity } from "../parts/quantity.ts";
import { useAnswer } from "../site.tsx";
import { say } from "../texts.ts";

const lineOf = (data: ExpectedAnswer | null, of: keyof ExpectedAnswer["lines"], quantity: Quantity, label: string): Line[] => {
  const y = data?.lines[of].expected ?? [];
  // Before anything is learnt there is no line, and no name of one in the legend.
  return y.some((value) => value !== null) ? [{ label, quantity, tone: "line-expected", x: data?.ts ?? [], y, dashed: true }] : [];
};

/** The expected curves of a span; without the answer there are just none. `name` tells spans apart as the measured ones' does. */
export const useExpected = (rig: string, span: Span | null, points: number, name: string) => {
  const { data } = useAnswer<ExpectedAnswer>(
    span && { route: ROUTES.rigExpected, parameters: { rig }, query: { from: span.from, to: span.to, points } },
    null,
    `expected ${name}`,
  );
  return useMemo(
    () => ({
      hashrate: lineOf(data, "hashrateThs", "hashrate", say.rig.expected),
      power: lineOf(data, "powerW", "power", say.rig.expected),
      board: lineOf(data, "boardC", "celsius", say.rig.expected),
    }),
    [data],
  );
};
