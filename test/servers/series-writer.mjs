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
const batchOf = (n) => ({
  upTo: n,
  boards: [],
  energy: [],
  rigs: Array.from({ length: RIGS }, (_, i) => ({
    site: "alpha",
    rig: `rig-${i}`,
    model: "S19",
    ts: T0 + n * 1_000,
    receivedTs: T0 + n * 1_000,
    values: RIG_FIELDS.map((_field, k) => (k === 0 ? n : k === 14 ? i : 1)),
  })),
});

const store = kind === "duck" ? createDuckStore({ file: place, threads: 1 }) : createInfluxStore({ url: place });
await store.start();
for (let n = Number(first); ; n++) {
  await store.write(batchOf(n));
  process.stdout.write(`${n}\n`);
  if (n % 50 === 0) await store.rollup(T0 + n * 1_000);
}
