/** What the tests ask of the generator: messages of a span, decoded. */
import { messages, type Message, type MessageOptions } from "../../simulators/messages.ts";
import type { NativeEnergy, NativeTelemetry } from "../../simulators/plant/native.ts";
import { parseScenario, type Scenario } from "../../simulators/scenario.ts";

/** Saturday 21 November 2026, 09:00 UTC. */
export const START_TS = Date.UTC(2026, 10, 21, 9);
export const MINUTE = 60_000;

/** A scenario of the given faults. */
export const scenarioOf = (faults: readonly object[], start: "warm" | "cold" = "warm"): Scenario =>
  parseScenario({ name: "of-a-test", says: "Made by a test.", start, faults });

export const CALM = scenarioOf([]);

export const optionsOf = (more: Partial<MessageOptions> = {}): MessageOptions => ({
  seed: 1,
  scenario: CALM,
  rigs: 20,
  site: "farm",
  fromTs: START_TS,
  toTs: START_TS + 5 * MINUTE,
  intervalMs: 10_000,
  ...more,
});

export interface Said {
  readonly ts: number;
  readonly rig: string;
  readonly channel: string;
  readonly body: Record<string, unknown>;
  readonly message: Message;
}

const decoder = new TextDecoder();

/** Every message of the span, its payload read. */
export const saidIn = (more: Partial<MessageOptions> = {}): Said[] =>
  [...messages(optionsOf(more))].map((message) => {
    const [, , , rig = "", channel = ""] = message.topic.split("/");
    return { ts: message.ts, rig, channel, body: JSON.parse(decoder.decode(message.payload)) as Record<string, unknown>, message };
  });

export interface Told extends NativeTelemetry {
  readonly rig: string;
  /** When it was published. */
  readonly atTs: number;
}

/** The telemetry of the span, of one rig where it is named. */
export const telemetryIn = (more: Partial<MessageOptions> = {}, rig?: string): Told[] =>
  saidIn(more)
    .filter((said) => said.channel === "telemetry" && (rig === undefined || said.rig === rig))
    .map((said) => ({ ...(said.body as unknown as NativeTelemetry), rig: said.rig, atTs: said.ts }));

export const energyIn = (more: Partial<MessageOptions> = {}): NativeEnergy[] =>
  saidIn(more)
    .filter((said) => said.channel === "energy")
    .map((said) => said.body as unknown as NativeEnergy);
