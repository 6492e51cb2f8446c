/** A farm whose time is set by the test: its own journal, the real fold, relay, disk and chain. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createChain } from "../../server/edge/chain/client.ts";
import { openDays, type DayStore } from "../../server/edge/journal/days.ts";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { createAnchoring, type AnchorChain, type DaysKept } from "../../server/flows/anchoring.ts";
import { createProvenance } from "../../server/flows/provenance.ts";
import { createRecords } from "../../server/flows/records.ts";
import { createSignedDays } from "../../server/flows/signed-days.ts";
import type { Bundle } from "../../server/twin/bundle.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { dayOf } from "../../server/twin/digest.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { OWN, topicOf } from "../../server/twin/wire.ts";
import { nodeWithin, ownFolder, proxyTo } from "../servers/chain.ts";

const SITE = "farm";
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
export const D0 = dayOf(Date.now()) + 1;
/** Time of a day, ms UTC: day number since D0 and hours. */
export const at = (day: number, hours: number): number => (D0 + day) * DAY_MS + Math.round(hours * 3_600_000);

/** Thrown where a test lets the process end. */
export class Killed extends Error {}

/** Counts down at each step; at 0 the process "ends": before the step's effect, or right after it. */
export interface Fuse {
  left: number;
  readonly after: boolean;
}

/** The same functions, each a place where the process may end. */
const fused = <T extends object>(given: T, fuse: Fuse | null): T => {
  if (fuse === null) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, work]) => [
      name,
      typeof work !== "function"
        ? work
        : async (...args: unknown[]) => {
            const end = fuse.left-- === 0;
            if (fuse.left < -1 || (end && !fuse.after)) throw new Killed(name);
            const result = (await (work as (...args: unknown[]) => unknown)(...args)) as unknown;
            if (end) throw new Killed(name);
            return result;
          },
    ]),
  ) as T;
};

