import { inflateRawSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { deflated } from "../../server/edge/journal/deflated.ts";

const PLUG = "\u{1f50c}";

test.each([
  ["nothing", []],
  ["an empty text", [""]],
  ["a letter", ["a"]],
  ["letters of two and four bytes over the edges of pieces", ["é".repeat(200_000), PLUG.repeat(100_001), "x".repeat(131_072), "y"]],
  ["many short texts", Array.from({ length: 5_000 }, (_, i) => `ü€${PLUG}`.repeat(i % 97))],
])("%s comes back as it was", async (_, texts) => {
  expect(inflateRawSync(await deflated(texts)).toString("utf8") === texts.join("")).toBe(true);
});

test("what its texts throw is thrown, and nothing else is left behind", async () => {
  const broken = function* (): Generator<string> {
    yield "a".repeat(300_000);
    throw new Error("broken");
  };
  await expect(deflated(broken())).rejects.toThrow("broken");
});
