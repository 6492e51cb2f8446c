import { describe, expect, test } from "@jest/globals";
import { headBytes, headHash, readHead, verifyPure, type SignedMessage } from "../../server/twin/gateway.ts";
import { readLine, unlinked } from "../../server/twin/line.ts";
import { leafHashOfText } from "../../server/twin/merkle.ts";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { messages, type Message } from "../../simulators/messages.ts";
import { gatewayName } from "../../simulators/plant/layout.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { publicKeyOf, signedMessages } from "../../simulators/signing.ts";

interface Envelope {
  readonly signed: string;
  readonly sig: string;
  readonly lines: readonly string[];
  readonly messages: string;
}
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
      const { signed: text, sig, lines, messages: body } = JSON.parse(textOf(message)) as Envelope;
      const head = readHead(text);
      expect(head?.gateway).toBe(gatewayName(message.gateway));
      expect(head?.body).toBe(headHash(body));
      expect(verifyPure(hexToBytes(sig), headBytes(text), hexToBytes(publicKeyOf(3, message.gateway)))).toBe(true);
      const batch = JSON.parse(body) as SignedMessage[];
      for (const { rig, payload } of batch) told.push(`${rig} ${JSON.stringify(payload)}`);
      expect(lines.map((line) => readLine(unlinked(line).line)?.rig)).toEqual(batch.map(({ rig }) => rig));
    }
    const before = plain()
      .filter((one) => channelOf(one) === "telemetry")
      .map((one) => `${one.topic.split("/")[3]} ${textOf(one)}`);
    expect(told.toSorted()).toEqual(before.toSorted());
    expect(out.filter((one) => channelOf(one) === "telemetry")).toEqual([]);
    expect(out.filter((one) => channelOf(one) === "signed").length).toBeLessThan(before.length / 2);
  });
  test("count on over a gateway's batches, each naming the head before", () => {
    const byGateway = new Map<string, string[]>();
    for (const message of signed().filter((one) => channelOf(one) === "signed")) {
      const { signed: text } = JSON.parse(textOf(message)) as Envelope;
      const gateway = readHead(text)?.gateway ?? "";
      byGateway.set(gateway, [...(byGateway.get(gateway) ?? []), text]);
    }
    for (const heads of byGateway.values())
      for (const [i, text] of heads.entries()) {
        const before = heads[i - 1];
        expect(readHead(text)).toMatchObject({
          n: i + 1,
          first: (readHead(before ?? "")?.last ?? 0) + 1,
          prev: before === undefined ? null : headHash(before),
        });
      }
    expect(byGateway.size).toBeGreaterThan(0);
  });
  test("have lines of which each names the rig's line before it", () => {
    const newest = new Map<string, string>();
    let links = 0;
    for (const message of signed().filter((one) => channelOf(one) === "signed"))
      for (const text of (JSON.parse(textOf(message)) as Envelope).lines) {
        const { line, before } = unlinked(text);
        const rig = readLine(line)?.rig ?? "";
        expect(before).toBe(newest.get(rig) ?? "");
        if (before !== "") links += 1;
        newest.set(rig, bytesToHex(leafHashOfText(text)));
      }
    expect(links).toBeGreaterThan(100);
  });
  test("never go back in time, and the same seed gives the same bytes", () => {
    const out = signed();
    expect(out.every(({ ts }, i) => i === 0 || ts >= (out[i - 1]?.ts ?? 0))).toBe(true);
    expect(out.map(textOf)).toEqual(signed().map(textOf));
  });
});
