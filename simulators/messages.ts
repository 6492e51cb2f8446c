/**
 * The farm's messages, in time order, as bytes: the one source of everything the simulator sends. Pull as many as you need; the
 * same options give the same bytes. Load tests, replay tests, history for a fresh start and the MQTT publisher all read it.
 */
import { socketOf } from "../server/twin/energy-truth.ts";
import { topicOf } from "../server/twin/wire.ts";
import { effectsOn, joined, type Effects } from "./plant/effects.ts";
import { gatewayName, type RigPlan } from "./plant/layout.ts";
import type { NativeEnergy, NativeState, NativeTelemetry } from "./plant/native.ts";
import { answers, startPlant } from "./plant/plant.ts";
import { birthOf, bootId, energyOf, measuredOf } from "./plant/reading.ts";
import { stepRig, type RigState } from "./plant/rig.ts";
import { byRig, type Scenario } from "./plant/schedule.ts";
import { stepSurroundings } from "./plant/surroundings.ts";

export interface Message {
  /** When it is to be published, ms UTC; never falls. */
  readonly ts: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  /** 0-based number of the gateway (one per container) that publishes it. */
  readonly gateway: number;
}

export interface MessageOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly rigs: number;
  readonly site: string;
  /** ms UTC, inclusive. */
  readonly fromTs: number;
  /** ms UTC, exclusive; Infinity for no end. */
  readonly toTs: number;
  /** Between two readings of one rig. */
  readonly intervalMs: number;
  /** What commands do to a rig (its 0-based number) at a time; null: nothing. */
  readonly told?: (index: number, ts: number) => Partial<Effects> | null;
  /** Each rig's socket of its PDU tells its true power so often, ms, in Tasmota's words and under the place's name; left out: none does. */
  readonly pduMs?: number;
  /** History before the present: until `untilTs` readings come every `intervalMs` only. The scenario's time 0 is then `untilTs`. */
  readonly history?: { readonly untilTs: number; readonly intervalMs: number };
}

/** The name the site's meter has in its topic. */
export const METER = "meter-main";
/** A gateway says "lost" of a rig that has not answered so often. */
const LOST_AFTER = 3;
/** What a gateway keeps while it cannot reach the broker, messages; the oldest go first. */
const MOST_HELD = 50_000;

const encoder = new TextEncoder();
/** A message's bytes. */
export const bytesOf = (value: object): Uint8Array => encoder.encode(JSON.stringify(value));
const stateBytes = (ts: number, state: NativeState["state"]): Uint8Array => bytesOf({ v: 1, ts, state } satisfies NativeState);

/** What a gateway knows of one of its rigs. */
interface Line {
  readonly plan: RigPlan;
  readonly telemetry: string;
  readonly birth: string;
  readonly state: string;
  readonly socket: string;
  boots: number;
  boot: string;
  seq: number;
  unanswered: number;
}

/** A gateway that may be cut off: then it keeps, and comes late. */
interface Gateway {
  readonly topic: string;
  cut: boolean;
  held: Message[];
}

const passed = function* (gateways: readonly Gateway[], cut: boolean, message: Message): Generator<Message> {
  const gateway = gateways[message.gateway];
  if (gateway === undefined) return;
  const { gateway: number, ts } = message;
  if (cut) {
    if (!gateway.cut) yield { ts, topic: gateway.topic, payload: stateBytes(ts, "lost"), retain: true, gateway: number };
    gateway.cut = true;
    gateway.held.push(message);
    if (gateway.held.length > MOST_HELD) gateway.held.shift();
    return;
  }
  if (gateway.cut) {
    gateway.cut = false;
    yield { ts, topic: gateway.topic, payload: stateBytes(ts, "online"), retain: true, gateway: number };
    const { held } = gateway;
    gateway.held = [];
    for (const kept of held) yield { ...kept, ts };
  }
  yield message;
};

const reportOf = function* (line: Line, state: RigState, effects: Effects, seed: number, startTs: number): Generator<Message> {
  const { plan } = line;
  const gateway = plan.container;
  const ts = state.atTs;
  if (!answers(state)) {
    if (++line.unanswered === LOST_AFTER) yield { ts, topic: line.state, payload: stateBytes(ts, "lost"), retain: true, gateway };
    return;
  }
  const rebooted = state.boots !== line.boots;
  if (rebooted) {
    line.boots = state.boots;
    line.boot = bootId(seed, startTs, plan.rig, state.boots);
    line.seq = 0;
    yield { ts, topic: line.birth, payload: bytesOf(birthOf(plan, line.boot, ts + effects.skewMs)), retain: true, gateway };
  }
  if (rebooted || line.unanswered >= LOST_AFTER) yield { ts, topic: line.state, payload: stateBytes(ts, "online"), retain: true, gateway };
  line.unanswered = 0;
  const telemetry: NativeTelemetry = {
    v: 1,
    ts: ts + effects.skewMs,
    seq: ++line.seq,
    boot: line.boot,
    m: measuredOf(plan, state, effects),
  };
  yield { ts, topic: line.telemetry, payload: bytesOf(telemetry), retain: false, gateway };
};

