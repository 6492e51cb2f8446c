/**
 * A recording of 1,000 rigs at ten seconds as `npm run replay` plays it, from the file to the last alarm and the digest, against parsing
 * and folding the same messages from memory. Unpacking, checking and parsing run beside the fold in a thread of their own.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { openSource } from "../../server/cli/replay/source.ts";
import { createFile } from "../../server/edge/recordings/file.ts";
import { linkNative } from "../../server/edge/sha256.ts";
import { createRefold } from "../../server/flows/refold.ts";
import { foldBirth, foldReading, newTwin } from "../../server/twin/fold.ts";
import { modelById } from "../../server/twin/models.ts";
import { parse } from "../../server/twin/parse.ts";
import type { Entry, Twin } from "../../server/twin/twin.ts";
import { messages, type MessageOptions } from "../../simulators/messages.ts";
import { recordingOf } from "../../simulators/recording.ts";
import { parseScenario } from "../../simulators/scenario.ts";
import { figure, median, type Emit } from "./report.ts";

const START = Date.UTC(2026, 10, 21, 9);
const ROUNDS = 3;
const SPAN: MessageOptions = {
  seed: 1,
  scenario: parseScenario({ name: "calm", says: "Nothing is wrong.", faults: [] }),
  rigs: 1_000,
  site: "farm",
  fromTs: START,
  // long enough that the start of the reading thread, which a day has once, does not count
  toTs: START + 20 * 60_000,
  intervalMs: 10_000,
};

const entries: Entry[] = [...messages(SPAN)].map(({ ts, topic, payload, retain }, i) => ({
  pos: i + 1,
  receivedTs: ts,
  topic,
  payload,
  qos: 1,
  retain,
  dup: false,
  client: "",
}));

/** Time that this thread has spent on a processor, µs; the wall's where the system does not tell. */
const threadMicros = (): number => {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1_000;
  } catch {
    return performance.now() * 1_000;
  }
};

/** µs a message: by the clock on the wall, of this thread, and of all. */
interface Micros {
  readonly wall: number;
  readonly thread: number;
  readonly all: number;
}
const microsEach = async (work: () => Promise<void> | void): Promise<Micros> => {
  const before = process.cpuUsage();
  const startedMicros = threadMicros();
  const startedMs = performance.now();
  await work();
  const wall = (performance.now() - startedMs) * 1_000;
  const thread = threadMicros() - startedMicros;
  const used = process.cpuUsage(before);
  const n = entries.length;
  return { wall: wall / n, thread: thread / n, all: (used.user + used.system) / n };
};

/** Nothing but parse.ts and fold.ts: no duplicates looked for, no alarms, no digest, no rows. */
const parseAndFold = (): void => {
  const twins = new Map<string, Twin>();
  const known = modelById("antminer-s21");
  let accepted = 0;
  for (const entry of entries) {
    const parsed = parse(entry, "farm");
    if (parsed.kind === "birth") {
      const before = twins.get(parsed.rig) ?? newTwin("farm", parsed.rig, twins.size, entry.receivedTs);
      twins.set(parsed.rig, foldBirth(before, parsed.birth, known, false));
    } else if (parsed.kind === "reading") {
      const { reading } = parsed;
      const before = twins.get(reading.rig) ?? newTwin("farm", reading.rig, twins.size, entry.receivedTs);
      twins.set(reading.rig, foldReading(before, reading, known, 0, START));
      accepted += 1;
    }
  }
  if (accepted < entries.length * 0.9) throw new Error(`only ${accepted} of ${entries.length} were readings`);
};

const replayed = async (path: string): Promise<void> => {
  const source = await openSource(path, true);
  const refold = createRefold(source.beginning, verifyNative);
  let rows = 0;
  for await (const batch of source.batches) {
    for (const row of batch) refold.row(row);
    rows += batch.length;
  }
  refold.until(source.endUs());
  if (rows !== entries.length || refold.farm().digest.size === 0) throw new Error(`${rows} rows of ${entries.length} were played`);
};

const bytesOf = (): string => {
  const hash = createHash("sha256");
  for (const { topic, payload } of entries) hash.update(topic).update(payload);
  return hash.digest("hex");
};

export const run = async (emit: Emit): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-bench-"));
  try {
    const path = join(folder, "farm.mfrec");
    const file = await createFile(path, { gzip: true, overwrite: false });
    for (const line of recordingOf(SPAN, linkNative)) await file.line(line.slice(0, -1));
    await file.close();
    parseAndFold();
    await replayed(path);
    const limits: Micros[] = [];
    const ours: Micros[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      limits.push(await microsEach(parseAndFold));
      ours.push(await microsEach(() => replayed(path)));
    }
    const middle = (of: keyof Micros, all: readonly Micros[]): number => median(all.map((one) => one[of]));
    emit(
      figure({
        bench: "replay",
        ours: 1e6 / middle("wall", ours),
        limit: 1e6 / middle("wall", limits),
        unit: "messages a second",
        against: "parse and fold alone, from memory",
        messages: entries.length,
        // What the thread that folds has to do, and what all threads together cost: the wall's clock knows who else is at work.
        ratioOfFoldingThread: middle("thread", limits) / middle("thread", ours),
        ratioOfAllThreads: middle("all", limits) / middle("all", ours),
        seedHash: bytesOf().slice(0, 16),
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
