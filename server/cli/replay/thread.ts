/**
 * The thread that reads a recording: unpacks, checks each line against the chain, parses as long as the thread that folds has enough to
 * do, and hands the rows over in packed batches, a few ahead.
 */
import { parentPort, workerData } from "node:worker_threads";
import { linesOf, openFile } from "../../edge/recordings/file.ts";
import { linkNative } from "../../edge/sha256.ts";
import { openRecording, RecordingBroken, type Beginning } from "../../flows/refold.ts";
import { createPacking, type PackedRows } from "../../twin/packed-rows.ts";
import type { RecordingFault } from "../../twin/recording.ts";
import { reasonOf } from "../unusable.ts";

export interface ThreadData {
  readonly file: string;
  /** Whether readings are to be parsed for who folds. */
  readonly readings: boolean;
}
export type Said =
  | { readonly what: "open"; readonly beginning: Beginning; readonly totalBytes: number }
  | { readonly what: "rows"; readonly packed: PackedRows; readonly readBytes: number }
  | { readonly what: "end"; readonly endUs: number; readonly cut: RecordingFault | null }
  | { readonly what: "fault"; readonly fault: RecordingFault }
  | { readonly what: "unreadable"; readonly reason: string };

/** Batches that may wait for the other thread. */
const MOST_AHEAD = 6;
/** With so many batches ahead the other thread has enough to do. */
const BUSY_AHEAD = 2;

const say = (said: Said, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(said, transfer);

const read = async ({ file, readings }: ThreadData): Promise<void> => {
  const reading = await openFile(file);
  const { beginning, batches, endUs, cut } = await openRecording(linesOf(reading.chunks), linkNative);
  say({ what: "open", beginning, totalBytes: reading.totalBytes });
  let ahead = 0;
  let wake: () => void = () => undefined;
  parentPort?.on("message", () => {
    ahead -= 1;
    wake();
  });
  const pack = createPacking(beginning.header);
  for await (const rows of batches) {
    // Who waits parses: with little ahead the thread that folds is about to be idle, and does it itself.
    const packed = pack(rows, readings && ahead >= BUSY_AHEAD);
    say({ what: "rows", packed, readBytes: reading.readBytes() }, [packed.values.buffer, packed.payloads.buffer]);
    ahead += 1;
    if (ahead >= MOST_AHEAD) await new Promise<void>((resolve) => (wake = resolve));
  }
  say({ what: "end", endUs: endUs(), cut: cut() });
};

try {
  await read(workerData as ThreadData);
} catch (error) {
  say(error instanceof RecordingBroken ? { what: "fault", fault: error.fault } : { what: "unreadable", reason: reasonOf(error) });
}
parentPort?.close();
