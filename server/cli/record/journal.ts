/** Records a past window of a journal. */
import { verifyNative } from "../../edge/ed25519.ts";
import { openPast, type Past } from "../../edge/journal/past.ts";
import { restoreFarm } from "../../flows/telemetry.ts";
import { foldEntry, nothingYet, type Farm } from "../../twin/farm.ts";
import { openingFarmOf } from "../../twin/recording-start.ts";
import { farmOfLines, hashesOf } from "../../twin/snapshot.ts";
import { momentOf } from "../moments.ts";
import { createProgress } from "../progress.ts";
import { Unusable } from "../unusable.ts";
import type { Values } from "./arguments.ts";
import { begin, finish, type Made } from "./begin.ts";

const moment = (text: string, flag: string): number => {
  const ts = momentOf(text, (ms) => Date.now() - ms);
  if (ts === null) throw new Unusable(`${flag}: "${text}" is no time; write 2026-11-21T09:00:00Z, ms since 1970, or how long ago: 2h.`);
  return ts;
};

/** A window of a journal: the farm at its begin from the nearest snapshot before, then everything received in it. */
export const recordJournal = async (path: string, values: Values, signal: AbortSignal): Promise<Made> => {
  const folder = values["data-dir"] ?? process.env["DATA_DIR"] ?? "data";
  const wishedTs = values.from === undefined ? null : moment(values.from, "--from");
  const toTs = values.to === undefined ? Infinity : moment(values.to, "--to");
  const past = openPast(folder, (pos, count) =>
    process.stderr.write(`${count} entries from position ${pos} on are damaged or lost; they are missing in the recording.\n`),
  );
  if (past === null) throw new Unusable(`There is no journal in ${folder}; name the server's data folder with --data-dir.`);
  try {
    const oldest = await past.oldest();
    if (oldest === null) throw new Unusable(`The journal in ${folder} is empty.`);
    const fromTs = Math.floor(wishedTs ?? oldest.ts);
    if (fromTs >= toTs) throw new Unusable("--from must be before --to.");
    if (fromTs < Math.floor(oldest.ts))
      throw new Unusable(`The journal in ${folder} begins at ${new Date(oldest.ts).toISOString()}; --from is before.`);
    const saved = past.loadSnapshot(fromTs - 1);
    const progress = createProgress(values.quiet);
    const site = saved === null ? (values.site ?? siteOf(past) ?? "farm") : null;
    const farm = restoreFarm(site ?? "", saved);
    let made: Awaited<ReturnType<typeof begin>> | null = null;
    let lastTs = fromTs;
    let over = false;
    for await (const entries of past.read(farm.asOfPos + 1)) {
      for (const entry of entries) {
        over = entry.receivedTs > toTs;
        if (over || signal.aborted) break;
        lastTs = Math.max(lastTs, entry.receivedTs);
        if (entry.receivedTs < fromTs) {
          foldEntry(farm, entry, nothingYet(), verifyNative);
          continue;
        }
        made ??= await beginJournal(path, values, farm, fromTs, folder);
        await made.file.line(made.recording.row({ ...entry, properties: null }, entry.receivedTs));
        if (values.hashes) foldEntry(farm, entry, nothingYet(), verifyNative);
        const { rows } = made.recording;
        progress.show(() => ({ part: null, rows: rows(), ts: entry.receivedTs }));
      }
      if (over || signal.aborted) break;
      if (made === null) progress.show(() => ({ part: null, rows: 0, ts: lastTs }));
    }
    progress.done();
    if (made === null)
      throw new Unusable(
        `Nothing was received between ${new Date(fromTs).toISOString()} and ${toTs === Infinity ? "now" : new Date(toTs).toISOString()}; the journal's newest entry is of ${new Date(lastTs).toISOString()}.`,
      );
    const whole = await finish(made.file, made.recording, fromTs, over ? toTs : lastTs);
    return values.hashes ? { ...whole, hashes: hashesOf(farm) } : whole;
  } finally {
    past.close();
  }
};
/** Whose journal it is, as its newest snapshot says. */
const siteOf = (past: Past): string | null => {
  const [first] = past.loadSnapshot(Number.MAX_SAFE_INTEGER)?.lines ?? [];
  return first === undefined ? null : farmOfLines([first]).site;
};
const beginJournal = (path: string, values: Values, farm: Farm, startTs: number, folder: string) =>
  begin(path, values, {
    site: farm.site,
    startTs,
    source: `journal ${folder}`,
    ticks: true,
    farm: farm.asOfPos === 0 ? null : openingFarmOf(farm),
    retained: [...farm.retained].map(([topic, payload]) => ({
      topic,
      payload,
      qos: 1 as const,
      retain: true,
      dup: false,
      client: "",
      properties: null,
    })),
  });
