/** Heat, fans, boards, chips and sensors. */
import type { BoardReading, Quality } from "../reading.ts";
import { EQUAL_COUNT, EQUAL_SINCE_TS, SENSOR_COUNT, SENSOR_SINCE_TS, SENSOR_VALUE } from "./figures.ts";
import { MINUTE, threshold, type Case, type Rule } from "./rule.ts";
import { sensorAt, sensorCount } from "./sensor-watch.ts";

const COOL_BY_C = 3;
const c1 = (value: number): string => `${value.toFixed(1)} °C`;

/** A board that claims to be hotter than its own chips by far has a bad sensor, not a fire. */
const isContradicted = ({ boardC, chipC }: BoardReading): boolean => boardC !== null && chipC !== null && boardC > chipC + 10;

const tooHot: Rule = {
  kind: "too-hot",
  asked: "reading",
  severity: "critical",
  holdMs: 30_000,
  clearMs: MINUTE,
  says: "A board, a chip or the regulator is at its model's limit, or the machine shut itself down for heat.",
  thresholds: { addC: threshold(0, -40, 40, "added to the model's limit, °C") },
  check: ({ twin, limits }, { addC = 0 }) => {
    const { boardC, chipC, psuC, errors, mode, boards } = twin.latest;
    const board = limits.boardC + addC;
    const chip = limits.chipC + addC;
    if (mode === "fault")
      for (const { code, severity, raw } of errors)
        if (severity === "critical" && /OVERHEAT|OVER_TEMPERATURE/.test(code)) return `It shut itself down for heat: ${raw.slice(0, 120)}.`;
    if (boardC === null && chipC === null && psuC === null) return null;
    if (boardC !== null && boardC >= board && !boards.some((each) => each.boardC === boardC && isContradicted(each)))
      return `Board at ${c1(boardC)}, limit ${board} °C.`;
    if (chipC !== null && chipC >= chip) return `Chip at ${c1(chipC)}, limit ${chip} °C.`;
    if (psuC !== null && limits.psuC !== null && psuC >= limits.psuC) return `Regulator at ${c1(psuC)}, limit ${limits.psuC} °C.`;
    return (boardC ?? -99) < board - COOL_BY_C && (chipC ?? -99) < chip - COOL_BY_C ? false : null;
  },
};

const intakeHot: Rule = {
  kind: "intake-hot",
  asked: "reading",
  severity: "major",
  holdMs: 2 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "What it breathes in is warmer than its model allows.",
  thresholds: { addC: threshold(0, -30, 30, "added to the model's limit, °C") },
  check: ({ twin, limits }, { addC = 0 }) => {
    const { intakeC, boardC } = twin.latest;
    const limit = limits.intakeC + addC;
    if (intakeC === null) return null;
    if (intakeC < limit - 2) return false;
    // An intake as warm as the boards is a broken sensor.
    if (intakeC < limit || (boardC !== null && intakeC > boardC - 2)) return null;
    return `Intake at ${c1(intakeC)}, limit ${limit} °C.`;
  },
};

const throttled: Rule = {
  kind: "throttled",
  asked: "reading",
  severity: "minor",
  holdMs: 5 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "The machine slows itself down for heat.",
  thresholds: {},
  check: ({ twin, isSettled }) => {
    if (!isSettled) return null;
    for (const { code, raw } of twin.latest.errors)
      if (/OVERHEAT|OVER_TEMPERATURE/.test(code)) return `It slows itself down for heat: ${raw.slice(0, 120)}.`;
    return false;
  },
};

const fanStopped: Rule = {
  kind: "fan-stopped",
  asked: "reading",
  severity: "critical",
  holdMs: MINUTE,
  clearMs: MINUTE,
  says: "A fan stands still while the machine works.",
  thresholds: {},
  check: ({ twin, watch, isSettled }) => {
    const { fans, fanPct, mode } = twin.latest;
    if (fans.length === 0 || !isSettled || mode === "fault" || fanPct === 0) return null;
    let still = "";
    let turning = 0;
    for (const { index, rpm } of fans) {
      if (rpm === 0) still += `${still === "" ? "" : ", "}${index + 1}`;
      else if (rpm !== null) turning += 1;
    }
    // None ever turned: it is cooled otherwise (immersion, water).
    if (still === "" || watch.mostFans === 0) return turning < watch.mostFans ? null : false;
    // A place for a fan that never had one is no fault.
    return turning >= watch.mostFans ? false : `Fan ${still} stands still, ${turning} of ${watch.mostFans} turn.`;
  },
};

