/**
 * A recording of 1,000 rigs at ten seconds as `npm run replay` plays it, from the file to the last alarm and the digest, against parsing
 * and folding the same messages from memory. Speed is what the thread that folds has to do for each message: unpacking runs beside it in a
 * thread of its own, and what all threads together cost is told too.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { createFile, linesOf, openFile } from "../../server/edge/recordings/file.ts";
import { linkNative } from "../../server/edge/sha256.ts";
import { createRefold, openRecording } from "../../server/flows/refold.ts";
import { foldBirth, foldReading, newTwin } from "../../server/twin/fold.ts";
import { modelById } from "../../server/twin/models.ts";
import { parse } from "../../server/twin/parse.ts";
import type { Entry, Twin } from "../../server/twin/twin.ts";
import { messages, type MessageOptions } from "../../simulators/messages.ts";
import { recordingOf } from "../../simulators/recording.ts";
import { parseScenario } from "../../simulators/scenario.ts";
import { figure, median, type Emit } from "./report.ts";

const START = Date.UTC(2026, 10, 21, 9);
const ROUNDS = 5;
const SPAN: MessageOptions = {
  seed: 1,
  scenario: parseScenario({ name: "calm", says: "Nothing is wrong.", faults: [] }),
  rigs: 1_000,
  site: "farm",
  fromTs: START,
  toTs: START + 5 * 60_000,
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

/** µs a message: of this thread, and of all. */
const microsEach = async (work: () => Promise<void> | void): Promise<{ thread: number; all: number }> => {
  const before = process.cpuUsage();
  const startedMicros = threadMicros();
  await work();
  const thread = threadMicros() - startedMicros;
  const used = process.cpuUsage(before);
  return { thread: thread / entries.length, all: (used.user + used.system) / entries.length };
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
  const opened = await openRecording(linesOf((await openFile(path)).chunks), linkNative);
  const refold = createRefold(opened.beginning, verifyNative);
  let rows = 0;
  for await (const row of opened.rows) {
    refold.row(row);
    rows += 1;
  }
  refold.until(opened.endUs());
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
    const limits: { thread: number; all: number }[] = [];
    const ours: { thread: number; all: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      limits.push(await microsEach(parseAndFold));
      ours.push(await microsEach(() => replayed(path)));
    }
    emit(
      figure({
        bench: "replay",
        // Messages a second of CPU: the promise is a speed, at least half of the limit's.
        ours: 1e6 / median(ours.map(({ thread }) => thread)),
        limit: 1e6 / median(limits.map(({ thread }) => thread)),
        unit: "messages a second of the folding thread",
        against: "parse and fold alone, from memory",
        messages: entries.length,
        ratioOfAllThreads: median(limits.map(({ all }) => all)) / median(ours.map(({ all }) => all)),
        seedHash: bytesOf().slice(0, 16),
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
