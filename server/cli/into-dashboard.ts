/**
 * `npm run replay -- FILE --into-dashboard`: a server of its own around the recording, in a folder of its own, which nothing but this
 * recording has ever been in. No farm of yours is touched, and the folder goes when it ends.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyNative } from "../edge/ed25519.ts";
import { createJournal } from "../edge/journal/journal.ts";
import { openMoments } from "../edge/journal/moments.ts";
import { openSnapshots } from "../edge/journal/snapshots.ts";
import { isMomentDue } from "../flows/telemetry.ts";
import type { Beginning } from "../flows/refold.ts";
import { markWhole, openVersions } from "../twin/digest.ts";
import { foldEntry, nothingYet, type Farm } from "../twin/farm.ts";
import type { Reading } from "../twin/reading.ts";
import type { RecordingFault, Row } from "../twin/recording.ts";
import { farmOfOpening } from "../twin/recording-start.ts";
import { dirtyCells, snapshotTexts } from "../twin/snapshot.ts";
import type { Message } from "../twin/twin.ts";
import { OWN, TICK_MS } from "../twin/wire.ts";

const AT_ONCE = 2_000;
const NOTHING = new TextEncoder().encode("{}");
const TICK: Message = { topic: OWN.tick, payload: NOTHING, qos: 1, retain: false, dup: false, client: "" };

/** The farm at the start, at the beginning of a journal of its own. */
const farmAtStart = ({ header, lines, cells }: Beginning): Farm | RecordingFault => {
  const farm = farmOfOpening(header, lines, cells);
  if ("code" in farm) return farm;
  farm.asOfPos = 0;
  // Everything of the digest is to be written away with the snapshot.
  for (const rigDay of farm.digest.values()) markWhole(rigDay);
  return farm;
};

/** Enters a recording into an empty data folder, as the journal it came from had it. */
export const createEntering = async (folder: string, beginning: Beginning) => {
  const { header } = beginning;
  const farm = farmAtStart(beginning);
  if ("code" in farm) return farm;
  const snapshots = openSnapshots(folder);
  const moments = openMoments(folder);
  if (header.farm !== null)
    await snapshots.save(0, header.startTs, snapshotTexts(farm), dirtyCells(farm.digest), openVersions(farm.digest));
  const journal = createJournal({ folder, now: () => header.startTs });
  await journal.start();
  let waiting: Promise<void>[] = [];
  let nextTickTs = Math.ceil(header.startTs / TICK_MS) * TICK_MS;
  let momentPos = 0;
  let out = nothingYet();

  const put = ({ topic, payload, qos, retain, dup, client }: Message, ts: number, reading: Reading | null = null): void => {
    const message = { topic, payload, qos, retain, dup, client };
    waiting.push(new Promise((resolve, reject) => journal.append(message, (error) => (error === null ? resolve() : reject(error)), ts)));
    foldEntry(farm, { ...message, pos: farm.asOfPos + 1, receivedTs: ts }, out, verifyNative, reading);
  };
  const tickUpTo = (ts: number): void => {
    if (!header.ticks) for (; nextTickTs <= ts; nextTickTs += TICK_MS) put(TICK, nextTickTs);
  };
  const settle = async (): Promise<void> => {
    await Promise.all(waiting);
    waiting = [];
    out = nothingYet();
    if (!isMomentDue(farm, momentPos)) return;
    momentPos = farm.asOfPos;
    await moments.save(farm.asOfPos, farm.asOfTs, snapshotTexts(farm));
  };
  if (header.farm === null) for (const message of beginning.retained) put(message, header.startTs);
  return {
    row(row: Row): Promise<void> | void {
      const ts = header.startTs + row.us / 1_000;
      tickUpTo(ts);
      put(row, ts, farm.site === header.site ? (row.reading ?? null) : null);
      if (waiting.length >= AT_ONCE) return settle();
    },
    /** Brings the clock to `us` since the start and closes everything. */
    async end(us: number): Promise<void> {
      tickUpTo(header.startTs + us / 1_000);
      await settle();
      await snapshots.save(farm.asOfPos, farm.asOfTs, snapshotTexts(farm), dirtyCells(farm.digest), openVersions(farm.digest));
      await journal.stop();
      moments.close();
      snapshots.close();
    },
  };
};

export interface Shown {
  /** Of the dashboard, opened at the window. */
  readonly address: string;
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
  readonly stop: () => void;
}

/** Starts the server on the folder. Rejects with its last words where it does not come up. */
export const showFolder = (
  { folder, site, port }: { readonly folder: string; readonly site: string; readonly port: number },
  window: { readonly fromTs: number; readonly toTs: number; readonly speed: number },
): Promise<Shown> =>
  new Promise((resolve, reject) => {
    const settings = {
      simulate: "no",
      rigs: 0,
      port,
      "mqtt-port": 0,
      "rpc-port": 0,
      "data-dir": folder,
      site,
      "journal-days": 36_500,
      "local-role": "admin",
    };
    const flags = Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`);
    const program = join(import.meta.dirname, "..", "main.js");
    const child: ChildProcess = spawn(process.execPath, [program, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    const hear = (data: Buffer): void => {
      said = (said + data.toString()).slice(-4_000);
      const own = /Dashboard\s+(http:\/\/\S+)/.exec(said)?.[1];
      if (own === undefined || !said.includes("Stop with")) return;
      const { fromTs, toTs, speed } = window;
      resolve({
        address: `${own}/?replay=${Math.floor(fromTs)}-${Math.ceil(toTs)}&speed=${speed}`,
        ended,
        stop: () => void child.kill("SIGTERM"),
      });
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    void ended.then(() => reject(new Error(`The dashboard did not start: ${said.trim()}`)));
  });

/** A new folder below the system's temporary one, and how to be rid of it. */
export const newFolder = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-replay-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
