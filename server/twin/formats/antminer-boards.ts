/** The hash boards of an Antminer, out of the two ways its firmware lists them. */
import type { Model } from "../models.ts";
import { RANGES } from "../plausible.ts";
import { get, inThs, num, nums, objects, txt, type Json } from "./answers.ts";
import { fitted, highest, zeroIsNone, type BoardDraft, type ChipDraft, type Raw } from "./draft.ts";

const zeros = (values: readonly number[]): readonly Raw[] => values.map(zeroIsNone);
const hottest = (values: readonly number[]): Raw => highest(RANGES.partC, zeros(values));

/** " ooo oox -": o hashes, x does not; dashes fill up the last row and spaces part the domains. */
const chipMapOf = (map: unknown): readonly ChipDraft[] => {
  if (typeof map !== "string" || map.length > 4_000) return [];
  const signs = map.replace(/[^ox]/gi, "").toLowerCase();
  return Array.from(signs, (sign, index) => ({ index, working: sign === "o" }));
};

/** `tpl`: rows of the board's physical layout, each a list of 1-based chip numbers. */
const placed = (chips: readonly ChipDraft[], tpl: unknown): readonly ChipDraft[] => {
  if (!Array.isArray(tpl)) return chips;
  const places = new Map<number, readonly [number, number]>();
  tpl.forEach((row: unknown, rowIndex) => nums(row).forEach((chip, column) => places.set(chip - 1, [rowIndex, column])));
  return chips.map((chip) => ({ ...chip, row: places.get(chip.index)?.[0] ?? null, column: places.get(chip.index)?.[1] ?? null }));
};

type Heat = Pick<BoardDraft, "boardC" | "chipC" | "inletC" | "outletC">;

const S21_PLUS_HYDRO = /S21\s*(?:\+|PLUS)\s*HYD/i;
const S21_HYDRO = /S21.*HYD/i;

/** Hydro machines put the coolant into slots that otherwise are chips or boards (pyasic #295, asic-rs `telemetry.rs`). */
const heatOf = (model: string, pcb: readonly number[], chip: readonly number[], pic: readonly number[]): Heat => {
  if (S21_PLUS_HYDRO.test(model) && pcb.length === 4 && pic.length === 4) {
    return {
      inletC: zeroIsNone(pcb[0]),
      outletC: zeroIsNone(pcb[2]),
      boardC: hottest([pcb[1] ?? 0, pcb[3] ?? 0, pic[1] ?? 0, pic[2] ?? 0, pic[3] ?? 0]),
      chipC: hottest([pic[0] ?? 0]),
    };
  }
  const board = hottest(pcb.length > 0 ? pcb : pic);
  if (S21_HYDRO.test(model) && chip.length === 4 && chip[2] === 0 && chip[3] === 0 && (chip[0] ?? 0) > 0) {
    return { inletC: zeroIsNone(chip[0]), outletC: zeroIsNone(chip[1]), boardC: board, chipC: null };
  }
  return { boardC: board, chipC: hottest(chip), inletC: null, outletC: null };
};

/** `chain: [{index, rate_real, asic_num, temp_pcb: […], sn, tpl, …}]` of stats.cgi; rates in `rate_unit`, else GH/s. */
export const boardsOfChain = (stats: Json, model: string): readonly BoardDraft[] => {
  const unit = inThs(get(stats, "rate_unit")) ?? 1e-3;
  return objects(stats["chain"]).map((chain, position): BoardDraft => {
    const own = inThs(get(chain, "rate_unit")) ?? unit;
    const scaled = (value: number | null): number | null => (value === null ? null : value * own);
    const chips = num(get(chain, "asic_num"));
    const sensors = (name: string): readonly number[] => nums(chain[name]);
    return {
      index: num(get(chain, "index")) ?? position,
      hashrateThs: scaled(num(get(chain, "rate_real"))),
      expectedThs: scaled(num(get(chain, "rate_ideal"))),
      chips,
      frequencyMhz: num(get(chain, "freq_avg", "frequency_mhz")),
      hwErrors: num(get(chain, "hw")),
      serial: txt(get(chain, "sn"), 64),
      chipMap: placed(chipMapOf(chain["asic"]), chain["tpl"]),
      ...heatOf(model, sensors("temp_pcb"), sensors("temp_chip"), sensors("temp_pic")),
    };
  });
};

