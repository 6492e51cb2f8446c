/** Keeps what Home Assistant finds of the farm at the broker: what changed each fifteen seconds, everything each ten minutes. */
import type { Farm } from "../twin/farm.ts";
import { hassOf, type HassLevel } from "../twin/hass.ts";
import type { SiteTotals } from "../twin/twin.ts";
import type { Clock } from "./clock.ts";

export interface HassNeeds {
  readonly clock: Clock;
  readonly farm: () => Farm;
  /** Its figures as they are shown. */
  readonly totals: (farm: Farm) => SiteTotals;
  readonly level: HassLevel;
  readonly version: string;
  /** Whether the broker is there; what is published meanwhile would only pile up. */
  readonly connected: () => boolean;
  /** Publishes and lets the broker keep it; an empty payload takes it back. */
  readonly retain: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}

const STEP_MS = 15_000;
/** A broker may have lost what it kept. */
const AGAIN_MS = 600_000;

/** Starts it; gives what stops it. */
export const startHass = ({ clock, farm, totals, level, version, connected, retain, onError }: HassNeeds): (() => void) => {
  if (level === "off") return () => undefined;
  const sent = new Map<string, string>();
  let wholeTs = Number.NEGATIVE_INFINITY;
  const step = (): void => {
    if (!connected()) {
      wholeTs = Number.NEGATIVE_INFINITY;
      return;
    }
    if (clock.now() - wholeTs >= AGAIN_MS) {
      sent.clear();
      wholeTs = clock.now();
    }
    for (const { topic, payload } of hassOf(farm(), level, version, totals(farm()))) {
      if (sent.get(topic) === payload) continue;
      sent.set(topic, payload);
      // not waited for: a broker that goes away in between must not hold up the next round, which sends all of it
      retain(topic, new TextEncoder().encode(payload)).catch((error: unknown) => {
        sent.delete(topic);
        onError("Home Assistant was not told", error);
      });
    }
  };
  step();
  return clock.every(STEP_MS, step);
};