/** What the sockets of the PDUs measure. A PDU has no memory: what it says while its container is cut off is lost. Nothing in the history. */
const socketsOf = function* (
  lines: readonly Line[],
  rigs: readonly RigState[],
  mine: ReturnType<typeof byRig>,
  ts: number,
): Generator<Message> {
  for (const { plan, socket } of lines) {
    if (effectsOn(plan, mine.get(plan.index), ts).partitioned) continue;
    const payload = bytesOf({ ENERGY: { Power: Math.round(rigs[plan.index]?.powerW ?? 0) } });
    yield { ts, topic: socket, payload, retain: false, gateway: plan.container };
  }
};

/** Yields the farm's messages in time order. Throws RangeError for a wrong number of rigs or an interval that is not a whole number of ms above 0. */
export function* messages(options: MessageOptions): Generator<Message, void, undefined> {
  const { seed, scenario, site, fromTs, toTs, history } = options;
  for (const interval of [options.intervalMs, history?.intervalMs ?? 1])
    if (!Number.isInteger(interval) || interval < 1)
      throw new RangeError(`intervalMs: must be a whole number of ms above 0, is ${interval}`);
  const start = startPlant({ site, seed, rigs: options.rigs, scenario, startTs: fromTs, faultsFromTs: history?.untilTs ?? fromTs });
  const { farm, schedule } = start;
  const rigs = start.rigs.slice();
  let { surroundings } = start;
  const lines: Line[] = farm.rigs.map((plan) => ({
    plan,
    telemetry: topicOf(site, plan.rig, "telemetry"),
    birth: topicOf(site, plan.rig, "birth"),
    state: topicOf(site, plan.rig, "state"),
    socket: `tele/${socketOf(plan.position)}/SENSOR`,
    boots: -1,
    boot: "",
    seq: 0,
    unanswered: 0,
  }));
  lines.sort((a, b) => a.plan.phase - b.plan.phase || a.plan.index - b.plan.index);
  const gateways: Gateway[] = farm.containers.map((_, gateway) => ({
    topic: topicOf(site, gatewayName(gateway), "state"),
    cut: false,
    held: [],
  }));
  for (const [gateway, { topic }] of gateways.entries())
    yield { ts: fromTs, topic, payload: stateBytes(fromTs, "online"), retain: true, gateway };
  const meterTopic = topicOf(site, METER, "energy");
  const meterBoot = bootId(seed, fromTs, METER, 0);
  let meterSeq = 0;
  let socketsTs = -Infinity;
  let roundTs = fromTs;
  while (roundTs < toTs) {
    const inHistory = history !== undefined && roundTs < history.untilTs;
    const intervalMs = inHistory ? Math.min(history.intervalMs, history.untilTs - roundTs) : options.intervalMs;
    const faults = schedule(roundTs, roundTs + intervalMs);
    const mine = byRig(faults);
    surroundings = stepSurroundings(farm, surroundings, rigs, faults, roundTs);
    const energy: NativeEnergy = {
      v: 1,
      ts: roundTs,
      seq: ++meterSeq,
      boot: meterBoot,
      m: energyOf(surroundings.energy, surroundings.weather),
    };
    yield { ts: roundTs, topic: meterTopic, payload: bytesOf(energy), retain: false, gateway: 0 };
    if (options.pduMs !== undefined && !inHistory && roundTs - socketsTs >= options.pduMs) {
      socketsTs = roundTs;
      yield* socketsOf(lines, rigs, mine, roundTs);
    }
    for (const line of lines) {
      const { plan } = line;
      const ts = roundTs + Math.floor(plan.phase * intervalMs);
      if (ts >= toTs) return;
      const ordered = options.told?.(plan.index, ts) ?? null;
      const suffered = effectsOn(plan, mine.get(plan.index), ts);
      const effects = ordered === null ? suffered : joined(suffered, { ...ordered, paused: suffered.paused || ordered.paused === true });
      const before = rigs[plan.index];
      if (before === undefined) continue;
      const state = stepRig(plan, before, surroundings.airC[plan.container] ?? 20, effects, ts);
      rigs[plan.index] = state;
      for (const message of reportOf(line, state, effects, seed, fromTs)) yield* passed(gateways, effects.partitioned, message);
    }
    roundTs += intervalMs;
  }
}