const fanSlow: Rule = {
  kind: "fan-slow",
  asked: "reading",
  severity: "minor",
  holdMs: 5 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "A fan turns much slower than the others of the rig.",
  thresholds: { belowPct: threshold(70, 10, 95, "of the fastest fan of the rig, %") },
  check: ({ twin, isSettled }, { belowPct = 70 }) => {
    const { fans } = twin.latest;
    if (fans.length < 2 || !isSettled) return null;
    let fastest = 0;
    let slowest = Infinity;
    let which = 0;
    for (const { index, rpm } of fans) {
      if (rpm === null || rpm === 0) continue;
      if (rpm > fastest) fastest = rpm;
      if (rpm < slowest) {
        slowest = rpm;
        which = index;
      }
    }
    if (fastest === 0) return null;
    const part = (100 * slowest) / fastest;
    if (part >= belowPct + 5) return false;
    return part >= belowPct ? null : `Fan ${which + 1} at ${slowest} RPM, ${Math.round(part)} % of the fastest (${fastest} RPM).`;
  },
};

/** A board that tells no hashrate of its own is believed where it has chips. */
const gives = ({ chips, hashrateThs }: BoardReading, isHashing: boolean): boolean =>
  chips !== 0 && !(isHashing && hashrateThs !== null && hashrateThs <= 0);

const boardMissing: Rule = {
  kind: "board-missing",
  asked: "reading",
  severity: "critical",
  holdMs: MINUTE,
  clearMs: MINUTE,
  says: "A board does not answer or does not hash while the others do.",
  thresholds: {},
  check: ({ twin, watch, isSettled, targetThs }) => {
    const { boards, hashrateThs, errors } = twin.latest;
    const all = Math.max(twin.nameplate?.boards ?? 0, watch.mostBoards);
    if (boards.length === 0 || all < 2 || !isSettled) return null;
    const isHashing = hashrateThs !== null && targetThs !== null && hashrateThs > 0.05 * targetThs;
    if (boards.length >= all && errors.length === 0 && boards.every((board) => gives(board, isHashing))) return isHashing ? false : null;
    const names: number[] = [];
    for (const board of boards) if (!gives(board, isHashing)) names.push(board.index + 1);
    const absent = all - boards.length;
    for (let i = 0; absent > 0 && i < all; i++) if (!boards.some(({ index }) => index === i)) names.push(i + 1);
    for (const { code, index } of errors)
      if (code === "BOARD_MISSING" && index !== null && !names.includes(index + 1)) names.push(index + 1);
    if (names.length === 0) return isHashing ? false : null;
    return `Board ${names.toSorted((a, b) => a - b).join(", ")} of ${all} gives nothing.`;
  },
};

/** Chips a board should have: what it says itself; else what it once showed; else the catalogue's, where a board of the rig bears it out. */
const chipsOf = ({ model, watch }: Case, board: BoardReading): number | null => {
  if (board.expectedChips !== null && board.expectedChips > 0) return board.expectedChips;
  const most = watch.mostChips[board.index] ?? 0;
  const listed = model !== null && !model.chipsVary && watch.mostChips.includes(model.nameplate.chips) ? model.nameplate.chips : 0;
  return Math.max(most, listed) || null;
};

