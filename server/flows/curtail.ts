/** The path of a curtailment: a wish in the folded farm → rigs chosen → journal → commands, in stages, down and up. */
import type { Ordered, Order } from "../twin/commands.ts";
import { drawOfAll, limitOf, worthAt, type CurtailNews, type Event } from "../twin/curtail/book.ts";
import { chooseDown, nextStep, worstFirst, type Step } from "../twin/curtail/plan.ts";
import {
  MEMBER_STATES,
  type CurtailAct,
  type CurtailEvent,
  type Curtailment,
  type MemberState,
  type Target,
} from "../twin/curtail/shapes.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";
import { journalNow, type Clock } from "./clock.ts";

export interface CurtailNeeds {
  readonly clock: Clock;
  readonly farm: () => Farm;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly order: (order: Order) => Promise<Ordered>;
  readonly onError: (what: string, error: unknown) => void;
}
const PUMP_MS = 2_000;
/** A late "wake up" costs hardware: a command is good for so long after it is due. */
const EXPIRES_S = 60;
const SHOWN_PAST = 50;
const SHOWN_MEMBERS = 2_000;

const bytesOf = (news: CurtailNews): Uint8Array => new TextEncoder().encode(JSON.stringify(news));

const countsOf = (event: Event): Record<MemberState, number> => {
  const counts = Object.fromEntries(MEMBER_STATES.map((state) => [state, 0])) as Record<MemberState, number>;
  for (const { state } of event.members.values()) counts[state] += 1;
  return counts;
};
const phaseOf = (event: Event, counts: Record<MemberState, number>): CurtailEvent["phase"] => {
  if (event.doneTs !== null) return "done";
  if (event.endTs !== null) return "up";
  return counts.ordered > 0 || event.orderedTs === 0 ? "down" : "held";
};

const eventAnswer = (event: Event): CurtailEvent => {
  const counts = countsOf(event);
  const { limitW } = limitOf({ ...event, endTs: null });
  return {
    id: event.id,
    fromTs: event.fromTs,
    endTs: event.endTs,
    doneTs: event.doneTs,
    phase: phaseOf(event, counts),
    wishes: [...event.wishes],
    baselineW: event.baselineW,
    limitW: Number.isFinite(limitW) ? limitW : null,
    drawnW: event.drawnW,
    counts,
    pausedRigs: event.pausedRigs,
    savedKwh: event.kwh,
    saved: event.currency === null ? null : event.money,
    currency: event.currency,
    savedKgco2e: event.kgco2e,
    forgoneThH: event.thH,
    members: [...event.members.values()]
      .slice(0, SHOWN_MEMBERS)
      .map(({ rig, state, beforeW, beforeThs, detail }) => ({ rig, state, beforeW, beforeThs, detail })),
  };
};

export const createCurtail = (needs: CurtailNeeds) => {
  const { clock, farm } = needs;
  const write = (news: CurtailNews): Promise<unknown> => needs.write(OWN.curtail, bytesOf(news));

  const answer = (): Curtailment => {
    const { curtail: book, asOfTs } = farm();
    const { pricePerKwh, currency } = worthAt(farm(), asOfTs);
    const { heard, settings } = book;
    return {
      settings,
      active: book.event === null ? null : eventAnswer(book.event),
      past: book.past.toReversed().slice(0, SHOWN_PAST).map(eventAnswer),
      pricePerKwh,
      currency,
      mqtt:
        heard === null || settings.mqtt === null
          ? null
          : {
              targetPct: heard.pct,
              targetMw: heard.mw,
              heardTs: heard.heardTs,
              isOld: asOfTs - heard.heardTs > settings.mqtt.staleS * 1_000,
            },
    };
  };

  const tell = async (event: Event, { way, rigs }: Step): Promise<void> => {
    // Before they are told: a server that is killed in between tells them again, and pausing twice is pausing once.
    await write({ what: "orders", way, rigs });
    const { batchSize, gapS } = farm().curtail.settings;
    const [wish] = event.wishes;
    const { batch, held } = await needs.order({
      method: way === "down" ? "pause" : "resume",
      args: {},
      rigs,
      by: wish?.by ?? "rigtwin",
      why: `Curtailment ${event.id}${wish === undefined ? "" : `: ${wish.why}`}`.slice(0, 300),
      batchSize,
      gapS,
      expiresS: EXPIRES_S,
    });
    await write({ what: "told", batch, held });
  };

  const pump = async (): Promise<void> => {
    const now = farm();
    const { event } = now.curtail;
    if (event === null) return;
    const step = nextStep(event, now.twins, now.commands, journalNow(clock, now));
    if (step !== null) await tell(event, step);
  };

  return {
    curtailment: answer,
    /** Sets a target, ends it, or sets schedule, price and MQTT. Throws Refused RIG_UNKNOWN, RANGE_INVALID, REQUEST_INVALID, JOURNAL_UNAVAILABLE. */
    curtail: async (act: CurtailAct): Promise<Curtailment> => {
      if (act.what === "target") {
        if (act.untilTs !== null && act.untilTs <= clock.now()) throw new Refused("RANGE_INVALID", "body.untilTs is in the past.");
        const unknown = act.target.of === "rigs" ? act.target.rigs.find((rig) => !farm().twins.has(rig)) : undefined;
        if (unknown !== undefined) throw new Refused("RIG_UNKNOWN", `No rig "${unknown}" has been seen.`);
      }
      if (act.what === "settings" && act.settings.price !== null && act.settings.price.back > act.settings.price.above)
        throw new Refused("REQUEST_INVALID", "body.settings.price.back must not be above the price at which it begins.");
      await write(act);
      return answer();
    },
    /** Who would be paused for a target, and what is then drawn; nothing is sent. */
    planCurtailment: ({ target }: { readonly target: Target }) => {
      const { twins, curtail } = farm();
      const drawnW = drawOfAll(twins);
      const wish = { source: "operator" as const, target, by: "", why: "", untilTs: null };
      const { limitW, named } = limitOf({ wishes: [wish], baselineW: drawnW, endTs: null });
      const { rigs, afterW } = chooseDown(worstFirst(twins.values()), drawnW, limitW, named);
      const { batchSize, gapS } = curtail.settings;
      return {
        drawnW,
        limitW: Math.min(limitW, drawnW),
        afterW: Math.max(0, afterW),
        rigs: rigs.map(({ rig, latest }) => ({
          rig,
          powerW: latest.powerW ?? 0,
          efficiencyJTh: latest.powerW === null || !latest.hashrateThs ? null : latest.powerW / latest.hashrateThs,
        })),
        lastsS: Math.max(0, Math.ceil(rigs.length / batchSize) - 1) * gapS,
        reaches: afterW <= limitW,
      };
    },
    start: (): (() => void) => clock.every(PUMP_MS, () => pump().catch((error: unknown) => needs.onError("the curtailment waits", error))),
  };
};
