import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { hashAfter, hashText } from "../../server/twin/small-hash.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const platform = (...parts: (Uint8Array | string)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

test("the examples of FIPS 180", () => {
  expect(hex(hashText(""))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(hex(hashText("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(hex(hashText("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  expect(hex(hashText("a".repeat(1_000_000)))).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
});

test("every length gives what the platform gives, within the scratch, at its edge and beyond", () => {
  for (const length of [...Array.from({ length: 300 }, (_, i) => i), 1_361, 1_362, 4_085, 4_086, 4_087, 4_096, 5_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
    const text = "z".repeat(length);
    expect(hex(hashAfter(7, bytes))).toBe(platform(Uint8Array.of(7), bytes));
    expect(hex(hashText(text))).toBe(platform(text));
    expect(hex(hashText(text, 0))).toBe(platform(Uint8Array.of(0), text));
  }
});

test("any bytes and any text give what the platform gives", () => {
  fc.assert(
    fc.property(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (first, data, more) => {
      expect(hex(hashAfter(first, data, more))).toBe(platform(Uint8Array.of(first), data, more));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(hex(hashText(text, 1))).toBe(platform(Uint8Array.of(1), text));
      expect(hex(hashText(text))).toBe(platform(text));
    }),
  );
  expect(hex(hashText("a\ud800b"))).toBe(platform("a\ufffdb"));
});
