/** An hour of a small farm whose gateways sign, as the journal has it, and a stranger's check of one of its rigs. */
import { generateKeyPairSync, sign } from "node:crypto";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { createSignedDays } from "../../server/flows/signed-days.ts";
import type { ProvenDay, SignedPart } from "../../server/twin/bundle.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { rowsOf } from "../../server/twin/digest.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { headBytes, headText, nextHead, readHead, type Head } from "../../server/twin/gateway.ts";
import { unlinked } from "../../server/twin/line.ts";
import type { Act } from "../../server/twin/record.ts";
import { notesOn, verdictOf, type ChainReader, type Step } from "../../server/twin/steps.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { checkVouched } from "../../server/twin/verify-signed.ts";
import { OWN } from "../../server/twin/wire.ts";
import { messages, type Message } from "../../simulators/messages.ts";
import { gatewayName } from "../../simulators/plant/layout.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { publicKeyOf, signedMessages } from "../../simulators/signing.ts";

export const DAY = 20_700;
export const T0 = DAY * DAY_MS;
export const SEED = 3;
export const RIG = "rig-0002";
export const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const GATEWAYS = [0, 1];
const own = GATEWAYS.map(() => generateKeyPairSync("ed25519"));
const ownKey = (gateway: number): string =>
  own[gateway]?.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex") ?? "";

/** The same batches as of gateways that do not link their lines. */
function* loosened(source: Iterable<Message>): Generator<Message> {
  const before = new Map<string, Head>();
  for (const message of source) {
    const { v, signed, lines, messages: text } = JSON.parse(new TextDecoder().decode(message.payload)) as Record<string, unknown>;
    const head = v === 2 ? readHead(String(signed)) : null;
    const key = own[GATEWAYS.findIndex((gateway) => gatewayName(gateway) === head?.gateway)]?.privateKey;
    if (head === null || key === undefined) {
      yield message;
      continue;
    }
    const plain = (lines as string[]).map((line) => unlinked(line).line);
    const next = nextHead({ gateway: head.gateway, boot: head.boot }, before.get(head.gateway) ?? null, String(text), plain);
    before.set(head.gateway, next);
    const sig = sign(null, headBytes(headText(next)), key).toString("hex");
    yield { ...message, payload: utf8({ v: 2, signed: headText(next), sig, lines: plain, messages: text }) };
  }
}

/** Every 40th message comes twice. */
export const signedHour = (areLinked: boolean) => {
  const plain = messages({
    seed: SEED,
    rigs: 8,
    site: "farm",
    scenario: loadScenario("calm-day"),
    fromTs: T0,
    toTs: T0 + 3_600_000,
    intervalMs: 60_000,
  });
  const keyOf = (gateway: number): string => (areLinked ? publicKeyOf(SEED, gateway) : ownKey(gateway));
  const entries: Entry[] = [];
  const enter = (topic: string, payload: Uint8Array, receivedTs: number): void =>
    void entries.push({ pos: entries.length + 1, receivedTs, topic, payload, qos: 1, retain: false, dup: false, client: "" });
  for (const gateway of GATEWAYS) {
    const act: Act = {
      what: "gateway-key",
      gateway: gatewayName(gateway),
      publicKey: keyOf(gateway),
      fromTs: T0,
      toTs: null,
      by: "test",
    };
    enter(OWN.act, utf8(act), T0);
  }
  let i = 0;
  const signed = signedMessages(plain, { site: "farm", seed: SEED, boot: "g" });
  for (const { ts, topic, payload } of areLinked ? signed : loosened(signed)) {
    enter(topic, payload, ts);
    if (i++ % 40 === 7) enter(topic, payload, ts + 1);
  }
  const farm = newFarm("farm");
  for (const entry of entries) foldEntry(farm, entry, nothingYet(), verifyNative);
  const rigDay = farm.digest.get(`${DAY}/1/${RIG}`);
  if (rigDay === undefined) throw new Error(`the simulated farm has no ${RIG}`);
  const rows = rowsOf(rigDay);
  const chain = {
    gatewayKeyAt: async (gateway: string) => keyOf(gateway === gatewayName(0) ? 0 : 1),
  } as unknown as ChainReader;

  const signedDays = (of: readonly Entry[] = entries) =>
    createSignedDays({
      site: "farm",
      keys: () => farm.gatewayKeys,
      verify: verifyNative,
      journal: {
        oldestTs: () => of[0]?.receivedTs ?? null,
        positionAt: async (ts) => of.find(({ receivedTs }) => receivedTs >= ts)?.pos ?? of.length + 1,
        read: async function* (fromPos) {
          for (let at = 0; at < of.length; at += 50) yield of.slice(at, at + 50).filter(({ pos }) => pos >= fromPos);
        },
      },
      breathe: () => Promise.resolve(),
    });
  return {
    entries,
    farm,
    rows,
    chain,
    keyOf,
    signedDays,
    partOf: (of?: readonly Entry[]) => signedDays(of).part(new Set([RIG]), DAY, 0, 0),
    /** What a stranger's check says of it; `reader` null: without a chain. */
    check: async (part: SignedPart | readonly SignedPart[], reader: ChainReader | null = chain, given = rows) => {
      const steps: Step[] = [];
      const day = { day: DAY, rows: given } as unknown as ProvenDay;
      await checkVouched(notesOn("day", steps), day, RIG, Array.isArray(part) ? part : [part as SignedPart], reader, () => undefined);
      return { steps, verdict: verdictOf(steps) };
    },
  };
};
