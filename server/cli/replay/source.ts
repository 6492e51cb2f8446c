/** A recording as the programs read it: a file by a thread of its own, the standard input by this one. */
import { Worker } from "node:worker_threads";
import { linesOf, openFile, STDIN } from "../../edge/recordings/file.ts";
import { linkNative } from "../../edge/sha256.ts";
import { openRecording, RecordingBroken, type Opened } from "../../flows/refold.ts";
import { createUnpacking } from "../../twin/packed-rows.ts";
import type { RecordingFault, Row } from "../../twin/recording.ts";
import { reasonOf, Unusable } from "../unusable.ts";
import type { Said, ThreadData } from "./thread.ts";

export interface Source extends Opened {
  /** How much of it has been read, 0 to 1; null where nobody knows its size. */
  readonly part: () => number | null;
}

const partOf = (readBytes: number, totalBytes: number): number | null => (totalBytes === 0 ? null : Math.min(1, readBytes / totalBytes));
const unreadable = (file: string, reason: string): Unusable => new Unusable(`${file} cannot be read: ${reason}.`);

/** What a thread says, one after the other. It keeps the program alive only while it is waited for. */
const heardFrom = (worker: Worker) => {
  const said: Said[] = [];
  let failure: unknown = null;
  let wake: () => void = () => undefined;
  worker.on("message", (one: Said) => {
    said.push(one);
    wake();
  });
  worker.on("error", (error) => {
    failure = error;
    wake();
  });
  worker.on("exit", () => {
    failure ??= new Error("the thread that reads it ended");
    wake();
  });
  worker.unref();
  return async (): Promise<Said> => {
    for (;;) {
      const next = said.shift();
      if (next !== undefined) return next;
      if (failure !== null) throw failure as Error;
      worker.ref();
      await new Promise<void>((resolve) => (wake = resolve));
      worker.unref();
    }
  };
};

const openThreaded = async (file: string, readings: boolean): Promise<Source> => {
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: { file, readings } satisfies ThreadData });
  const next = heardFrom(worker);
  const first = await next();
  if (first.what === "fault") throw new RecordingBroken(first.fault);
  if (first.what !== "open") throw unreadable(file, first.what === "unreadable" ? first.reason : first.what);
  const { beginning, totalBytes } = first;
  const unpack = createUnpacking(beginning.header);
  let readBytes = 0;
  let endUs = 0;
  let cut: RecordingFault | null = null;
  async function* batches(): AsyncGenerator<readonly Row[]> {
    try {
      for (;;) {
        const said = await next();
        if (said.what === "fault") throw new RecordingBroken(said.fault);
        if (said.what === "unreadable") throw unreadable(file, said.reason);
        if (said.what === "end") {
          ({ endUs, cut } = said);
          return;
        }
        if (said.what !== "rows") continue;
        ({ readBytes } = said);
        const rows = unpack(said.packed);
        worker.postMessage("taken");
        endUs = rows.at(-1)?.us ?? endUs;
        yield rows;
      }
    } finally {
      void worker.terminate();
    }
  }
  return { beginning, batches: batches(), endUs: () => endUs, cut: () => cut, part: () => partOf(readBytes, totalBytes) };
};

const openPiped = async (): Promise<Source> => {
  const { chunks } = await openFile(STDIN);
  return { ...(await openRecording(linesOf(chunks), linkNative)), part: () => null };
};

/** Opens a recording; with `readings` they come parsed, for who folds them as they are. Throws Unusable and RecordingBroken. */
export const openSource = (file: string, readings: boolean): Promise<Source> =>
  file === STDIN
    ? openPiped().catch((error: unknown) => {
        throw error instanceof RecordingBroken ? error : unreadable(file, reasonOf(error));
      })
    : openThreaded(file, readings);
