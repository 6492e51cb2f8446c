/**
 * The path of a day: over → sealed (an entry of the journal freezes what was counted) → kept (the frozen rows are on disk) → anchored,
 * day after day without gaps. What comes late goes into a further version and becomes a correction; the anchor stays. What is still to
 * be done is read from the folded ledger and from the chain, so that every step may be interrupted and repeated.
 */
import { leafOf, keptHash, tokenDayOf, treeOf, type Deployment, type Tree } from "../twin/day.ts";
import { DAY_MS } from "../twin/days.ts";
import { dayOf } from "../twin/digest.ts";
import { canonicalText } from "../twin/canonical.ts";
import type { Farm } from "../twin/farm.ts";
import type { ChainIdentity } from "../twin/ledger.ts";
import { Refused } from "../twin/refusal.ts";
import { hashOf, type Hex } from "../twin/seal.ts";
import { firstUnkept, keptVersion, openVersion, sealedRigOf, type DayNews, type SealedRig } from "../twin/sealing.ts";
import { isWaiting } from "../twin/wait.ts";
import { OWN } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";

export interface DaysKept {
  readonly keep: (day: number, version: number, rigs: readonly SealedRig[], breathe: () => Promise<void>) => Promise<void>;
  readonly has: (day: number, version: number) => boolean;
  readonly version: (day: number, version: number) => readonly SealedRig[];
  readonly rigs: (day: number, upToVersion: number) => readonly string[];
  /** Gives what is kept: the first that was put, unless this one is to stand `instead`. */
  readonly putTree: (chain: string, tree: Tree, instead?: boolean) => Tree;
  readonly tree: (chain: string, day: number, number: number) => Tree | null;
}
export interface AnchorChain {
  readonly identity: () => Promise<ChainIdentity>;
  readonly settle: () => Promise<void>;
  readonly lastAnchoredDay: () => Promise<number | null>;
  readonly registeredAfter: (tokens: readonly number[], day: number) => Promise<readonly number[]>;
  readonly activeTokens: (day: number) => Promise<readonly number[]>;
  readonly anchorOf: (
    day: number,
  ) => Promise<{ readonly root: Hex; readonly manifestHash: Hex; readonly treeSize: number; readonly anchoredTs: number } | null>;
  readonly correctionsOf: (
    day: number,
  ) => Promise<readonly { readonly root: Hex; readonly manifestHash: Hex; readonly correctedTs: number }[]>;
  readonly anchor: (day: number, root: Hex, manifestHash: Hex, treeSize: number, readings: number) => Promise<unknown>;
  readonly correct: (day: number, root: Hex, manifestHash: Hex, readings: number, reasonHash: Hex) => Promise<unknown>;
  readonly dayTx: (day: number, number: number) => Promise<{ readonly txHash: Hex; readonly blockNumber: number } | null>;
}
export interface AnchoringNeeds {
  readonly site: string;
  readonly clock: Clock;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly farm: () => Farm;
  readonly days: DaysKept;
  readonly chain: AnchorChain;
  /** Between midnight UTC and the seal, ms: what comes until then needs no correction. */
  readonly graceMs: number;
  /** After a start, before the first seal, ms: a broker may have kept what belongs to the day. */
  readonly settleMs: number;
  /** Between two looks for late readings, ms. */
  readonly correctMs: number;
  /** Lets others run for a moment. */
  readonly breathe: () => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}
export interface AnchoringStatus {
  /** Why days wait to be anchored, null where they do not. */
  readonly away: string | null;
  readonly lastDay: number | null;
  /** Sealed days that are not yet on the chain. */
  readonly waiting: number;
  /** The oldest of them, days since 1970 UTC. */
  readonly oldestWaiting: number | null;
}

const STEP_MS = 5_000;
const MOST_BACKOFF_MS = 300_000;
/** A block younger than this may still be replaced by another one. */
const REPLACED_MS = 3_600_000;
/** A rig that gets no token for so long keeps the days of the others back no longer. */
const MOST_TOKEN_WAIT_MS = 600_000;

const REASONS = {
  late: "readings came after the day was sealed",
  registered: "machines were registered on this chain after the day",
  both: "readings came late, and machines were registered on this chain after the day",
};

/** Under which name trees are kept: another genesis or another contract needs others. */
export const chainKey = ({ chainId, genesis, contract }: ChainIdentity): string => `${chainId}/${genesis}/${contract.toLowerCase()}`;

