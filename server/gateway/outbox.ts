/** Readings on their way: gathered for a second, kept on disk, signed, published in order, let go when the broker acknowledges. */
import { sign, type KeyObject } from "node:crypto";
import { headBytes, headText, MOST_LINE, MOST_MESSAGES, linkLines, nextHead, type Head } from "../twin/gateway.ts";
import { lineOfMessage, MOST_PAYLOAD_BYTES } from "../twin/parse.ts";
import { topicOf } from "../twin/wire.ts";
import type { Spool } from "./spool.ts";

export interface OutboxNeeds {
  readonly site: string;
  readonly gateway: string;
  /** A new one with each start. */
  readonly boot: string;
  readonly key: KeyObject;
  readonly spool: Spool;
  readonly now: () => number;
  readonly connected: () => boolean;
  /** Resolves with the broker's acknowledgement. */
  readonly publish: (topic: string, payload: string) => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}

export const GATHER_MS = 1_000;
const MOST_ON_THE_WAY = 8;
/** Head and signature of a batch, and room to spare. */
const HEAD_BYTES = 2_000;
const ROOM = MOST_PAYLOAD_BYTES - HEAD_BYTES;

/** Bytes a text takes inside a JSON string. */
export const escapedBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

interface SignedLine {
  readonly rig: string;
  readonly channel: "telemetry" | "answers";
  readonly payload: unknown;
}
/** Bytes a message takes in its batch, its line included. */
const bytesOf = (line: string): number => escapedBytes(line) + 1 + MOST_LINE;

/** A file of the spool that was thinned out of many may hold more than a batch may. */
const batchesOf = (lines: readonly string[]): readonly (readonly string[])[] => {
  const batches: string[][] = [];
  let size = ROOM;
  for (const line of lines) {
    const bytes = bytesOf(line);
    const last = batches.at(-1);
    if (last === undefined || size + bytes > ROOM || last.length >= MOST_MESSAGES) {
      batches.push([line]);
      size = bytes;
    } else {
      last.push(line);
      size += bytes;
    }
  }
  return batches;
};

export const createOutbox = (needs: OutboxNeeds) => {
  let parts: string[] = [];
  let size = 0;
  let sinceTs = 0;
  let head: Head | null = null;
  const newest = new Map<string, string>();
  let onTheWay = 0;
  let pumping = false;
  let timer: NodeJS.Timeout | null = null;
  let refused = 0;
  let published = 0;
  /** Batches that the disk did not take; a few are kept in memory meanwhile. */
  let stranded: { readonly lines: readonly string[]; readonly ts: number }[] = [];
  let lost = 0;

  const sendBatch = (batch: readonly string[]): Promise<void> => {
    const messages = `[${batch.join(",")}]`;
    const told = JSON.parse(messages) as SignedLine[];
    const lines = linkLines(
      newest,
      told.map(({ rig, channel, payload }) => ({ rig, line: lineOfMessage(rig, channel, payload) })),
    );
    head = nextHead({ gateway: needs.gateway, boot: needs.boot }, head, messages, lines);
    const signed = headText(head);
    const sig = sign(null, headBytes(signed), needs.key).toString("hex");
    return needs.publish(topicOf(needs.site, needs.gateway, "signed"), JSON.stringify({ v: 2, signed, sig, lines, messages }));
  };
  const send = async (number: number, lines: readonly string[]): Promise<void> => {
    try {
      await Promise.all(batchesOf(lines).map(sendBatch));
      published += lines.length;
      await needs.spool.done(number);
    } catch (error) {
      needs.spool.back(number);
      needs.onError("a batch was not acknowledged and is sent again", error);
    }
  };

  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    try {
      while (needs.connected() && onTheWay < MOST_ON_THE_WAY) {
        const batch = await needs.spool.take();
        if (batch === null) break;
        onTheWay += 1;
        void send(batch.number, batch.lines).finally(() => {
          onTheWay -= 1;
          void pump();
        });
      }
    } catch (error) {
      needs.onError("the spool cannot be read", error);
    } finally {
      pumping = false;
    }
  };

  const keep = async (lines: readonly string[], ts: number): Promise<void> => {
    stranded.push({ lines, ts });
    for (let batch = stranded[0]; batch !== undefined; batch = stranded[0]) {
      try {
        await needs.spool.put(batch.lines, batch.ts);
      } catch (error) {
        if (stranded.length > 100) lost += stranded.shift()?.lines.length ?? 0;
        needs.onError("the spool cannot be written", error);
        return;
      }
      stranded = stranded.slice(1);
    }
  };

  let keeping: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    if (parts.length > 0) {
      const [lines, ts] = [parts, sinceTs];
      parts = [];
      size = 0;
      keeping = keeping.then(() => keep(lines, ts));
    }
    return keeping.then(pump);
  };

  return {
    /** Takes a message of `{rig, channel, payload}` as JSON on one line. One that no batch can hold is refused, and counted. */
    put(line: string): void {
      const bytes = bytesOf(line);
      if (bytes > ROOM) {
        refused += 1;
        return needs.onError("a message is larger than a batch may be", line.slice(0, 80));
      }
      if (parts.length >= MOST_MESSAGES || size + bytes > ROOM) void flush();
      if (parts.length === 0) sinceTs = needs.now();
      parts.push(line);
      size += bytes;
    },
    start(): void {
      timer = setInterval(() => void flush(), GATHER_MS);
    },
    flush,
    /** The broker is there again. */
    wake: (): void => void pump(),
    status: () => ({ published, onTheWay, waiting: needs.spool.waiting(), bytes: needs.spool.bytes(), refused, lost }),
    /** Puts what is gathered on disk. */
    async stop(): Promise<void> {
      if (timer !== null) clearInterval(timer);
      await flush();
      await needs.spool.settled();
    },
  };
};
export type Outbox = ReturnType<typeof createOutbox>;
