import { describe, expect, test } from "@jest/globals";
import { verifyPure, signedBytes, type SignedBatch } from "../../server/twin/gateway.ts";
import { hexToBytes } from "@noble/hashes/utils.js";
import { gatewayName, messages, type Message } from "../../simulators/messages.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { publicKeyOf, signedMessages } from "../../simulators/signing.ts";

const T0 = 1_790_000_000_000;
const plain = (): Message[] => [
  ...messages({ seed: 3, rigs: 45, site: "farm", scenario: loadScenario("calm-day"), fromTs: T0, toTs: T0 + 20_000, intervalMs: 5_000 }),
];
const signed = (): Message[] => [...signedMessages(plain(), { site: "farm", seed: 3, boot: "g" })];
const textOf = (message: Message): string => new TextDecoder().decode(message.payload);
const channelOf = ({ topic }: Message): string => topic.split("/").at(-1) ?? "";

describe("signed messages", () => {
  test("say the same, in few batches, each with its gateway's signature", () => {
    const out = signed();
    const told: string[] = [];
    for (const message of out.filter((one) => channelOf(one) === "signed")) {
      const { signed: text, sig } = JSON.parse(textOf(message)) as { signed: string; sig: string };
      const batch = JSON.parse(text) as SignedBatch;
      expect(batch.gateway).toBe(gatewayName(message.gateway));
      expect(verifyPure(hexToBytes(sig), signedBytes(text), hexToBytes(publicKeyOf(3, message.gateway)))).toBe(true);
      for (const { rig, payload } of batch.messages) told.push(`${rig} ${JSON.stringify(payload)}`);
    }
    const before = plain()
      .filter((one) => channelOf(one) === "telemetry")
      .map((one) => `${one.topic.split("/")[3]} ${textOf(one)}`);
    expect(told.toSorted()).toEqual(before.toSorted());
    expect(out.filter((one) => channelOf(one) === "telemetry")).toEqual([]);
    expect(out.filter((one) => channelOf(one) === "signed").length).toBeLessThan(before.length / 2);
  });
  test("never go back in time, and the same seed gives the same bytes", () => {
    const out = signed();
    expect(out.every(({ ts }, i) => i === 0 || ts >= (out[i - 1]?.ts ?? 0))).toBe(true);
    expect(out.map(textOf)).toEqual(signed().map(textOf));
  });
});
