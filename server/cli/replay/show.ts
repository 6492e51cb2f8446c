/** Shows a recording in a dashboard of its own. */
import { RecordingBroken } from "../../flows/refold.ts";
import { createEntering, newFolder, showFolder } from "../into-dashboard.ts";
import { told } from "../moments.ts";
import type { Wish } from "./arguments.ts";
import { carry, count, endOf, EXIT, windowOf } from "./carry.ts";
import { openSource } from "./source.ts";

const MOST_SHOWN_SPEED = 100;

/** Gives the exit code. */
export const show = async (wish: Wish, port: number, stop: AbortController): Promise<number> => {
  const { signal } = stop;
  const source = await openSource(wish.file, wish.faults === null);
  const { header } = source.beginning;
  const { folder, remove } = newFolder();
  try {
    const entering = await createEntering(folder, source.beginning);
    if ("code" in entering) throw new RecordingBroken(entering);
    const ended = await carry({ ...wish, speed: Infinity, from: null }, source, signal, entering.row);
    await entering.end(ended.endUs);
    const code = endOf(source, signal, ended);
    if (signal.aborted) return code;
    const fromTs = header.startTs + windowOf(wish, header.startTs).fromUs / 1_000;
    const toTs = header.startTs + ended.endUs / 1_000;
    const speed = Math.min(MOST_SHOWN_SPEED, wish.speed === Infinity ? 10 : wish.speed);
    const shown = await showFolder({ folder, site: header.site, port }, { fromTs, toTs, speed });
    process.stdout.write(
      `${count("row", ended.rows)} of ${header.site}, ${told(toTs - fromTs)}, in a dashboard of its own:\n  ${shown.address}\nCtrl-C ends it and leaves nothing behind.\n`,
    );
    signal.addEventListener("abort", shown.stop);
    await shown.ended;
    return signal.aborted ? EXIT.interrupted : EXIT.unusable;
  } finally {
    remove();
  }
};