/** `correctMs`: between two looks for what came late. */
export const openBench = async (correctMs = 0) => {
  const own = ownFolder("days");
  const entries: Entry[] = [];
  const errors: string[] = [];
  let nowTs = at(0, 12);
  let node = await nodeWithin(join(own.folder, "node"));
  let proxy = await proxyTo(node.rpcUrl);
  let nodes = 0;
  let farm: Farm = newFarm(SITE);
  let seq = 0;
  let days: DayStore = openDays(own.folder);
  const clock = { now: () => nowTs, every: () => () => undefined };

  const enter = (topic: string, payload: Uint8Array): void => {
    const entry: Entry = { pos: entries.length + 1, receivedTs: nowTs, topic, payload, qos: 1, retain: false, dup: false, client: "" };
    entries.push(entry);
    foldEntry(farm, entry, nothingYet(), verifyNative);
  };
  const write = async (topic: string, payload: Uint8Array): Promise<void> => enter(topic, payload);

  const build = (fuse: Fuse | null = null) => {
    mkdirSync(join(own.folder, "keys"), { recursive: true });
    const chain = createChain({
      rpcUrl: proxy.rpcUrl,
      local: true,
      folder: join(own.folder, "keys"),
      key: null,
      contract: null,
      site: SITE,
      link: "",
      now: Date.now,
    });
    const onError = (what: string, error: unknown): void => void errors.push(`${what}: ${String(error)}`);
    const records = createRecords({
      site: SITE,
      clock,
      write,
      ledger: () => farm.ledger,
      twins: () => farm.twins,
      chain,
      bringRights: () => Promise.resolve(),
      substitutes: { missingRecords: () => [], relay: () => Promise.resolve(new Set()) },
      finalDepth: 0,
      gatherMs: 0,
      onError,
    });
    const anchoring = createAnchoring({
      site: SITE,
      clock,
      write: fused({ write }, fuse).write,
      farm: () => farm,
      days: { ...days, ...fused({ keep: days.keep }, fuse) } satisfies DaysKept,
      chain: fused<AnchorChain>(
        {
          identity: chain.identity,
          settle: chain.settle,
          registeredAfter: chain.registeredAfter,
          lastAnchoredDay: chain.lastAnchoredDay,
          activeTokens: chain.activeTokens,
          anchorOf: chain.anchorOf,
          correctionsOf: chain.correctionsOf,
          anchor: chain.anchor,
          correct: chain.correct,
          dayTx: chain.dayTx,
        },
        fuse,
      ),
      graceMs: 900_000,
      settleMs: 0,
      correctMs,
      breathe: () => Promise.resolve(),
      onError,
    });
    const signedDays = createSignedDays({
      site: SITE,
      keys: () => farm.gatewayKeys,
      verify: verifyNative,
      journal: {
        oldestTs: () => entries[0]?.receivedTs ?? null,
        positionAt: async (ts) => entries.find(({ receivedTs }) => receivedTs >= ts)?.pos ?? entries.length + 1,
        read: async function* (fromPos) {
          for (const entry of entries.slice(fromPos - 1)) yield [entry];
        },
      },
      breathe: () => Promise.resolve(),
    });
    const provenance = createProvenance({
      site: SITE,
      now: () => nowTs,
      farm: () => farm,
      days,
      isLocal: true,
      breathe: () => Promise.resolve(),
      signedDays,
    });
    return { chain, records, anchoring, provenance };
  };
  let parts = build();

  const bench = {
    errors,
    entries,
    farm: () => farm,
    parts: () => parts,
    rpcUrl: () => node.rpcUrl,
    days: () => days,
    /** Sets the time of the farm and of the chain's next blocks. */
    to: (ts: number): void => {
      nowTs = ts;
      node.setClock(Math.floor(ts / 1_000));
      enter(OWN.tick, bytes({}));
    },
    birth: (rig: string): void =>
      enter(
        topicOf(SITE, rig, "birth"),
        bytes({ v: 1, ts: nowTs, boot: "b", identity: { make: "Bitmain", model: "Antminer S19 Pro", serial: `SN-${rig}` } }),
      ),
    /** The bundle as a stranger would be sent it. */
    bundle: async (tokenId: number, from: number, to: number, signed = false): Promise<Bundle> => {
      let text = "";
      for await (const piece of parts.provenance.bundle(tokenId, from, to, signed)) text += piece;
      return JSON.parse(text) as Bundle;
    },
    /** A reading of the past or of now. */
    reading: (rig: string, ts = nowTs, m: object = { mode: "mining", hashrateThs: 100, powerW: 3_000 }): void =>
      enter(topicOf(SITE, rig, "telemetry"), bytes({ v: 1, ts, seq: ++seq, boot: "b", m })),
    enter,
    /** Relay, then anchoring, as often as both need at most. */
    async settle(): Promise<void> {
      for (let i = 0; i < 6; i++) {
        await parts.records.step();
        await parts.anchoring.step();
        nowTs += 1_000;
      }
    },
    /** Ends all that is in memory and starts anew from journal and disk; with a fuse it ends again by itself. */
    restart(fuse: Fuse | null = null): void {
      days.close();
      days = openDays(own.folder);
      farm = newFarm(SITE);
      for (const entry of entries) foldEntry(farm, entry, nothingYet(), verifyNative);
      parts = build(fuse);
    },
    /** What becomes of the farm's own requests to the chain. */
    meddle: (how: Parameters<typeof proxy.meddle>[0]): void => proxy.meddle(how),
    /** The chain takes its newest blocks back. */
    rewind: (blocks: number): Promise<void> => node.rewind(blocks),
    /** Another chain answers at another genesis. */
    async reset(): Promise<void> {
      await proxy.stop();
      await node.stop();
      nodes += 1;
      node = await nodeWithin(join(own.folder, `node-${nodes}`));
      proxy = await proxyTo(node.rpcUrl);
      node.setClock(Math.floor(nowTs / 1_000));
      bench.restart();
    },
    async close(): Promise<void> {
      days.close();
      await proxy.stop();
      await node.stop();
      own.remove();
    },
  };
  node.setClock(Math.floor(nowTs / 1_000));
  return bench;
};
export type Bench = Awaited<ReturnType<typeof openBench>>;
