/** `npm run test:chaos -- [--seed N] [--part 0.2] [--only embedded,outside,day,alarms,full]`: kills by chance, then looks whether every promise was kept. */
import { alarmKills } from "./alarms.ts";
import { find } from "../servers/programs.mjs";
import { randomOf } from "./random.ts";
import { canMount } from "../servers/disk.ts";
import { dayAway, embedded, fullDisk, outside, type Around, type Scened } from "./scenes.ts";
import { verdict } from "./verdicts.ts";

const LIMIT_MS = 25 * 60_000;
const MOST_SEED = 2 ** 31;
/** Of a whole run. */
const LEAST_KILLS = 50;

const option = (name: string): string | null => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1] ?? "");
};
const seed = Number(option("seed") ?? Math.floor(Math.random() * MOST_SEED));
const part = Number(option("part") ?? 1);
const only = option("only")?.split(",") ?? null;
const mosquitto = find("mosquitto");
const influxd = find("influxd");

interface Scene {
  readonly name: string;
  readonly missing: string | null;
  readonly play: (around: Around) => Promise<Scened>;
}
const SCENES: readonly Scene[] = [
  { name: "embedded", missing: null, play: embedded },
  {
    name: "outside",
    missing: mosquitto === null ? "mosquitto" : influxd === null ? "influxd" : null,
    play: (around) => outside(around, mosquitto ?? "", influxd ?? ""),
  },
  { name: "day", missing: influxd === null ? "influxd" : null, play: (around) => dayAway(around, influxd ?? "") },
  { name: "alarms", missing: null, play: alarmKills },
  { name: "full", missing: canMount() ? null : "right to mount a tmpfs", play: fullDisk },
];
const unknown = (only ?? []).filter((name) => !SCENES.some((scene) => scene.name === name));
if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEED || !(part > 0 && part <= 1) || unknown.length > 0) {
  console.error("usage: --seed N (whole, 0 to 2^31) --part P (above 0, to 1) --only embedded,outside,day,alarms,full");
  process.exit(2);
}

const startMs = Date.now();
const say = (text: string): void => console.log(`${((Date.now() - startMs) / 1_000).toFixed(0).padStart(4)} s  ${text}`);
const counts = { passed: 0, failed: 0, skipped: 0 };
const kills = new Map<string, number>();
const limit = setTimeout(() => {
  say(`It took longer than ${LIMIT_MS / 60_000} minutes and is ended.`);
  console.log(`${counts.passed} passed, ${counts.failed + 1} failed, ${counts.skipped} skipped`);
  process.exit(1);
}, LIMIT_MS);

const enter = (name: string, { what, wrong }: ReturnType<typeof verdict>): void => {
  if (wrong === null) counts.passed += 1;
  else counts.failed += 1;
  say(`${name.padEnd(8)}  ${wrong === null ? "holds  " : "BROKEN "} ${what}${wrong === null ? "" : `: ${wrong}`}`);
};

console.log(`seed ${seed} (the same seed gives the same plan; when a kill hits is up to the machine)`);
for (const { name, missing, play } of SCENES) {
  if (only !== null && !only.includes(name)) continue;
  if (missing !== null) {
    counts.skipped += 1;
    say(`${name.padEnd(8)}  skipped: there is no ${missing} here`);
    continue;
  }
  try {
    const { verdicts, kills: killed } = await play({
      random: randomOf(seed + name.length),
      part,
      tell: (what) => say(`${name.padEnd(8)}  ${what}`),
    });
    for (const one of verdicts) enter(name, one);
    for (const [victim, n] of killed) kills.set(victim, (kills.get(victim) ?? 0) + n);
  } catch (error) {
    enter(name, verdict("the scene could be played to its end", error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }
}
const all = [...kills.values()].reduce((sum, n) => sum + n, 0);
if (only === null && part === 1 && counts.skipped === 0)
  enter("all", verdict(`at least ${LEAST_KILLS} kills hit`, all >= LEAST_KILLS ? null : `only ${all}`));
clearTimeout(limit);
console.log(`\n${all} kills: ${[...kills].map(([victim, n]) => `${victim} ${n}`).join(", ")}; seed ${seed}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
