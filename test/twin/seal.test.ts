import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { keccak256, toBytes } from "viem";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import {
  hashOf,
  machineHash,
  sealRecord,
  serialHash,
  usableSerial,
  verifyChainOfRecords,
  verifyRecord,
  type RecordFields,
  type Sealed,
} from "../../server/twin/seal.ts";

const fields: RecordFields = {
  site: "north",
  rig: "c1-r2-07",
  serial: "JYZZ1234",
  kind: "part-replaced",
  performedTs: 1_790_000_000_000,
  sealedTs: 1_790_000_100_000,
  technician: "badge-17",
  summary: "Fan 2 seized; replaced. Später geprüft ✓",
  parts: [{ part: "fan", index: 2, oldSerial: null, newSerial: "F-99" }],
};
const three = (): Sealed[] => {
  const first = sealRecord(fields, null);
  const second = sealRecord({ ...fields, kind: "inspection", parts: [] }, first);
  return [first, second, sealRecord({ ...fields, kind: "retired", parts: [] }, second)];
};

describe("sealing", () => {
  test("a sealed record is verified by its bytes alone", () => {
    const sealed = sealRecord(fields, null);
    expect(sealed.body).toMatchObject({ v: 1, number: 1, prev: null, context: "rigtwin/record/v1" });
    expect(sealed.hash).toBe(hashOf(sealed.bytes));
    expect(verifyRecord(sealed.bytes, sealed.hash)).toEqual({ ok: true, body: sealed.body });
    expect(JSON.parse(sealed.bytes)).toEqual(sealed.body);
  });

  test("the same statement gives the same bytes, whatever order its members came in", () => {
    const shuffled = Object.fromEntries(Object.entries(fields).toReversed()) as unknown as RecordFields;
    expect(sealRecord(shuffled, null)).toEqual(sealRecord(fields, null));
  });

  test("the hash is SHA-256 over the UTF-8 of the text", async () => {
    const { bytes, hash } = sealRecord(fields, null);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(bytes));
    expect(hash).toBe(`0x${Buffer.from(digest).toString("hex")}`);
  });

  test("any changed character fails", () => {
    const { bytes, hash } = sealRecord(fields, null);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.string({ minLength: 1, maxLength: 1, unit: "grapheme" }), (at, letter) => {
        const changed = bytes.slice(0, at) + letter + bytes.slice(at + 1);
        fc.pre(changed !== bytes);
        expect(verifyRecord(changed, hash).ok).toBe(false);
      }),
    );
    expect(
      verifyRecord(
        bytes,
        hash.replace(/.$/, (end) => (end === "0" ? "1" : "0")),
      ).ok,
    ).toBe(false);
  });

  test("other spellings of the same record are not records, even under their own hash", () => {
    const { body, bytes } = sealRecord(fields, null);
    const spellings = [
      JSON.stringify(body),
      JSON.stringify(body, null, 1),
      `${bytes} `,
      bytes.replace('"v":1', '"v":1.0'),
      bytes.replace("{", '{"v":1,'),
    ];
    for (const text of spellings) expect(verifyRecord(text, hashOf(text))).toMatchObject({ ok: false });
    for (const text of [
      "",
      "null",
      "[]",
      "7",
      "{}",
      '"x"',
      bytes.replace('"v":1', '"v":2'),
      bytes.replace('"number":1', '"number":2'),
      bytes.replace('"v":1', '"v":1,"w":1'),
    ])
      expect(verifyRecord(text, hashOf(text)).ok).toBe(false);
  });

  test("what does not fit the shape is refused and named", () => {
    const broken = (change: object): RecordFields => ({ ...fields, ...change });
    expect(() => sealRecord(broken({ performedTs: 1.5 }), null)).toThrow("performedTs");
    expect(() => sealRecord(broken({ performedTs: 2 ** 53 }), null)).toThrow("performedTs");
    expect(() => sealRecord(broken({ performedTs: Number.NaN }), null)).toThrow("performedTs");
    expect(() => sealRecord(broken({ summary: undefined }), null)).toThrow("summary");
    expect(() => sealRecord(broken({ kind: "sold" }), null)).toThrow("kind");
    expect(() => sealRecord(broken({ parts: [{ part: "fan", index: -1, oldSerial: null, newSerial: null }] }), null)).toThrow("parts");
    expect(() => sealRecord(broken({ summary: "half \ud800" }), null)).toThrow("surrogate");
  });
});

describe("a rig's chain of records", () => {
  test("whole: verified; one out, swapped, changed or foreign: not", () => {
    const [a, b, c] = three() as [Sealed, Sealed, Sealed];
    expect(verifyChainOfRecords([a, b, c])).toEqual({ ok: true, reason: null });
    expect(verifyChainOfRecords([])).toEqual({ ok: true, reason: null });
    expect(verifyChainOfRecords([a, c]).reason).toContain("carries the number 3");
    expect(verifyChainOfRecords([b, c]).ok).toBe(false);
    expect(verifyChainOfRecords([a, c, b]).ok).toBe(false);
    const other = sealRecord({ ...fields, summary: "another story" }, null);
    expect(verifyChainOfRecords([other, b, c]).reason).toContain("does not name the record before it");
    const foreign = sealRecord({ ...fields, rig: "c9" }, a);
    expect(verifyChainOfRecords([a, foreign]).reason).toContain("another rig");
  });
});

describe("the machine's hash", () => {
  test("maker in lower case, keccak256 over the joined text", () => {
    expect(serialHash("BITMAIN", "Antminer S19 Pro", "X1")).toBe(serialHash("bitmain", "Antminer S19 Pro", "X1"));
    expect(serialHash("bitmain", "Antminer S19 Pro", "X1")).not.toBe(serialHash("bitmain", "antminer s19 pro", "X1"));
    expect(serialHash("Bitmain", "S19", "AB12")).toBe(keccak256(toBytes("bitmain|S19|AB12")));
  });

  test("serial, else MAC, else name; what every machine says counts as nothing", () => {
    const identity = { ...NO_IDENTITY, make: "Bitmain", model: "S19", serial: " AB12 ", mac: "AA:bb:cc:00:11:22" };
    expect(machineHash("north", "r1", identity)).toEqual({ hash: serialHash("Bitmain", "S19", "AB12"), by: "serial" });
    for (const serial of [null, "", "0000", "N/A", "unknown", "FFFFFFFF"])
      expect(machineHash("north", "r1", { ...identity, serial }).by).toBe("mac");
    expect(machineHash("north", "r1", { ...identity, serial: null }).hash).toBe(
      machineHash("south", "r9", { ...identity, serial: null, mac: "aabbcc001122" }).hash,
    );
    expect(machineHash("north", "r1", { ...identity, serial: null, mac: "00:00:00:00:00:00" }).by).toBe("name");
    expect(machineHash("north", "r1", NO_IDENTITY).hash).not.toBe(machineHash("north", "r2", NO_IDENTITY).hash);
    expect(usableSerial("0x0001A")).toBe("0x0001A");
  });
});