/** Tokens that have a leaf, in its order. */
const tokensIn = ({ leaves }: Tree): number[] => leaves.map((leaf) => (JSON.parse(leaf) as { tokenId: number }).tokenId);

export const createAnchoring = (needs: AnchoringNeeds) => {
  const { chain, clock, days, farm, site } = needs;
  const startedTs = clock.now();
  const ledgerDays = () => farm().ledger.days;
  let backoffMs = 0;
  let notBeforeTs = 0;
  let lateLookTs = clock.now();
  let tokenlessSinceTs: number | null = null;
  let away: string | null = null;
  let stopEvery: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();
  /** Days found complete, with what that was judged by. */
  const settled = new Map<number, string>();

  const tell = (news: DayNews): Promise<unknown> => needs.write(OWN.anchor, new TextEncoder().encode(JSON.stringify(news)));
  const seal = (day: number): Promise<unknown> => tell({ what: "seal", day, version: openVersion(ledgerDays(), day) });

  const sealDue = async (): Promise<void> => {
    const { firstDay } = farm();
    const nowTs = clock.now();
    if (firstDay === 0 || isWaiting(nowTs, startedTs + needs.settleMs, needs.settleMs)) return;
    const dueBefore = dayOf(nowTs - needs.graceMs);
    for (let day = firstUnkept(ledgerDays(), firstDay); day < dueBefore; day++) if (openVersion(ledgerDays(), day) === 1) await seal(day);
    if (isWaiting(nowTs, lateLookTs + needs.correctMs, needs.correctMs)) return;
    lateLookTs = nowTs;
    const late = new Set<number>();
    for (const { day, version } of farm().digest.values()) if (version > 1 && version === openVersion(ledgerDays(), day)) late.add(day);
    for (const day of late) await seal(day);
  };

  /** The frozen rows on disk are the truth from here on: where they are there, the fold's are not looked at again. */
  const keepVersion = async (day: number, version: number): Promise<void> => {
    if (!days.has(day, version)) {
      const facts = farm().frozen.get(`${day}/${version}`) ?? [];
      const rigs: SealedRig[] = [];
      for (const fact of facts) rigs.push(sealedRigOf(fact, farm().digest.get(`${day}/${version}/${fact.rig}`)));
      await days.keep(day, version, rigs, needs.breathe);
    }
    const kept = days.version(day, version);
    const readings = kept.reduce((total, { spans }) => total + spans.reduce((n, span) => n + span[3], 0), 0);
    await tell({ what: "kept", day, version, rigs: kept.length, readings, hash: keptHash(kept) });
  };

  const keepSealed = async (): Promise<void> => {
    for (const [day, { sealed }] of ledgerDays())
      for (let version = keptVersion(ledgerDays(), day) + 1; version <= sealed; version++) await keepVersion(day, version);
  };

  const tokenOf = (rig: string): number | null => farm().ledger.tokens.get(rig)?.tokenId ?? null;

  const treeFor = async (
    where: Deployment,
    day: number,
    number: number,
    version: number,
    tokens: readonly number[],
    reason: string | null,
  ): Promise<Tree> => {
    const parts = new Map<number, SealedRig[]>();
    for (let at = 1; at <= version; at++) {
      for (const rig of days.version(day, at)) {
        const tokenId = tokenOf(rig.rig);
        if (tokenId !== null) parts.set(tokenId, [...(parts.get(tokenId) ?? []), rig]);
      }
    }
    const leaves: { tokenId: number; n: number; text: string }[] = [];
    for (const tokenId of tokens) {
      const leaf = leafOf(
        where,
        site,
        day,
        tokenDayOf(day, tokenId, farm().ledger.rigOfToken.get(tokenId) ?? null, parts.get(tokenId) ?? []),
      );
      leaves.push({ tokenId, n: leaf.n, text: canonicalText(leaf) });
      if (leaves.length % 10 === 0) await needs.breathe();
    }
    return treeOf(where, day, number, version, leaves, reason);
  };

  /** Writes down that a tree is on the chain, as the chain has it. */
  const noteAnchored = async (where: Deployment, tree: Tree, anchoredTs: number): Promise<void> => {
    const { day, number, version, root, manifestHash, treeSize, readings } = tree;
    const tx = await chain.dayTx(day, number);
    await tell({
      what: "anchored",
      day,
      number,
      version,
      ...where,
      root,
      manifestHash,
      treeSize,
      readings,
      txHash: tx?.txHash ?? null,
      blockNumber: tx?.blockNumber ?? null,
      anchoredTs,
    });
  };

  const conflict = (day: number, what: string): Refused =>
    new Refused(
      "CHAIN_REFUSED",
      `Day ${day}: the contract has another ${what} than the rows on this disk give. Was the data folder put back from an older copy? Nothing is overwritten.`,
    );

  const isThere = async ({ day, number }: Tree): Promise<boolean> =>
    number === 0 ? (await chain.anchorOf(day)) !== null : (await chain.correctionsOf(day)).length >= number;

  /**
   * Sends a tree that is not on the chain. What an earlier call or process has signed comes to its end first, and then the chain is asked once
   * more: the contract takes the same correction a second time, and would count one too many for good. `fitting`: asked then, when nothing is
   * under way, for the tree that is to be sent.
   */
  const sendMissing = async (kept: Tree, fitting: () => Promise<Tree> = async () => kept): Promise<void> => {
    if (await isThere(kept)) return;
    await chain.settle();
    if (await isThere(kept)) return;
    const { day, number, root, manifest, manifestHash, treeSize, readings } = await fitting();
    if (number === 0) await chain.anchor(day, root, manifestHash, treeSize, readings);
    else await chain.correct(day, root, manifestHash, readings, hashOf((JSON.parse(manifest) as { reason: string }).reason));
  };

  /**
   * A tree that was made while this machine's clock was ahead, or before it was set back, may lack a machine that came onto the chain that very day.
   * The contract never takes it then, nor any day behind it: it is made anew.
   */
  const anchorDay = async (identity: ChainIdentity, day: number): Promise<void> => {
    const key = chainKey(identity);
    const where = { chainId: identity.chainId, contract: identity.contract };
    const version = Math.min(1, keptVersion(ledgerDays(), day));
    const made = (tokens: readonly number[]): Promise<Tree> => treeFor(where, day, 0, version, tokens, null);
    let tree = days.tree(key, day, 0) ?? days.putTree(key, await made(await chain.activeTokens(day)));
    await sendMissing(tree, async () => {
      const tokens = await chain.activeTokens(day);
      if (tokens.join() !== tokensIn(tree).join()) tree = days.putTree(key, await made(tokens), true);
      return tree;
    });
    const there = await chain.anchorOf(day);
    if (there === null) throw new Refused("CHAIN_UNAVAILABLE", `the anchor of day ${day} is not in its block yet`);
    if (there.root !== tree.root || there.manifestHash !== tree.manifestHash) throw conflict(day, "root");
    await noteAnchored(where, tree, there.anchoredTs);
  };

  /** The day's further trees: one for each version that came later, or for machines that this contract learnt of later. */
  const correctDay = async (identity: ChainIdentity, day: number): Promise<void> => {
    const anchors = ledgerDays().get(day)?.anchors ?? [];
    const version = keptVersion(ledgerDays(), day);
    const judgedBy = `${chainKey(identity)} ${version} ${anchors.length} ${farm().ledger.tokens.size}`;
    if (settled.get(day) === judgedBy) return;
    await needs.breathe();
    const key = chainKey(identity);
    const last = days.tree(key, day, anchors.length - 1);
    if (last === null) throw conflict(day, "number of corrections");
    const tokens = new Set<number>(tokensIn(last));
    const before = tokens.size;
    const missing = days
      .rigs(day, version)
      .flatMap((rig) => tokenOf(rig) ?? [])
      .filter((tokenId) => !tokens.has(tokenId));
    // A machine that was retired by then is rightly not there.
    if (missing.length > 0) for (const tokenId of await chain.registeredAfter(missing, day)) tokens.add(tokenId);
    const [isLate, isRegistered] = [version > last.version, tokens.size > before];
    if (!isLate && !isRegistered) {
      settled.set(day, judgedBy);
      return;
    }
    const number = anchors.length;
    const reason = isLate && isRegistered ? REASONS.both : isLate ? REASONS.late : REASONS.registered;
    const where = { chainId: identity.chainId, contract: identity.contract };
    const tree =
      days.tree(key, day, number) ??
      days.putTree(
        key,
        await treeFor(
          where,
          day,
          number,
          version,
          [...tokens].toSorted((a, b) => a - b),
          reason,
        ),
      );
    await sendMissing(tree);
    const there = (await chain.correctionsOf(day))[number - 1];
    if (there === undefined) throw new Refused("CHAIN_UNAVAILABLE", `the correction of day ${day} is not in its block yet`);
    if (there.root !== tree.root || there.manifestHash !== tree.manifestHash) throw conflict(day, "correction");
    await noteAnchored(where, tree, there.correctedTs);
  };

  /** What the ledger says is on the chain and a replaced block took with it is sent again: the same trees, in the same order. */
  const sendAgain = async (identity: ChainIdentity, last: number | null): Promise<void> => {
    const sinceTs = clock.now() - REPLACED_MS;
    for (const [day, { anchors }] of [...ledgerDays()].toSorted(([a], [b]) => a - b)) {
      const newest = anchors.at(-1);
      if (newest === undefined || (day <= (last ?? -1) && newest.anchoredTs < sinceTs)) continue;
      for (const { number } of anchors) {
        const tree = days.tree(chainKey(identity), day, number);
        if (tree === null) throw conflict(day, "number of corrections");
        await sendMissing(tree);
      }
    }
  };

  /** Machines get their tokens first, so that no tree is made while half of them have one. */
  const waitsForTokens = (): boolean => {
    const { twins, ledger } = farm();
    const isTokenless = [...twins.keys()].some((rig) => !ledger.tokens.has(rig));
    if (!isTokenless) tokenlessSinceTs = null;
    else tokenlessSinceTs ??= clock.now();
    return tokenlessSinceTs !== null && isWaiting(clock.now(), tokenlessSinceTs + MOST_TOKEN_WAIT_MS, MOST_TOKEN_WAIT_MS);
  };

  const keptDays = (): number[] =>
    [...ledgerDays()]
      .filter(([, { kept }]) => kept.length > 0)
      .map(([day]) => day)
      .toSorted((a, b) => a - b);

  const anchorAll = async (): Promise<void> => {
    const all = keptDays();
    const [first] = all;
    const { ledger } = farm();
    if (first === undefined || ledger.chain === null || waitsForTokens()) return;
    const identity = await chain.identity();
    // The relay of the records writes down that another chain answers; until then nothing is sent to it.
    if (chainKey(identity) !== chainKey(ledger.chain)) return;
    const anchorsOf = (day: number): number => ledgerDays().get(day)?.anchors.length ?? 0;
    const open = all.filter((day) => anchorsOf(day) === 0);
    const last = await chain.lastAnchoredDay();
    if (all.some((day) => anchorsOf(day) > 0)) await sendAgain(identity, last);
    if (open.length > 0) {
      const from = last === null ? first : Math.min(last + 1, open[0] ?? first);
      for (let day = from; day <= (all.at(-1) ?? from); day++) {
        if (anchorsOf(day) > 0) continue;
        // A contract that began later than this journal never takes the days before.
        if (last !== null && day <= last && (await chain.anchorOf(day)) === null) continue;
        await anchorDay(identity, day);
      }
    }
    for (const day of all)
      for (let before = -1; anchorsOf(day) > 0 && anchorsOf(day) !== before;) {
        before = anchorsOf(day);
        await correctDay(identity, day);
      }
  };

  /** One round: seals what is over, keeps it, anchors it. Never throws; back-off lies between failures. */
  const step = async (): Promise<void> => {
    try {
      await sealDue();
      await keepSealed();
    } catch (error) {
      needs.onError("sealing the day waits for the disk", error);
      return;
    }
    if (isWaiting(clock.now(), notBeforeTs, MOST_BACKOFF_MS)) return;
    try {
      await anchorAll();
      backoffMs = 0;
      away = null;
    } catch (error) {
      backoffMs = Math.min(MOST_BACKOFF_MS, Math.max(STEP_MS, backoffMs * 2));
      notBeforeTs = clock.now() + backoffMs;
      const says = error instanceof Refused ? error.detail : String(error);
      if (away !== says) needs.onError("days wait to be anchored", error);
      away = says;
    }
  };

  return {
    step,
    status: (): AnchoringStatus => {
      const all = keptDays();
      const anchored = all.filter((day) => (ledgerDays().get(day)?.anchors.length ?? 0) > 0);
      const oldestWaiting = all.find((day) => (ledgerDays().get(day)?.anchors.length ?? 0) === 0) ?? null;
      return { away, lastDay: anchored.at(-1) ?? null, waiting: all.length - anchored.length, oldestWaiting };
    },
    /** Journal entries older than this are no longer needed for a day that is still to be sealed, ms UTC. */
    prunableBeforeTs: (): number => (farm().firstDay === 0 ? 0 : firstUnkept(ledgerDays(), farm().firstDay) * DAY_MS),
    start: (): void => {
      stopEvery = clock.every(STEP_MS, () => (running = step()));
    },
    /** Ends after the round that is under way. */
    stop: async (): Promise<void> => {
      stopEvery?.();
      await running;
    },
  };
};
