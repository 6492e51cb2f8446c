/** Begins and ends the file of a recording. */
import { createFile, type FileWriter } from "../../edge/recordings/file.ts";
import { linkNative } from "../../edge/sha256.ts";
import { createRecording, type Opening, type RecordingWriter } from "../../twin/recording.ts";
import type { FarmHashes } from "../../twin/snapshot.ts";
import { reasonOf, Unusable } from "../unusable.ts";
import type { Values } from "./arguments.ts";

const create = async (path: string, { plain, force }: Values): Promise<FileWriter> => {
  try {
    return await createFile(path, { gzip: !plain, overwrite: force });
  } catch (error) {
    const reason = reasonOf(error);
    throw new Unusable(
      reason === "EEXIST" ? `${path} is there already; --force writes over it.` : `${path} cannot be written: ${reason}.`,
      { cause: error },
    );
  }
};

/** Begins the file; nothing is made before there is something to write. */
export const begin = async (path: string, values: Values, opening: Opening): Promise<{ file: FileWriter; recording: RecordingWriter }> => {
  const file = await create(path, values);
  const recording = createRecording(opening, linkNative);
  for (const line of recording.opening()) await file.line(line);
  return { file, recording };
};

/** What was recorded; times in ms UTC. */
export interface Made {
  readonly rows: number;
  readonly fromTs: number;
  readonly toTs: number;
  readonly bytes: number;
  /** Of the farm at the end, where they were asked for. */
  readonly hashes?: FarmHashes;
}
/** Ends the file at `toTs`. */
export const finish = async (file: FileWriter, recording: RecordingWriter, fromTs: number, toTs: number): Promise<Made> => {
  await file.line(recording.end(toTs));
  await file.close();
  return { rows: recording.rows(), fromTs, toTs, bytes: file.bytes() };
};
