/** Sends a recording to a broker, at its pace or another. */
import { openPlayer } from "../../edge/mqtt/tap.ts";
import { movedMessages } from "../../twin/moved.ts";
import type { Told } from "../../twin/recording.ts";
import { Unusable } from "../unusable.ts";
import type { Wish } from "./arguments.ts";
import { carry, count, endOf, EXIT, windowOf } from "./carry.ts";
import { openSource } from "./source.ts";

/** How far the recording reaches, ms UTC; reads it once. */
const endTsOf = async (wish: Wish): Promise<number> => {
  const source = await openSource(wish.file, false);
  const { startTs } = source.beginning.header;
  for await (const rows of source.batches) void rows;
  return startTs + Math.min(windowOf(wish, startTs).toUs, source.endUs()) / 1_000;
};

/** Gives the exit code. */
export const send = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const credentials = wish.username === null ? {} : { username: wish.username, password: process.env["MQTT_PASSWORD"] ?? "" };
  const player = await openPlayer({ url: wish.url ?? "", clientId: `rigtwin-replay-${process.pid}`, credentials }).catch(
    (error: unknown) => {
      throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
    },
  );
  let rows = 0;
  let code: number = EXIT.played;
  try {
    for (let round = 0; (round === 0 || wish.loop) && code === EXIT.played; round++) {
      const source = await openSource(wish.file, false);
      const { header, retained } = source.beginning;
      const window = windowOf(wish, header.startTs);
      const endTs = wish.rewriteTime && wish.speed !== 1 ? await endTsOf(wish) : 0;
      // Live, the moment of sending; at another speed so that the recording ends now, because nothing may be in the future.
      const shiftMs = wish.speed === 1 ? Date.now() - header.startTs - window.fromUs / 1_000 : Date.now() - endTs;
      const mark = round === 0 ? "" : `-r${round}`;
      const sent = async (message: Told): Promise<void> => {
        for (const one of wish.rewriteTime ? movedMessages(message, shiftMs, mark) : [message]) await player.publish(one);
      };
      // What a new subscriber would have been told at that moment.
      const standing = new Map(retained.map((message) => [message.topic, message]));
      let begun = false;
      const begin = async (): Promise<void> => {
        begun = true;
        for (const message of standing.values()) await sent(message);
      };
      const ended = await carry(wish, source, signal, async (row) => {
        if (row.topic.startsWith("$")) return;
        if (row.us < window.fromUs) {
          if (row.retain) standing.set(row.topic, row);
          return;
        }
        if (!begun) await begin();
        rows += 1;
        await sent(row);
      });
      code = endOf(source, signal, ended);
      if (ended.rows === 0) break;
    }
  } finally {
    const lost = await player.close();
    process.stdout.write(
      `${count("row", rows)} sent to ${new URL(wish.url ?? "").host}, ${player.acknowledged().toLocaleString("en")} messages acknowledged${lost > 0 ? `, ${lost} NOT` : ""}.\n`,
    );
    if (lost > 0) code = EXIT.unusable;
  }
  return code;
};
