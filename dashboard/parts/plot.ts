import type { Quantity } from "./quantity.ts";

/** One line or area of a chart. */
export interface Line {
  readonly label: string;
  readonly quantity: Quantity;
  /** Name of a colour token. */
  readonly tone: string;
  /** ms UTC, rising. */
  readonly x: readonly number[];
  /** In the quantity's base unit (TH/s, W, °C …); null is a gap. */
  readonly y: readonly (number | null)[];
  readonly side?: "left" | "right";
  readonly fill?: boolean;
  /** Areas of the same name stand on each other. */
  readonly stack?: "gives" | "takes";
  readonly dashed?: boolean;
}

/** Something that happened, marked on the time axis; `untilTs` is absent for a moment, null for what still lasts. */
export interface Happening {
  readonly ts: number;
  readonly untilTs?: number | null;
  readonly label: string;
  readonly tone: string;
}

/** A stretch of time, ms UTC. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
