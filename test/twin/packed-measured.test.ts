import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { packed, PackedMeasured, plainMeasured } from "../../server/twin/packed-measured.ts";
import { pack, unpack } from "../../server/twin/packed-reading.ts";
import { NOTHING_MEASURED, type Measured } from "../../server/twin/reading.ts";

const number = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)));
const text = fc.option(fc.string());
const flag = fc.option(fc.boolean());
const row = <Row>(fields: { readonly [name in keyof Row]: fc.Arbitrary<Row[name]> }) =>
  fc.array(fc.record({ index: fc.nat(16), ...fields } as Record<string, fc.Arbitrary<unknown>>, { noNullPrototype: true }), {
    maxLength: 4,
  });
const numbers = <Name extends string>(...names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, number])) as Record<Name, typeof number>;

const chip = fc.constant({
  index: 0,
  tempC: 60.5,
  hashrateGhs: null,
  frequencyMhz: null,
  voltageV: null,
  errors: 2,
  row: null,
  column: null,
  working: true,
});
const error = fc.constant({ code: "FAN_FAILED", severity: "major", component: "fan", index: 1, raw: "fan 1" });
const measured = fc.record(
  {
    mode: fc.constantFrom("unknown", "mining", "tuning", "paused", "fault"),
    ...numbers(...(Object.keys(NOTHING_MEASURED).slice(1, -4) as "powerW"[])),
    fans: row(numbers("rpm")),
    boards: row({
      ...numbers("hashrateThs", "expectedThs", "boardC", "chipC", "inletC", "outletC", "chips", "expectedChips"),
      ...numbers("frequencyMhz", "voltageV", "hwErrors"),
      serial: text,
      chipMap: fc.array(chip, { maxLength: 2 }),
    }),
    pools: row({ url: fc.string(), worker: text, active: fc.boolean(), alive: flag, ...numbers("accepted", "rejected", "stale") }),
    errors: fc.array(error, { maxLength: 2 }),
  },
  { noNullPrototype: true },
) as unknown as fc.Arbitrary<Measured>;

describe("what was measured, in numbers", () => {
  test("says what it was made of: by its fields, as JSON and made plain", () => {
    fc.assert(
      fc.property(measured, measured, (one, other) => {
        const [first, second] = [packed(one), packed(other)];
        // In turn: lists are made when they are asked for, of one at a time.
        for (const name of Object.keys(NOTHING_MEASURED) as (keyof Measured)[]) {
          expect(first[name]).toStrictEqual(one[name]);
          expect(second[name]).toStrictEqual(other[name]);
        }
        expect(JSON.stringify(first)).toBe(JSON.stringify(one));
        expect(plainMeasured(first)).toStrictEqual(one);
        expect(packed(first)).toBe(first);
      }),
      { numRuns: 500 },
    );
  });

  test("in one piece of memory with others it is the same again, but for errors and single chips", () => {
    fc.assert(
      fc.property(fc.array(measured, { minLength: 1, maxLength: 4 }), (all) => {
        const table: string[] = ["somebody else's"];
        const to: number[] = [17, 18];
        for (const one of all) pack(packed(one), (word) => table.push(word) - 1, to);
        let from = 2;
        for (const one of all) {
          const { measured: found, end } = unpack(Float64Array.from(to), from, table);
          from = end;
          expect(found).toBeInstanceOf(PackedMeasured);
          expect(plainMeasured(found)).toStrictEqual({
            ...one,
            boards: one.boards.map((board) => ({ ...board, chipMap: [] })),
            errors: [],
          });
        }
        expect(from).toBe(to.length);
      }),
      { numRuns: 300 },
    );
  });
});
