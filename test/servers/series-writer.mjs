// Writes batch after batch into a series store until it is killed; a line with the batch's number after each that was kept.
// Arguments: folder of the built server, "duck" or "influx", file or address, first batch.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , built, kind, place, first] = process.argv;
const { RIG_FIELDS } = await import(pathToFileURL(join(built, "server/twin/series.js")).href);
const { createDuckStore } = await import(pathToFileURL(join(built, "server/edge/duck/store.js")).href);
const { createInfluxStore } = await import(pathToFileURL(join(built, "server/edge/influx/store.js")).href);

/** What batch n is; the test knows the same. */
const RIGS = 40;
const T0 = Date.UTC(2026, 2, 2);
const columns = (rows, ts) => ({
  site: rows.map(() => "alpha"),
  name: rows.map(({ name }) => name),
  part: rows.map(() => -1),
  model: rows.map(() => "S19"),
  ts: rows.map(() => ts),
  values: rows.flatMap(({ values }) => values),
});
const batchOf = (n) => ({
  upTo: n,
  rows: {
    rig: columns(
      Array.from({ length: RIGS }, (_, i) => ({
        name: `rig-${i}`,
        values: RIG_FIELDS.map((_field, k) => (k === 0 ? n : k === 14 ? i : 1)),
      })),
      T0 + n * 1_000,
    ),
    board: columns([], 0),
    site_energy: columns([], 0),
  },
});

const store = kind === "duck" ? createDuckStore({ file: place, threads: 1 }) : createInfluxStore({ url: place });
await store.start();
for (let n = Number(first); ; n++) {
  await store.write(batchOf(n));
  process.stdout.write(`${n}\n`);
  if (n % 50 === 0) await store.rollup(T0 + n * 1_000);
}
