import { describe, expect, test } from "@jest/globals";
import { movedMessages, shifted } from "../../server/twin/moved.ts";

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const value = (payload: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(payload));
const told = (topic: string, payload: Uint8Array) => ({
  topic,
  payload,
  qos: 1 as const,
  retain: false,
  dup: false,
  client: "",
  properties: null,
});

describe("moved in time", () => {
  test("ts moves, boot is marked, the rest stays", () => {
    expect(value(shifted(bytes({ v: 1, ts: 100, boot: "b", m: { ts: 5 } }), 7.4, "-r1"))).toEqual({
      v: 1,
      ts: 107,
      boot: "b-r1",
      m: { ts: 5 },
    });
  });
  test.each(["", "[1]", "null", "{", '{"ts":"x"}', '{"a":1}'])("%s has no time and stays as it is", (text) => {
    const payload = bytes(text);
    expect(shifted(payload, 5, "-r1")).toBe(payload);
  });
  const messages = [
    { rig: "a", channel: "telemetry", payload: { ts: 1, seq: 4 } },
    { rig: "b", channel: "answers", payload: { ts: 2 } },
    { rig: 1 },
  ];
  test.each([
    [1, { v: 1, signed: JSON.stringify({ v: 1, messages }), sig: "00" }],
    [2, { v: 2, signed: JSON.stringify({ v: 2, body: "00" }), sig: "00", lines: ["", ""], messages: JSON.stringify(messages) }],
  ])("signed readings come each by itself, without the signature: version %i", (_, batch) => {
    const out = movedMessages(told("rigtwin/v1/farm/gateway-c1/signed", bytes(batch)), 10);
    expect(out.map(({ topic, payload }) => [topic, value(payload)])).toEqual([
      ["rigtwin/v1/farm/a/telemetry", { ts: 11, seq: 4 }],
      ["rigtwin/v1/farm/b/answers", { ts: 12 }],
    ]);
  });
  test("what only looks signed goes as it is", () => {
    const message = told("rigtwin/v1/farm/gateway-c1/signed", bytes("nonsense"));
    expect(movedMessages(message, 10)).toEqual([message]);
  });
});