const chipsMissing: Rule = {
  kind: "chips-missing",
  asked: "reading",
  severity: "minor",
  holdMs: 3 * MINUTE,
  clearMs: 3 * MINUTE,
  says: "Chips of a board do not answer.",
  thresholds: { missingPct: threshold(1, 0, 50, "of a board's chips that may be missing, %") },
  check: (of, { missingPct = 1 }) => {
    const { twin, isSettled } = of;
    const { boards } = twin.latest;
    if (boards.length === 0 || !isSettled) return null;
    let said = "";
    let isKnown = false;
    for (const board of boards) {
      const { chips, index } = board;
      if (chips === null || chips === 0) continue;
      const expected = chipsOf(of, board);
      if (expected === null) continue;
      isKnown = true;
      if (expected - chips > (expected * missingPct) / 100)
        said += `${said === "" ? "" : ", "}${chips} of ${expected} on board ${index + 1}`;
    }
    return said === "" ? (isKnown ? false : null) : `Chips that answer: ${said}.`;
  },
};

export const FROZEN_READINGS = 12;
const badQuality = ({ twin, watch }: Case): string | null => {
  for (const path in twin.quality) {
    const verdict: Quality | undefined = twin.quality[path];
    const field = /^(?:boards\.(\d+)\.)?(boardC|chipC|intakeC)$/.exec(path);
    if (field === null || (verdict !== "sentinel" && verdict !== "implausible")) continue;
    // A sensor that never worked is one that the machine does not have.
    const at = field[2] === "intakeC" ? 0 : 1 + 2 * Number(field[1] ?? 0) + (field[2] === "chipC" ? 1 : 0);
    if ((watch.figures[sensorAt(at) + SENSOR_COUNT] ?? 0) > 0)
      return `Sensor ${path} tells ${verdict === "sentinel" ? "an error value" : "what cannot be"}.`;
  }
  return null;
};

const sensor: Rule = {
  kind: "sensor",
  asked: "reading",
  severity: "minor",
  holdMs: 5 * MINUTE,
  clearMs: 5 * MINUTE,
  says: "A temperature sensor tells nonsense: an error value, a value that stands still, all the same, or against the others.",
  thresholds: { frozenMin: threshold(8, 2, 240, "minutes for which a value with fractions stands still") },
  check: (of, { frozenMin = 8 }) => {
    const { twin, watch, model, isSettled, nowTs } = of;
    const bad = badQuality(of);
    if (bad !== null) return bad;
    if (!isSettled) return null;
    const { figures, isFine } = watch;
    const equal = figures[EQUAL_COUNT] as number;
    if (equal >= FROZEN_READINGS && (isFine || nowTs - (figures[EQUAL_SINCE_TS] as number) > 12 * 60 * MINUTE))
      return `All boards say the very same for ${equal} readings.`;
    if (isFine)
      for (let i = 0, all = sensorCount(figures); i < all; i++) {
        const at = sensorAt(i);
        const n = figures[at + SENSOR_COUNT] as number;
        if (n < FROZEN_READINGS || nowTs - (figures[at + SENSOR_SINCE_TS] as number) < frozenMin * MINUTE) continue;
        const name = i === 0 ? "The intake" : `The ${i % 2 === 1 ? "board" : "chip"} temperature of board ${Math.ceil(i / 2)}`;
        return `${name} stands at ${c1(figures[at + SENSOR_VALUE] as number)} for ${n} readings.`;
      }
    // Where water runs, the slots for board and intake are used for other things.
    if (model !== null && model.cooling !== "air") return false;
    const { intakeC, boards } = twin.latest;
    for (const { index, boardC, chipC } of boards) {
      if (boardC === null) continue;
      if (chipC !== null && chipC < boardC - 3) return `Board ${index + 1} says ${c1(boardC)}, its chips ${c1(chipC)}.`;
      if (intakeC !== null && boardC < intakeC - 3) return `Board ${index + 1} says ${c1(boardC)}, the intake ${c1(intakeC)}.`;
    }
    const hottest = twin.latest.boardC;
    return intakeC !== null && hottest !== null && hottest > 45 && intakeC > hottest - 2
      ? `The intake says ${c1(intakeC)}, the boards ${c1(hottest)}.`
      : false;
  },
};

export const PART_RULES: readonly Rule[] = [tooHot, intakeHot, throttled, fanStopped, fanSlow, boardMissing, chipsMissing, sensor];
