/**
 * A real server on hours of 1,000 rigs at ten seconds, and a viewer that jumps to moments of it at random: from the wish to the whole farm
 * as the browser has it. How long a jump takes is set by how far the nearest kept farm is, not by how long the journal is; `--hours 24` is
 * the whole day.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { createEntering, newFolder, showFolder } from "../../server/cli/into-dashboard.ts";
import type { Status } from "../../server/twin/api.ts";
import type { RecordingHeader } from "../../server/twin/recording.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { messages } from "../../simulators/messages.ts";
import { loadScenario } from "../../simulators/scenario-files.ts";
import { until } from "../servers/until.ts";
import { createViewer } from "../servers/viewer.ts";
import { chanceFrom } from "./history.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";

const RIGS = optionOf("rigs", 1_000);
const SPAN_MS = optionOf("hours", 1) * 3_600_000;
const JUMPS = 40;
const LIMIT_MS = 1_000;

/** Enters the span into a new folder; gives how many messages. */
const entered = async (folder: string, fromTs: number, toTs: number): Promise<number> => {
  const header: RecordingHeader = { site: "farm", startTs: fromTs, source: "a bench", ticks: false, farm: null, retained: 0 };
  const entering = await createEntering(folder, { header, lines: [], cells: [], retained: [] });
  if ("code" in entering) throw new Error(entering.detail);
  let n = 0;
  const span = { seed: 1, scenario: loadScenario("calm-day"), rigs: RIGS, site: "farm", fromTs, toTs, intervalMs: 10_000 };
  for (const { ts, topic, payload, retain } of messages(span)) {
    n += 1;
    const us = Math.round((ts - fromTs) * 1_000);
    await entering.row({ n, us, topic, payload, qos: 1, retain, dup: false, client: "", properties: null });
  }
  await entering.end((toTs - fromTs) * 1_000);
  return n;
};

const jumps = async (url: string, from: number, to: number): Promise<number[]> => {
  const viewer = createViewer(url);
  const chance = chanceFrom(7);
  const took: number[] = [];
  try {
    viewer.watch({ view: "replay", from, to, speed: 10 });
    await until(() => viewer.snapshots().length > 0, "the replay is open");
    viewer.control({ playing: false });
    for (let i = 0; i < JUMPS; i++) {
      const at = Math.floor(from + chance() * (to - from));
      const startedMs = performance.now();
      const shown = new Promise<number>((resolve, reject) =>
        viewer.onTold((one) => {
          if (one.event === "refused") reject(new Error(one.problem.detail));
          else if (one.event === "snapshot" && one.meta.clock.nowTs === at)
            resolve(one.columns.count === RIGS ? performance.now() - startedMs : NaN);
        }),
      );
      viewer.control({ at });
      took.push(await shown);
    }
  } finally {
    viewer.close();
  }
  return took;
};

export const run = async (emit: Emit): Promise<void> => {
  const toTs = Math.floor(Date.now() / 10_000) * 10_000;
  const fromTs = toTs - SPAN_MS;
  const { folder, remove } = newFolder();
  try {
    const n = await entered(folder, fromTs, toTs);
    const shown = await showFolder({ folder, site: "farm", port: 0 }, { fromTs, toTs, speed: 10 });
    try {
      const { origin } = new URL(shown.address);
      const status = async (): Promise<Status["ingest"]> => ((await (await fetch(`${origin}${ROUTES.status}`)).json()) as Status).ingest;
      const { headPos } = await status();
      // What came before the start goes into the store first: that is another's bench.
      await until(async () => (await status()).storedPos >= headPos, "the store has all", 550_000);
      const took = await jumps(origin, fromTs + 60_000, toTs);
      emit(
        figure({
          bench: "scrub",
          ours: Math.max(...took),
          limit: LIMIT_MS,
          unit: "ms, the slowest jump",
          against: "a second",
          medianMs: median(took),
          jumps: JUMPS,
          rigs: RIGS,
          hours: SPAN_MS / 3_600_000,
          messages: n,
          momentsMb: statSync(join(folder, "moments.db")).size / 1e6,
        }),
      );
    } finally {
      shown.stop();
      await shown.ended;
    }
  } finally {
    remove();
  }
};
