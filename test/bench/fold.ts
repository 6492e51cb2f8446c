/** Parse, check and fold against JSON.parse alone, on the same bytes. CPU time of one thread. */
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { readingPayload } from "./payload.ts";
import { figure, median, type Emit } from "./report.ts";

const RIGS = 1_000;
const EACH = 30;
const START = 1_750_000_000_000;

const entries: Entry[] = Array.from({ length: RIGS * EACH }, (_, i) => ({
  pos: i + 1,
  receivedTs: START + Math.floor(i / RIGS) * 10_000,
  topic: `rigtwin/v1/farm/rig-${i % RIGS}/telemetry`,
  payload: readingPayload(i % RIGS, Math.floor(i / RIGS), START + Math.floor(i / RIGS) * 10_000),
  qos: 1,
  retain: false,
  dup: false,
  client: "gw",
}));

const microsEach = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / entries.length;
};

const parseOnly = (): void => {
  for (const entry of entries) JSON.parse(Buffer.from(entry.payload.buffer, entry.payload.byteOffset, entry.payload.length).toString());
};
const foldAll = (): void => {
  const farm = newFarm("farm");
  for (let i = 0; i < entries.length; i += 500) {
    const out = nothingYet();
    for (const entry of entries.slice(i, i + 500)) foldEntry(farm, entry, out);
  }
  if (farm.accepted !== entries.length) throw new Error(`${farm.accepted} of ${entries.length} accepted: ${JSON.stringify(farm.inbox[0])}`);
};

export const run = (emit: Emit): Promise<void> => {
  foldAll();
  const limits: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < 7; round++) {
    limits.push(microsEach(parseOnly));
    ours.push(microsEach(foldAll));
  }
  emit(
    figure({
      bench: "fold",
      ours: median(ours),
      limit: median(limits),
      unit: "µs CPU a message",
      against: "JSON.parse of the same bytes",
      bytes: entries[0]?.payload.length ?? 0,
    }),
  );
  return Promise.resolve();
};
