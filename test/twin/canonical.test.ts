import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalBytes, canonicalText } from "../../server/twin/canonical.ts";
import { Refused } from "../../server/twin/refusal.ts";

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Refused ? error.code : String(error);
  }
  return "nothing thrown";
};

describe("RFC 8785", () => {
  test("the sample of §3.2.2 to §3.2.4, byte for byte", () => {
    const value: unknown = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`);
    const hex =
      "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c" +
      "31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d";
    expect(Buffer.from(canonicalBytes(value)).toString("hex")).toBe(hex);
  });

  test("members are sorted by UTF-16 code units (§3.2.3)", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(Object.values(JSON.parse(canonicalText(value)) as object).sort()).toEqual(Object.values(value).sort());
    const order = [...canonicalText(value).matchAll(/:"([^"]*)"/g)].map((match) => match[1]);
    expect(order).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("Appendix B: the double %s is written %s", (bits, text) => {
    expect(canonicalText(Buffer.from(bits, "hex").readDoubleBE())).toBe(text);
  });

  test("what is no JSON is refused and named", () => {
    expect(codeOf(() => canonicalText(Number.NaN))).toBe("NUMBER_NOT_FINITE");
    expect(codeOf(() => canonicalText({ a: [1, Number.POSITIVE_INFINITY] }))).toBe("NUMBER_NOT_FINITE");
    expect(() => canonicalText({ a: [1, { b: -Infinity }] })).toThrow("a[1].b is -Infinity");
    const hole: unknown[] = [1, 2, 3];
    delete hole[1];
    for (const value of [
      undefined,
      { a: undefined },
      [undefined],
      hole,
      1n,
      Symbol("s"),
      () => 1,
      new Date(0),
      new Map(),
      new Uint8Array(2),
      { toJSON: () => 1 },
    ])
      expect(codeOf(() => canonicalText(value))).toBe("PAYLOAD_INVALID");
    for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
      expect(codeOf(() => canonicalText(text))).toBe("PAYLOAD_INVALID");
      expect(codeOf(() => canonicalText({ [text]: 1 }))).toBe("PAYLOAD_INVALID");
    }
    const deep = JSON.parse("[".repeat(200) + "]".repeat(200)) as unknown;
    expect(codeOf(() => canonicalText(deep))).toBe("PAYLOAD_INVALID");
  });

  test("the text means the same value, whatever order its members were in", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalText(value);
        const shuffled: unknown = JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
          typeof member === "object" && member !== null && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).toReversed())
            : member,
        );
        expect(canonicalText(shuffled)).toBe(text);
        expect(canonicalText(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
