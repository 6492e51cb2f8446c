/** Provenance: the chain, records and their relay, daily anchors, proofs, and the monitor that looks again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createChain } from "../edge/chain/client.ts";
import { keepChainProcess } from "../edge/chain/process.ts";
import { readerOf } from "../edge/chain/reader.ts";
import { verifyNative } from "../edge/ed25519.ts";
import { createAnchoring } from "../flows/anchoring.ts";
import { createMonitor } from "../flows/monitor.ts";
import { createProvenance } from "../flows/provenance.ts";
import { createRecords } from "../flows/records.ts";
import { createRights } from "../flows/rights.ts";
import { createSignedDays } from "../flows/signed-days.ts";
import { dateOf } from "../twin/day.ts";
import { prunableBeforeTs, usualDeviceTs } from "../twin/pruning.ts";
import { OWN } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import { builtPath, complain, insist, say, type House } from "./house.ts";
import { createSubstitutes } from "../flows/substitutes.ts";

const HEALTH_MS = 1_000;
/** A broker that kept yesterday's messages hands them over in this time, ms. */
const SETTLE_MS = 60_000;
const CORRECT_MS = 3_600_000;
const MONITOR_MS = 600_000;
const PRUNE_MS = 3_600_000;
const GB = 1e9;
/** Two transactions a day at most, whenever the records come. */
const GATHER_MIN = 720;

/** SHA-256 of the one-file verifier as it was built; null where it was not (a server without its dashboard). */
const verifierHash = (): `0x${string}` | null => {
  try {
    const hash = readFileSync(builtPath("dashboard/verify.html.sha256.txt"), "utf8").slice(0, 64);
    return /^[0-9a-f]{64}$/.test(hash) ? `0x${hash}` : null;
  } catch {
    return null;
  }
};

interface ChainPlace {
  readonly rpcUrl: string;
  readonly isLocal: boolean;
  /** Why its process is gone; null while it runs, or is not ours. */
  readonly gone: () => string | null;
}

/** The local chain's process, or the outside chain's address. */
export const startChain = async ({ config, status, runs }: House): Promise<ChainPlace> => {
  if (config.rpcUrl !== null) return { rpcUrl: config.rpcUrl, isLocal: false, gone: () => null };
  let gone: string | null = null;
  const kept = await keepChainProcess({
    dataDir: join(config.dataDir, "chain"),
    port: config.rpcPort,
    onHealth: (now) => {
      if (now !== null && now !== gone) complain("the local chain is away", new Error(now));
      gone = now;
      status.say("chain", "local chain", "running", now);
    },
  });
  runs("the chain", kept.stop);
  return { rpcUrl: kept.rpcUrl, isLocal: true, gone: () => gone };
};

/** `badge:0x…,badge:0x…` as a list. */
const techniciansIn = (pairs: string): { badge: string; address: `0x${string}` }[] =>
  pairs
    .split(",")
    .map((pair) => pair.trim().split(":"))
    .flatMap(([badge = "", address]) => (address === undefined ? [] : [{ badge, address: address.toLowerCase() as `0x${string}` }]));

export type Ledger = ReturnType<typeof createLedger>;

