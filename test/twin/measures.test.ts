import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fieldOf, fieldsOf, meanOf, MEASURES, rounded, stepsIn, stepsOf, valueOf } from "../../server/twin/measures.ts";
import { BOARD_FIELDS, ENERGY_FIELDS, RIG_FIELDS } from "../../server/twin/series.ts";

describe("measures", () => {
  test("have the fields of the rows, in their order", () => {
    expect([MEASURES.rig, MEASURES.board, MEASURES.site_energy].map(({ fields }) => fields.map(({ name }) => name))).toEqual([
      [...RIG_FIELDS],
      [...BOARD_FIELDS],
      [...ENERGY_FIELDS],
    ]);
  });

  test("a value comes back to its field's decimals, and the same value is the same steps again", () => {
    for (const field of Object.values(MEASURES).flatMap(({ fields }) => fields))
      fc.assert(
        fc.property(fc.double({ min: -10_000, max: 10_000, noNaN: true }), (value) => {
          const steps = stepsOf(field, value);
          if (steps === null) throw new Error("not kept");
          expect(Math.abs(valueOf(field, steps) - value)).toBeLessThanOrEqual(0.5 / field.scale + 1e-9);
          expect(stepsIn(field, valueOf(field, steps))).toBe(steps);
          expect(Object.is(steps, -0)).toBe(false);
        }),
      );
  });

  test("what is not finite or out of range is not kept", () => {
    const [power, accepted] = [...fieldsOf("rig", ["powerW", "accepted"])];
    if (power === undefined || accepted === undefined) throw new Error("no such field");
    for (const value of [Number.NaN, Infinity, -Infinity, 1e12]) expect(stepsOf(power, value)).toBeNull();
    expect(stepsOf(power, 214_748_364.7)).toBe(2_147_483_647);
    expect(stepsOf(accepted, 900_000_000_000)).toBe(900_000_000_000);
    expect(stepsOf(accepted, 2 ** 64)).toBeNull();
  });

  test("a mean has two decimals more, and none of nothing", () => {
    const field = fieldOf("rig", "boardC");
    if (field === null) throw new Error("no such field");
    expect(meanOf(field, 2_000, 3)).toBe(66.667);
    expect(meanOf(field, 0, 0)).toBeNull();
    expect(Object.is(rounded(-0.0001, 2), 0)).toBe(true);
  });

  test("a field that is none is refused", () => {
    expect(() => fieldsOf("rig", ["hashrateThs", "chips"])).toThrow(/REQUEST_INVALID/);
    expect(fieldOf("board", "chips")?.decimals).toBe(0);
  });
});
