import { expect, test } from "@jest/globals";
import { beforeChange, holdValues } from "../../server/twin/hold.ts";

/** Counts how often its text is made. */
const counted = (n: number) => {
  const value = { n, made: 0, toJSON: (): number => ((value.made += 1), value.n) };
  return value;
};

test("a value's text is that of the moment and is made once, whether it is asked for first or changed first", () => {
  const [one, two] = [counted(1), counted(2)];
  const map = new Map([
    ["one", one],
    ["two", two],
  ]);
  const held = holdValues(map);
  expect(held.textOf(one)).toBe("1");
  for (const value of [one, two, two]) {
    beforeChange(map, value);
    value.n += 10;
  }
  expect(held.textOf(two)).toBe("2");
  expect([one.made, two.made]).toEqual([1, 1]);
  held.release();
  held.release();
});

test("what came later, other maps and released holds cost nothing", () => {
  const map = new Map([["one", counted(1)]]);
  const held = holdValues(map);
  const [later, elsewhere] = [counted(2), counted(3)];
  beforeChange(map, later);
  beforeChange(new Map([["other", elsewhere]]), elsewhere);
  held.release();
  const one = map.get("one") ?? later;
  beforeChange(map, one);
  expect([later.made, elsewhere.made, one.made]).toEqual([0, 0, 0]);
});
