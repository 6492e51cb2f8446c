import { expect, test } from "@jest/globals";
import { fnv1a } from "../../server/twin/fnv.ts";

test("gives the published values", () => {
  const of = (text: string): number => fnv1a(new TextEncoder().encode(text));
  expect([of(""), of("a"), of("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});
