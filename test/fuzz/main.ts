/**
 * `npm run fuzz -- [--n 1000000] [--seed 1]`: captured answers, mutated, through every parser. Nothing may throw; no number may come
 * out that is not finite or not in its range; no rate beyond what the machine could do may come out as if it were good.
 */
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readAnswers } from "../../server/twin/formats/index.ts";
import { findModel } from "../../server/twin/models.ts";
import { RANGES, type Range } from "../../server/twin/plausible.ts";
import { machinesIn } from "../../simulators/captures.ts";
import { mix, unit } from "../../simulators/plant/chance.ts";
import { mutated } from "./mutate.ts";

const { values } = parseArgs({ options: { n: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } } });
const n = Number(values.n);
const seed = Number(values.seed);
if (!Number.isSafeInteger(n) || n < 1 || !Number.isSafeInteger(seed)) {
  console.error("--n and --seed are whole numbers");
  process.exit(2);
}

const RANGE_OF: Readonly<Record<string, Range>> = {
  hashrateThs: RANGES.rigThs,
  averageThs: RANGES.rigThs,
  expectedThs: RANGES.rigThs,
  powerW: RANGES.powerW,
  powerLimitW: RANGES.powerW,
  intakeC: RANGES.airC,
  outletC: RANGES.airC,
  inletC: RANGES.airC,
  boardC: RANGES.partC,
  chipC: RANGES.partC,
  psuC: RANGES.partC,
  tempC: RANGES.partC,
  voltageV: RANGES.voltageV,
  frequencyMhz: RANGES.frequencyMhz,
  fanPct: RANGES.percent,
  hwErrorPct: RANGES.percent,
  rpm: RANGES.rpm,
  chips: RANGES.chips,
};

/** Every number of a reading that must not be there. */
const faultsIn = (value: unknown, key: string, at: string, mostThs: number): string[] => {
  if (Array.isArray(value)) return value.flatMap((item, i) => faultsIn(item, key, `${at}.${i}`, mostThs));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, item]) => faultsIn(item, name, `${at}.${name}`, mostThs));
  if (typeof value !== "number") return [];
  const of = RANGE_OF[key];
  if (!Number.isFinite(value)) return [`${at} = ${value}`];
  if (of !== undefined && (value < of.lo || value > of.hi || of.sentinels.includes(value))) return [`${at} = ${value} is out of its range`];
  return key.endsWith("Ths") && value > mostThs ? [`${at} = ${value} TH/s is more than the machine could do`] : [];
};

/** Machines of the other makers and firmwares: one file each, in the same shapes. */
const shapes = readdirSync("test/vectors/shapes").map((file) => ({
  rig: file.replace(/\.json$/, ""),
  answers: JSON.parse(readFileSync(`test/vectors/shapes/${file}`, "utf8")) as Record<string, unknown>,
}));
const machines = [...machinesIn("test/vectors/captures"), ...shapes];
const formats = new Map<string, number>();
const started = performance.now();
let wrong = 0;
for (let i = 0; i < n && wrong < 20; i++) {
  const draw = mix(seed, i);
  const machine = machines[Math.floor(unit(draw, 1) * machines.length)];
  if (machine === undefined) break;
  const answers = mutated(machine.answers, draw);
  const said: string[] = [];
  try {
    const read = readAnswers(answers);
    if ("code" in read) formats.set("refused", (formats.get("refused") ?? 0) + 1);
    else {
      formats.set(read.format, (formats.get(read.format) ?? 0) + 1);
      const model = findModel(read.identity.make, read.identity.model);
      said.push(...faultsIn(read.measured, "", "", model === null ? Infinity : 10 * model.nameplate.hashrateThs));
    }
  } catch (error) {
    said.push(`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  if (said.length > 0) {
    wrong += 1;
    console.error(`case ${i} of seed ${seed} (${machine.rig}): ${said.slice(0, 3).join("; ")}`);
  }
  if (i > 0 && i % 100_000 === 0) console.log(`${i} of ${n}, ${Math.round((1_000 * i) / (performance.now() - started))}/s`);
}
console.log(`${n} mutated answers of ${machines.length} machines, seed ${seed}: ${wrong === 0 ? "nothing wrong" : `${wrong} wrong`}`);
for (const [format, count] of [...formats].sort((a, b) => b[1] - a[1])) console.log(`  ${format.padEnd(16)} ${count}`);
process.exit(wrong === 0 ? 0 : 1);
