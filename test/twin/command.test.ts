import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  ARGS,
  commandFilterOf,
  commandTopic,
  commandTopicOf,
  expiryOf,
  METHODS,
  readArgs,
  readRequest,
  readResponse,
  requestBytes,
  responseBytes,
  responseTopicOf,
  type AnyRequest,
} from "../../server/twin/command.ts";

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const T = 1_762_862_400_000;
const GOOD: readonly AnyRequest[] = [
  { method: "reboot", id: "a", ts: T, expiresTs: T + 60_000, args: {} },
  { method: "pause", id: "b", ts: T, expiresTs: T + 60_000, args: {} },
  { method: "resume", id: "c", ts: T, expiresTs: T + 60_000, args: {} },
  { method: "power-target", id: "d", ts: T, expiresTs: T + 60_000, args: { powerW: 2_800 } },
  { method: "power-target", id: "e", ts: T, expiresTs: T + 60_000, args: { powerW: null } },
  { method: "fan-mode", id: "f", ts: T, expiresTs: T + 60_000, args: { mode: "manual", speedPct: 80 } },
  {
    method: "pools",
    id: "g",
    ts: T,
    expiresTs: T + 60_000,
    args: { pools: [{ url: "stratum+tcp://pool.example:3333", worker: "farm.rig-1" }] },
  },
  { method: "locate", id: "h", ts: T, expiresTs: T + 60_000, args: { on: true, forS: 600 } },
];

describe("requests", () => {
  test("go onto the wire and come back as they were", () => {
    for (const request of GOOD) expect(readRequest(request.method, requestBytes(request))).toEqual(request);
    expect(new Set(GOOD.map(({ method }) => method))).toEqual(new Set(METHODS));
  });
  const head = { v: 1, id: "x", ts: T, expiresTs: T + 1, args: {} };
  test.each([
    ["not JSON", "{", "PAYLOAD_NOT_JSON", ""],
    ["a list", [], "PAYLOAD_INVALID", ""],
    ["another version", { ...head, v: 2 }, "VERSION_UNKNOWN", "v is 2"],
    ["no version", { ...head, v: undefined }, "PAYLOAD_INVALID", "v"],
    ["no id", { ...head, id: undefined }, "PAYLOAD_INVALID", "id"],
    ["an id too long", { ...head, id: "x".repeat(65) }, "PAYLOAD_INVALID", "id"],
    ["no expiry", { ...head, expiresTs: undefined }, "PAYLOAD_INVALID", "expiresTs"],
    ["a fraction of a ms", { ...head, ts: T + 0.5 }, "PAYLOAD_INVALID", "ts"],
    ["an argument nobody knows", { ...head, args: { force: true } }, "PAYLOAD_INVALID", "args"],
    ["too many bytes", { ...head, id: "x".repeat(20_000) }, "PAYLOAD_TOO_LARGE", ""],
  ])("%s is refused with a code and the field", (_name, payload, code, field) => {
    const found = readRequest("reboot", bytes(payload));
    expect(found).toMatchObject({ code });
    expect("detail" in found ? found.detail : "").toContain(field);
  });
  test.each([
    ["power-target", { powerW: -5 }],
    ["power-target", {}],
    ["fan-mode", { mode: "manual" }],
    ["fan-mode", { mode: "manual", speedPct: 101 }],
    ["fan-mode", { mode: "quiet" }],
    ["pools", { pools: [] }],
    ["pools", { pools: [{ url: "stratum+tcp://user:secret@pool.example:3333", worker: "w" }] }],
    ["pools", { pools: [{ url: "stratum+tcp://pool.example:3333", worker: "w", password: "secret" }] }],
    ["locate", { on: "yes" }],
  ] as const)("%s with %j is refused", (method, args) => {
    expect(readArgs(method, args)).toMatchObject({ code: "PAYLOAD_INVALID" });
  });
  test("whatever bytes come, nothing is thrown", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS),
        fc.oneof(fc.uint8Array(), fc.json().map(bytes), fc.jsonValue().map(bytes)),
        (method, payload) => {
          expect(readRequest(method, payload)).toBeInstanceOf(Object);
          expect(readResponse(payload)).toBeInstanceOf(Object);
        },
      ),
    );
  });
});

describe("expiry", () => {
  const request = { ts: T, expiresTs: T + 60_000 };
  test("is judged by the far end's own clock", () => {
    expect(expiryOf(request, T + 59_999)).toBeNull();
    expect(expiryOf(request, T + 60_000)).toMatch(/expired/);
    expect(expiryOf(request, T - 60_000)).toBeNull();
  });
  test("a far end whose clock is far behind does not judge", () => {
    expect(expiryOf(request, T - 60_001)).toMatch(/clocks/);
  });
});

test("answers go onto the wire and come back, cut to what is read", () => {
  const answer = { id: "a", ts: T, status: "failed", detail: "E".repeat(600) } as const;
  expect(readResponse(responseBytes(answer))).toEqual({ ...answer, detail: "E".repeat(500) });
  expect(readResponse(bytes({ v: 1, id: "a", ts: T, status: "done" }))).toMatchObject({ code: "PAYLOAD_INVALID" });
  expect(readResponse(bytes({ v: 1, id: "a", ts: T, status: "accepted" }))).toMatchObject({ detail: "" });
});

describe("topics", () => {
  test("of every method go there and back", () => {
    for (const method of Object.keys(ARGS) as (keyof typeof ARGS)[]) {
      expect(commandTopic(commandTopicOf("farm", "rig-1", method))).toEqual({ site: "farm", rig: "rig-1", method, isResponse: false });
      expect(commandTopic(responseTopicOf("farm", "rig-1", method))).toEqual({ site: "farm", rig: "rig-1", method, isResponse: true });
    }
    expect(commandFilterOf("farm", "+")).toBe("rigtwin/v1/farm/+/cmd/+");
  });
  test.each([
    ["rigtwin/v1/farm/rig-1/telemetry", "TOPIC_UNKNOWN"],
    ["rigtwin/v1/farm/rig-1/cmd/reboot/resp/more", "TOPIC_UNKNOWN"],
    ["rigtwin/v1/farm/rig-1/cmd/reboot/answer", "TOPIC_UNKNOWN"],
    ["rigtwin/v1/farm/-/cmd/reboot", "TOPIC_INVALID"],
    ["rigtwin/v1/farm/rig-1/cmd/toString", "COMMAND_UNKNOWN"],
  ])("%s is refused: %s", (topic, code) => {
    expect(commandTopic(topic)).toMatchObject({ code });
  });
});
