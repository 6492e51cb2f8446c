import { describe, expect, test } from "@jest/globals";
import { mac, num, nums, txt } from "../../../server/twin/formats/answers.ts";
import { parseAnswerText } from "../../../server/twin/formats/text.ts";

describe("answers as text", () => {
  test.each<[string, string, unknown]>([
    ["sound JSON", '{"a":[1,2]}', { a: [1, 2] }],
    [
      "no comma between objects, and a NUL at the end, as bmminer writes",
      '{"STATS":[{"a":1}{"b":2}],"id":1}\u0000',
      { STATS: [{ a: 1 }, { b: 2 }], id: 1 },
    ],
    ["no comma between members", '{"a":1 "b":2}', { a: 1, b: 2 }],
    ["a comma too many", '{"a":[1,2,],}', { a: [1, 2] }],
    ["C's words for no number", '{"a":nan,"b":-inf,"c":+1,"d":007}', { a: null, b: null, c: 1, d: 7 }],
    ["a line break inside a string", '{"a":"x\ny"}', { a: "x\ny" }],
    ["several answers in a row", '{"a":1}\n{"b":2}', [{ a: 1 }, { b: 2 }]],
    ["an HTTP head before it", 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a":1}', { a: 1 }],
    ["cut off: half a number is no number", '{"a":1,"c":{"b":12', { a: 1, c: {} }],
    ["a byte order mark", '\ufeff{"a":1}', { a: 1 }],
  ])("%s", (_, text, value) => {
    expect(parseAnswerText(text)).toEqual(value);
  });
  test("cgminer's own text", () => {
    expect(
      parseAnswerText("STATUS=S,When=1,Code=11,Msg=Summary|SUMMARY,Elapsed=90,MHS av=2.5|POOL=0,URL=a:1|POOL=1,URL=b:2|\u0000"),
    ).toEqual({
      STATUS: [{ STATUS: "S", When: "1", Code: "11", Msg: "Summary" }],
      SUMMARY: [{ Elapsed: "90", "MHS av": "2.5" }],
      POOLS: [
        { POOL: "0", URL: "a:1" },
        { POOL: "1", URL: "b:2" },
      ],
    });
  });
  test.each(["", "miner power:5432", "<html>{}</html>", "}}}", '{"a" "b"}'])("%p is no answer", (text) => {
    expect(parseAnswerText(text)).toBeUndefined();
  });
});

describe("values as machines write them", () => {
  test.each<[unknown, number | null]>([
    [12.5, 12.5],
    ["12.5", 12.5],
    [" 72% ", 72],
    ["5000 W", 5000],
    ["483k", 483_000],
    ["1.2M", 1_200_000],
    ["-5", -5],
    ["", null],
    ["N/A", null],
    ["--", null],
    [null, null],
    [undefined, null],
    ["abc", Number.NaN],
    [true, Number.NaN],
    ["1e999", Number.NaN],
    [Infinity, Number.NaN],
  ])("%p is the number %p", (value, number) => {
    expect(num(value)).toBe(number);
  });
  test.each<[unknown, readonly number[]]>([
    ["47-34-34-47", [47, 34, 34, 47]],
    ["-5--3-10-12", [-5, -3, 10, 12]],
    [" 66  65 63", [66, 65, 63]],
    [
      [1, "2"],
      [1, 2],
    ],
    ["", []],
  ])("%p are the sensors %p", (value, numbers) => {
    expect(nums(value)).toEqual(numbers);
  });
  test("quotes are no part of a text, and an address is one however it is written", () => {
    expect(txt("'20210322.22.REL'")).toBe("20210322.22.REL");
    expect(txt("<DELETED>")).toBeNull();
    expect(mac("aabbccddeeff")).toBe("AA:BB:CC:DD:EE:FF");
    expect(mac("02:55:97:22:3M:72")).toBeNull();
  });
});
