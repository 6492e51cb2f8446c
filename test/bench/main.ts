/** `npm run bench -- [--only NAME,…] [--json]`: every figure beside a limit measured in the same run. */
import type { Emit, Figure } from "./report.ts";

const BENCHES: Readonly<Record<string, () => Promise<{ run: (emit: Emit) => Promise<void> }>>> = {
  alarms: () => import("./alarms.ts"),
  fold: () => import("./fold.ts"),
  flood: () => import("./flood.ts"),
  gateway: () => import("./gateway.ts"),
  ingest: () => import("./ingest.ts"),
  steady: () => import("./steady.ts"),
  replay: () => import("./replay.ts"),
  scrub: () => import("./scrub.ts"),
  memory: () => import("./memory.ts"),
  store: () => import("./store.ts"),
  queries: () => import("./queries.ts"),
  "catch-up": () => import("./catch-up.ts"),
  verify: () => import("./verify.ts"),
};

const argv = process.argv.slice(2);
const json = argv.includes("--json");
const onlyAt = argv.indexOf("--only");
const wanted = onlyAt >= 0 ? (argv[onlyAt + 1] ?? "").split(",") : Object.keys(BENCHES);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}

const show = (figure: Figure): void => {
  if (json) return console.log(JSON.stringify(figure));
  const { bench, ratio, ours, limit, unit, against, ...more } = figure;
  const rest = Object.entries(more).map(([name, value]) => `${name} ${value}`);
  console.log(
    `${bench.padEnd(18)} ${String(ratio).padStart(7)}  = ${ours} / ${limit} ${unit} (${against})${rest.length > 0 ? `; ${rest.join(", ")}` : ""}`,
  );
};
for (const name of wanted) {
  const bench = await BENCHES[name]?.();
  await bench?.run(show);
}