/** Builds them around the chain's address; `start` lets them run. */
export const createLedger = (
  { config, clock, status, runs }: House,
  { journal, snapshots, days, pruned }: Data,
  { farm, series }: Fold,
  { rpcUrl, isLocal, gone }: ChainPlace,
) => {
  const chain = createChain({
    rpcUrl,
    local: isLocal,
    folder: join(config.dataDir, "chain"),
    key: config.chainKey,
    contract: config.contract,
    site: config.site,
    link: config.publicUrl ?? "",
    verifier: verifierHash(),
    now: clock.now,
  });
  const onRelayError = (what: string, error: unknown): void => (error === null ? say(`  ${what}`) : complain(what, error));
  const rights = createRights({
    now: clock.now,
    ledger: () => farm().ledger,
    gatewayKeys: () => farm().gatewayKeys,
    chain,
    onError: onRelayError,
  });
  const substitutes = createSubstitutes({
    site: config.site,
    now: clock.now,
    ledger: () => farm().ledger,
    twins: () => farm().twins,
    write: journal.write,
    chain,
    onError: onRelayError,
  });
  const records = createRecords({
    substitutes,
    site: config.site,
    clock,
    write: journal.write,
    ledger: () => farm().ledger,
    twins: () => farm().twins,
    chain,
    bringRights: rights.relay,
    finalDepth: config.finalDepth,
    // Gas is paid on an outside chain only.
    gatherMs: (config.recordGather ?? (isLocal ? 0 : GATHER_MIN)) * 60_000,
    onError: onRelayError,
  });

  const anchoring = createAnchoring({
    site: config.site,
    clock,
    write: journal.write,
    farm,
    days,
    chain,
    graceMs: config.anchorGrace * 60_000,
    settleMs: SETTLE_MS,
    correctMs: CORRECT_MS,
    breathe: clock.breathe,
    onError: complain,
  });
  const signedDays = createSignedDays({
    site: config.site,
    keys: () => farm().gatewayKeys,
    verify: verifyNative,
    journal,
    breathe: clock.breathe,
  });
  const provenance = createProvenance({ site: config.site, now: clock.now, farm, days, isLocal, breathe: clock.breathe, signedDays });

  const monitor = createMonitor({
    clock,
    chance: Math.random,
    everyMs: MONITOR_MS,
    tokens: () => [...farm().ledger.rigOfToken.keys()],
    days: () => [...farm().ledger.days].flatMap(([day, { anchors }]) => (anchors.length > 0 ? [day] : [])).toSorted((a, b) => a - b),
    day: provenance.day,
    head: async (tokenId) => provenance.head(tokenId),
    known: () => farm().health.get("proof")?.about ?? [],
    tell: (health) => journal.write(OWN.part, new TextEncoder().encode(JSON.stringify({ part: "proof", ...health }))),
    reader: () => {
      const known = farm().ledger.chain;
      return known === null ? null : readerOf(rpcUrl, known.contract);
    },
    onError: (what, error) => (error === null ? console.error(`${new Date().toISOString()} ${what}`) : complain(what, error)),
  });

  const sayHealth = (): void => {
    const { away, detail, waiting, tokenless } = records.status();
    const recordWords =
      waiting === 0 ? "every record is final" : `${waiting} ${waiting === 1 ? "record waits" : "records wait"} to be final`;
    // A farm of ten thousand is entered over many minutes.
    const words = tokenless === 0 ? recordWords : `${recordWords}; ${tokenless} of ${farm().twins.size} machines wait for their token`;
    status.say("chain", isLocal ? "local chain" : "outside chain", words, gone() ?? (away ? detail : null));
    const anchors = anchoring.status();
    const lastDay = anchors.lastDay === null ? "no day anchored yet" : `anchored up to ${dateOf(anchors.lastDay)}`;
    status.say("anchors", "daily anchor", lastDay, anchors.away === null ? null : `${lastDay}; ${anchors.away}`);
    const { checked, mismatches } = monitor.status();
    status.say(
      "monitor",
      "anchored days, verified again",
      `${checked} looked at, all fit`,
      mismatches.length === 0 ? null : mismatches.join(" "),
    );
  };

  return {
    chain,
    records,
    substitutes,
    provenance,
    /** The oldest sealed day that is not on the chain, and why. */
    waiting: () => ({ day: anchoring.status().oldestWaiting, away: anchoring.status().away }),
    anchored: () => ({
      lastDay: anchoring.status().lastDay,
      waitingDays: anchoring.status().waiting,
      checkedDays: monitor.status().checked,
      mismatchedDays: monitor.status().mismatches.length,
    }),
    async start(): Promise<void> {
      await insist({ clock, runs }, "the list of technicians", async () => {
        for (const { badge, address } of techniciansIn(config.technicians))
          await records.setTechnician({ address, badge, isActive: true, by: "configuration" });
      });
      records.start();
      runs("the relay", records.stop);
      anchoring.start();
      runs("the anchoring", anchoring.stop);
      monitor.start();
      runs("the monitor", monitor.stop);
      const prune = async (): Promise<void> => {
        const beforeTs = prunableBeforeTs({
          nowTs: clock.now(),
          toldTs: usualDeviceTs(farm().twins.values(), farm().asOfTs),
          days: config.journalDays,
          bySizeTs: config.journalGb === null ? 0 : journal.beforeTsFor(config.journalGb * GB),
          sealedTs: anchoring.prunableBeforeTs(),
          storedTs: series.storedTs(),
          savedTs: snapshots.newestTs(),
        });
        await pruned.prune(beforeTs).catch((error: unknown) => complain("the journal was not pruned", error));
      };
      runs("the pruning", clock.every(PRUNE_MS, prune));
      runs(
        "the chain's health",
        clock.every(HEALTH_MS, () => sayHealth()),
      );
    },
  };
};