const MOST_SLOTS = 16;
/** S9-type control boards count their boards 6, 7, 8. */
const OLD_SLOTS = [6, 7, 8];

const isThere = (stats: Json, slot: number): boolean =>
  (num(stats[`chain_acn${slot}`]) ?? 0) > 0 ||
  (num(stats[`chain_rate${slot}`]) ?? 0) > 0 ||
  (txt(stats[`chain_acs${slot}`], 4_000) ?? "") !== "";

/**
 * Which numbered slots are boards. Firmware lists slots for boards that were never built in, and a board that died looks just like
 * one: so it counts as a board where the model has so many, or where another of a higher number answers.
 */
const slotsOf = (stats: Json, expected: number | null): readonly number[] => {
  const listed = Array.from({ length: MOST_SLOTS }, (_, index) => index + 1).filter(
    (slot) => `chain_acn${slot}` in stats || `chain_rate${slot}` in stats || `chain_acs${slot}` in stats,
  );
  const there = listed.filter((slot) => isThere(stats, slot));
  if (there.length > 0 && there.every((slot) => OLD_SLOTS.includes(slot)))
    return expected === 3 || expected === null ? OLD_SLOTS.filter((slot) => listed.includes(slot)) : there;
  const last = Math.max(expected ?? num(stats["miner_count"]) ?? 0, ...there);
  return listed.filter((slot) => slot <= last);
};

/** Machines that hash less than this are for scrypt and the like: theirs is the firmware that wrote MH/s under "GHS". */
const SMALL_THS = 0.1;
/** What a machine whose units are not to be trusted can do, TH/s; null for all others. */
export const aboutOf = (model: Model | null): number | null =>
  model !== null && model.nameplate.hashrateThs < SMALL_THS ? model.nameplate.hashrateThs : null;

/**
 * `chain_acn1`, `temp_pcb1`, `freq1` … of the cgminer port. Rates are in `rate_unit`, else in the unit of the machine's own rate ("MHS 5s"), else in GH/s;
 * what is far from `known`'s nameplate is MH/s.
 */
export const boardsOfSlots = (stats: Json, title: string, known: Model | null): readonly BoardDraft[] => {
  const told = inThs(stats["rate_unit"]) ?? ("MHS 5s" in stats ? 1e-6 : null);
  const whole = aboutOf(known);
  const about = whole === null || known === null ? null : whole / known.nameplate.boards;
  return slotsOf(stats, known?.nameplate.boards ?? null).map((slot, index): BoardDraft => {
    const rateOf = (name: string): number | null => {
      const value = num(stats[`${name}${slot}`]);
      if (value === null || told === null) return fitted(value, [1e-3, 1e-6], about);
      return value * told;
    };
    const sensors = (...names: readonly string[]): readonly number[] => {
      const told = names.map((name) => nums(stats[name])).filter((values) => values.length > 0);
      return told.find((values) => values.some((value) => value !== 0)) ?? told[0] ?? [];
    };
    const pcb = sensors(`temp_pcb${slot}`, `temp${slot}`);
    const chip = sensors(`temp_chip${slot}`, `temp2_${slot}`, `temp3_${slot}`);
    const frequency = num(stats[`freq${slot}`] ?? stats[`freq_avg${slot}`]);
    return {
      index,
      hashrateThs: rateOf("chain_rate"),
      expectedThs: isThere(stats, slot) ? rateOf("chain_rateideal") : null,
      chips: num(stats[`chain_acn${slot}`]),
      frequencyMhz: frequency === 0 ? num(stats["frequency"]) : frequency,
      voltageV: isThere(stats, slot) ? num(stats[`chain_voltage${slot}`] ?? stats[`voltage${slot}`]) : null,
      hwErrors: num(stats[`chain_hw${slot}`]),
      serial: txt(stats[`chain_sn${slot}`] ?? stats[`sn${slot}`], 64),
      chipMap: chipMapOf(stats[`chain_acs${slot}`]),
      // the number after which a slot is called is not a board's: "temp2" may be slot 2's board or the chip of none
      ...heatOf(title, pcb, chip, nums(stats[`temp_pic${slot}`])),
    };
  });
};
