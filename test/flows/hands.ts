/** What flows are handed in tests: a clock that is set by hand, a journal in memory, readings in the native dialect. */
import { OWN } from "../../server/twin/wire.ts";
import type { Entry, Message } from "../../server/twin/twin.ts";

export const T0 = 1_750_000_000_000;

/** Time passes only by `pass`; what is due is run in order, each run awaited. */
export const handClock = (startTs = T0) => {
  let nowTs = startTs;
  const jobs = new Set<{ ms: number; nextTs: number; work: () => void | Promise<void> }>();
  return {
    now: () => nowTs,
    every(ms: number, work: () => void | Promise<void>): () => void {
      const job = { ms, nextTs: nowTs + ms, work };
      jobs.add(job);
      return () => void jobs.delete(job);
    },
    /** As at a kill: nothing that was to be done is done any more. */
    stopAll: (): void => jobs.clear(),
    async pass(ms: number): Promise<void> {
      const untilTs = nowTs + ms;
      for (;;) {
        const due = [...jobs].filter((job) => job.nextTs <= untilTs).toSorted((a, b) => a.nextTs - b.nextTs)[0];
        if (due === undefined) break;
        nowTs = due.nextTs;
        due.nextTs += due.ms;
        await due.work();
      }
      nowTs = untilTs;
    },
  };
};

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

/** A journal in memory: entries are "on disk" at once and told to the subscriber. */
export const handJournal = (now: () => number) => {
  const entries: Entry[] = [];
  let subscriber: (batch: readonly Entry[]) => void = () => undefined;
  const headPos = (): number => entries.at(-1)?.pos ?? 0;
  const put = (message: Partial<Message> & { topic: string; payload: Uint8Array }, atTs = now()): void => {
    const entry: Entry = {
      qos: 1,
      retain: false,
      dup: false,
      client: "",
      ...message,
      pos: headPos() + 1,
      receivedTs: atTs,
    };
    entries.push(entry);
    subscriber([entry]);
  };
  return {
    entries,
    put,
    write: (topic: string, payload: Uint8Array): Promise<void> => Promise.resolve(put({ topic, payload })),
    async *read(fromPos: number): AsyncGenerator<readonly Entry[]> {
      const at = entries.findIndex(({ pos }) => pos >= fromPos);
      for (let i = at < 0 ? entries.length : at; i < entries.length; i += 3) yield await Promise.resolve(entries.slice(i, i + 3));
    },
    subscribe: (to: (batch: readonly Entry[]) => void): void => {
      subscriber = to;
    },
    headPos,
    positionAt: (ts: number): Promise<number> => Promise.resolve(entries.find(({ receivedTs }) => receivedTs >= ts)?.pos ?? headPos() + 1),
    oldestTs: () => entries[0]?.receivedTs ?? null,
  };
};

export const telemetry = (rig: string, ts: number, seq: number, m: Record<string, unknown> = {}) => ({
  topic: `rigtwin/v1/farm/${rig}/telemetry`,
  payload: bytes({ v: 1, ts, seq, boot: "b1", m: { mode: "mining", hashrateThs: 100, powerW: 3_000, boardC: 60, chipC: 75, ...m } }),
});
export const birth = (rig: string, position: { container: string; rack: string; slot: string } | null = null) => ({
  topic: `rigtwin/v1/farm/${rig}/birth`,
  retain: true,
  payload: bytes({
    v: 1,
    ts: T0,
    boot: "b1",
    identity: { make: "Bitmain", model: "Antminer S19j Pro", serial: `SN-${rig}` },
    nameplate: { hashrateThs: 104, powerW: 3_068, boards: 3, chips: 126, fans: 4 },
    ...(position === null ? {} : { position }),
  }),
});
export const energy = (ts: number, seq: number, meteredW: number) => ({
  topic: "rigtwin/v1/farm/meter-1/energy",
  payload: bytes({
    v: 1,
    ts,
    seq,
    boot: "b1",
    m: { meteredW, sourcesW: { grid: meteredW }, gridGco2ePerKwh: 300, pricePerKwh: 0.05, currency: "USD", ambientC: 20 },
  }),
});
export const tick = { topic: OWN.tick, payload: bytes({}) };
export const text = (topic: string, payload: string) => ({ topic, payload: bytes(payload) });
