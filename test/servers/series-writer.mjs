// Writes batch after batch into a series store until it is killed; a line with the batch's number after each that was kept.
// Arguments: folder of the built server, "duck" or "influx", file or address, first batch.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , built, kind, place, first] = process.argv;
const { RIG_FIELDS } = await import(pathToFileURL(join(built, "server/twin/series.js")).href);
const { addPoint, noRows } = await import(pathToFileURL(join(built, "server/twin/rows.js")).href);
const { createDuckStore } = await import(pathToFileURL(join(built, "server/edge/duck/store.js")).href);
const { createInfluxStore } = await import(pathToFileURL(join(built, "server/edge/influx/store.js")).href);

/** What batch n is; the test knows the same. */
const RIGS = 40;
const T0 = Date.UTC(2026, 2, 2);
const batchOf = (n) => {
  const rows = noRows();
  for (let i = 0; i < RIGS; i++) {
    const at = addPoint(rows.rig, "alpha", `rig-${i}`, -1, "S19", T0 + n * 1_000);
    const values = RIG_FIELDS.map((_field, k) => (k === 0 ? n : k === 14 ? i : 1));
    rows.rig.values.set(values, at);
  }
  return { upTo: n, rows };
};

const store = kind === "duck" ? createDuckStore({ file: place, threads: 1 }) : createInfluxStore({ url: place });
await store.start();
for (let n = Number(first); ; n++) {
  await store.write(batchOf(n));
  process.stdout.write(`${n}\n`);
  if (n % 50 === 0) await store.rollup(T0 + n * 1_000);
}
