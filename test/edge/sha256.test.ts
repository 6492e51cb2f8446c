import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { linkNative } from "../../server/edge/sha256.ts";
import { linkPure } from "../../server/twin/recording.ts";

test("the platform's hash of a line is the pure one's, whatever the text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), fc.string({ unit: "binary" }), (before, line) => {
      expect(Buffer.from(linkNative(before, line)).toString("hex")).toBe(Buffer.from(linkPure(before, line)).toString("hex"));
    }),
  );
  // Half of a pair of surrogates is no character; both take it for U+FFFD.
  expect(Buffer.from(linkNative(new Uint8Array(32), "a\ud800b"))).toEqual(Buffer.from(linkPure(new Uint8Array(32), "a\ud800b")));
});
