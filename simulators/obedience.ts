/**
 * How simulated rigs take commands: most obey, some refuse what their firmware cannot do, a few take a command and ignore it. Who does
 * which is drawn from the rig's own seed, so that the same farm answers alike each time.
 */
import { commandTopic, expiryOf, readRequest, responseTopicOf, type AnyRequest, type ResponseStatus } from "../server/twin/command.ts";
import { mix } from "./plant/chance.ts";
import type { Effects } from "./plant/effects.ts";
import type { FarmPlan, RigPlan } from "./plant/layout.ts";
import { bytesOf } from "./messages.ts";

/** What a rig was told to be. */
interface Told {
  readonly paused: boolean;
  /** Share of its nominal frequency. */
  readonly limit: number;
  readonly offUntilTs: number;
}
const UNTOLD: Told = { paused: false, limit: 1, offUntilTs: 0 };
const REBOOT_MS = 15_000;
const MOST_REMEMBERED = 10_000;

export type Temper = "obeys" | "refuses" | "ignores";
/** One rig in twelve refuses power targets and fan modes, one in twenty says yes to everything and does nothing. */
export const temperOf = (plan: RigPlan): Temper => {
  const draw = mix(plan.seed, 0x0bed) % 60;
  return draw < 3 ? "ignores" : draw < 8 ? "refuses" : "obeys";
};

const afterOf = (told: Told, request: AnyRequest, plan: RigPlan, nowTs: number): Told => {
  switch (request.method) {
    case "pause":
      return { ...told, paused: true };
    case "resume":
      return { ...told, paused: false };
    case "reboot":
      return { ...told, offUntilTs: nowTs + REBOOT_MS };
    case "power-target": {
      const { powerW } = request.args;
      return { ...told, limit: powerW === null ? 1 : Math.min(1, Math.max(0.4, powerW / plan.trueW)) };
    }
    default:
      return told;
  }
};

export interface Answer {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Builds the far end of every rig of a farm. */
export const createObedience = (farm: FarmPlan) => {
  const byName = new Map(farm.rigs.map((plan) => [plan.rig, plan]));
  const told = new Map<number, Told>();
  /** Answers given, so that a message that comes twice is not carried out twice. */
  const answered = new Map<string, readonly ResponseStatus[]>();

  const judge = (plan: RigPlan, request: AnyRequest, nowTs: number): { statuses: readonly ResponseStatus[]; detail: string } => {
    const late = expiryOf(request, nowTs);
    if (late !== null) return { statuses: ["expired"], detail: late };
    const temper = temperOf(plan);
    if (temper === "refuses" && (request.method === "power-target" || request.method === "fan-mode"))
      return { statuses: ["refused"], detail: "This firmware cannot do that." };
    if (request.method === "pools") return { statuses: ["refused"], detail: "The simulated pools cannot be changed." };
    if (temper !== "ignores") told.set(plan.index, afterOf(told.get(plan.index) ?? UNTOLD, request, plan, nowTs));
    return { statuses: ["accepted", "succeeded"], detail: "" };
  };

  return {
    /** What the orders so far do to a rig at `ts`. */
    effects: (index: number, ts: number): Partial<Effects> | null => {
      const one = told.get(index);
      if (one === undefined || (!one.paused && one.limit === 1 && ts >= one.offUntilTs)) return null;
      return { ...(one.paused ? { paused: true } : {}), ...(ts < one.offUntilTs ? { powered: false } : {}), limit: one.limit };
    },
    /** Takes a message of a command's topic; gives the answers, none where it is for somebody else. */
    take(topic: string, payload: Uint8Array, nowTs: number): Answer[] {
      const at = commandTopic(topic);
      if ("code" in at || at.isResponse || at.site !== farm.site) return [];
      const plan = byName.get(at.rig);
      if (plan === undefined) return [];
      const request = readRequest(at.method, payload);
      if ("code" in request) return [];
      const { id } = request;
      const answer = (status: ResponseStatus, detail: string): Answer => ({
        topic: responseTopicOf(at.site, at.rig, at.method),
        payload: bytesOf({ v: 1, id, ts: nowTs, status, detail }),
      });
      const before = answered.get(id);
      if (before !== undefined) return before.map((status) => answer(status, ""));
      const { statuses, detail } = judge(plan, request, nowTs);
      answered.set(id, statuses);
      if (answered.size > MOST_REMEMBERED) answered.delete(answered.keys().next().value ?? "");
      return statuses.map((status) => answer(status, detail));
    },
  };
};
