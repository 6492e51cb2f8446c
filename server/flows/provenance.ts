/** What a stranger is given of a twin's sealed days: read from the disk and the folded ledger, never from memory of the day itself. */
import type { Bundle, DayLine, DaysAnswer, DayTree, ProvenDay, SignedPage } from "../twin/bundle.ts";
import { BUNDLE_CONTEXT, MOST_DAYS, MOST_SIGNED_DAYS } from "../twin/bundle.ts";
import { dateOf, leafOf, placeIn, proofIn, tokenDayOf, type DayLeaf, type Deployment, type Manifest, type Tree } from "../twin/day.ts";
import { dayOf, type DigestRow } from "../twin/digest.ts";
import type { Farm } from "../twin/farm.ts";
import { recordsOf } from "../twin/ledger.ts";
import { publicIdentity } from "../twin/public-view.ts";
import { Refused } from "../twin/refusal.ts";
import { keptVersion, type AnchoredDay, type SealedRig } from "../twin/sealing.ts";
import type { Twin } from "../twin/twin.ts";
import { dayTotals } from "../twin/uptime.ts";
import { chainKey } from "./anchoring.ts";
import { twinOfToken } from "./answers.ts";

export interface ProvenanceNeeds {
  readonly site: string;
  readonly now: () => number;
  readonly farm: () => Farm;
  readonly days: {
    readonly ofRig: (
      rig: string,
      fromDay: number,
      toDay: number,
    ) => readonly { readonly day: number; readonly version: number; readonly sealed: SealedRig }[];
    readonly tree: (chain: string, day: number, number: number) => Tree | null;
  };
  /** Whether the chain is run by this farm. */
  readonly isLocal: boolean;
  readonly breathe: () => Promise<void>;
  readonly signedDays: {
    readonly part: (names: ReadonlySet<string>, day: number, after: number, anchoredTs: number) => Promise<SignedPage>;
  };
}

type Parts = readonly { readonly version: number; readonly sealed: SealedRig }[];
/** Days read from the disk in one go. */
const DAYS_AT_ONCE = 31;
/** A day whose signed readings are gone has its rows and proofs all the same. */
const orNothing =
  (day: number) =>
  (error: unknown): SignedPage => {
    if (error instanceof Refused && error.code === "NOT_FOUND") return { day, runs: [], lines: [], threads: [], next: null };
    throw error;
  };
const NOWHERE: Deployment = { chainId: 0, contract: "0x" };

export const createProvenance = (needs: ProvenanceNeeds) => {
  const { farm, site, days } = needs;

  /** A machine that was renamed has had several names. */
  const namesOf = (tokenId: number): string[] =>
    [...farm().ledger.tokens].filter(([, token]) => token.tokenId === tokenId).map(([rig]) => rig);
  const twinOf = (tokenId: number): Twin => {
    const rig = farm().ledger.rigOfToken.get(tokenId);
    return (rig === undefined ? undefined : farm().twins.get(rig)) ?? twinOfToken(farm(), tokenId);
  };
  const worksOf = (twin: Twin) => recordsOf(farm().ledger, twin.rig).map(({ body }) => body);

  const partsBetween = (tokenId: number, first: number, last: number): Map<number, Parts> => {
    const byDay = new Map<number, { version: number; sealed: SealedRig }[]>();
    for (const name of namesOf(tokenId))
      for (const { day, version, sealed } of days.ofRig(name, first, last))
        if (version <= keptVersion(farm().ledger.days, day)) byDay.set(day, [...(byDay.get(day) ?? []), { version, sealed }]);
    return new Map([...byDay].toSorted(([a], [b]) => a - b));
  };

  const leafAt = (tokenId: number, rig: string, day: number, parts: Parts, upTo: number): { leaf: DayLeaf; rows: readonly DigestRow[] } => {
    const token = tokenDayOf(
      day,
      tokenId,
      rig,
      parts.filter(({ version }) => version <= upTo).map(({ sealed }) => sealed),
    );
    return { leaf: leafOf(NOWHERE, site, day, token), rows: token.rows };
  };

  const stateOf = (day: number, anchors: readonly AnchoredDay[]): DayLine["state"] => {
    const last = anchors.at(-1);
    if (last === undefined) return "sealed";
    if (last.version < keptVersion(farm().ledger.days, day)) return "pending";
    return last.number === 0 ? "anchored" : "corrected";
  };

  /** The day's trees that have the token in them, oldest first. */
  const treesOf = (day: number, tokenId: number): { tree: DayTree; version: number }[] => {
    const { chain, days: states } = farm().ledger;
    if (chain === null) return [];
    return (states.get(day)?.anchors ?? []).flatMap(({ number, version, root, txHash, blockNumber, anchoredTs }) => {
      const tree = days.tree(chainKey(chain), day, number);
      const index = tree === null ? null : placeIn((JSON.parse(tree.manifest) as Manifest).tokens, tokenId);
      return tree === null || index === null
        ? []
        : [{ version, tree: { number, ...proofIn(tree, index), root, manifest: tree.manifest, txHash, blockNumber, anchoredTs } }];
    });
  };

  const linesOf = (twin: Twin, tokenId: number, byDay: ReadonlyMap<number, Parts>): DayLine[] =>
    [...byDay].map(([day, parts]) => {
      const anchors = farm().ledger.days.get(day)?.anchors ?? [];
      const last = anchors.at(-1);
      const { leaf, rows } = leafAt(tokenId, twin.rig, day, parts, keptVersion(farm().ledger.days, day));
      const { tier, n, expected, gaps } = leaf;
      return {
        day,
        date: dateOf(day),
        state: stateOf(day, anchors),
        tier,
        n,
        expected,
        gaps: gaps.length,
        totals: dayTotals(leaf, rows, worksOf(twin)),
        root: last?.root ?? null,
        number: last?.number ?? null,
        txHash: last?.txHash ?? null,
        blockNumber: last?.blockNumber ?? null,
        anchoredTs: last?.anchoredTs ?? null,
      };
    });

  const provenDay = (twin: Twin, tokenId: number, day: number, parts: Parts): ProvenDay => {
    const trees = treesOf(day, tokenId);
    const newest = trees.at(-1);
    const { leaf, rows } = leafAt(tokenId, twin.rig, day, parts, newest?.version ?? keptVersion(farm().ledger.days, day));
    return {
      day,
      date: dateOf(day),
      state: newest === undefined ? "sealed" : stateOf(day, farm().ledger.days.get(day)?.anchors ?? []),
      totals: dayTotals(leaf, rows, worksOf(twin)),
      rows: [...rows],
      tree: newest?.tree ?? null,
      earlier: trees.slice(0, -1).map(({ tree, version }) => ({ ...tree, rows: [...leafAt(tokenId, twin.rig, day, parts, version).rows] })),
    };
  };

  /** The bundle without its days. Throws Refused TOKEN_UNKNOWN, CHAIN_UNAVAILABLE. */
  const head = (tokenId: number): Omit<Bundle, "days" | "context" | "madeTs"> => {
    const twin = twinOf(tokenId);
    const { chain } = farm().ledger;
    if (chain === null) throw new Refused("CHAIN_UNAVAILABLE", "The chain was never reached, so there is nothing to check against.");
    return {
      site,
      rig: twin.rig,
      tokenId,
      chain: { chainId: chain.chainId, genesis: chain.genesis, contract: chain.contract.toLowerCase(), local: needs.isLocal },
      identity: { ...twin.identity, boardSerials: [...twin.identity.boardSerials] },
      records: recordsOf(farm().ledger, twin.rig).map(({ hash, bytes, signature }) => ({ hash, bytes, signature })),
    };
  };

  async function* pieces(
    rest: Omit<Bundle, "days" | "signed">,
    twin: Twin,
    tokenId: number,
    firstDay: number,
    lastDay: number,
    withSigned: boolean,
  ): AsyncGenerator<string> {
    yield `${JSON.stringify(rest).slice(0, -1)},"days":[`;
    const found: number[] = [];
    for (let first = firstDay; first <= lastDay; first += DAYS_AT_ONCE)
      for (const [day, parts] of partsBetween(tokenId, first, Math.min(first + DAYS_AT_ONCE - 1, lastDay))) {
        yield `${found.length === 0 ? "" : ","}${JSON.stringify(provenDay(twin, tokenId, day, parts))}`;
        found.push(day);
        await needs.breathe();
      }
    yield "]";
    if (withSigned) yield* signedPieces(twin, tokenId, found);
    yield "}";
  }
  async function* signedPieces(twin: Twin, tokenId: number, of: readonly number[]): AsyncGenerator<string> {
    yield ',"signed":[';
    let isFirst = true;
    for (const day of of) {
      let after: number | null = 0;
      while (after !== null) {
        const { next, ...some }: SignedPage = await part(twin, tokenId, day, after).catch(orNothing(day));
        after = next;
        if (some.runs.length === 0 && (some.threads ?? []).length === 0) continue;
        yield `${isFirst ? "" : ","}${JSON.stringify(some)}`;
        isFirst = false;
      }
    }
    yield "]";
  }

  const checkRange = (from: number, to: number, most: number): void => {
    const count = dayOf(to - 1) - dayOf(from) + 1;
    if (count > most) throw new Refused("RANGE_INVALID", `That is ${count} days; at most ${most} are given at once. Ask for fewer.`);
  };

  const part = (twin: Twin, tokenId: number, day: number, after: number): Promise<SignedPage> =>
    needs.signedDays.part(
      new Set([twin.rig, ...namesOf(tokenId)]),
      day,
      after,
      farm().ledger.days.get(day)?.anchors.at(-1)?.anchoredTs ?? 0,
    );

  return {
    head,
    /** What gateways signed of a day, a part at a time; `after` as the part before said, 0 for the first. Throws Refused TOKEN_UNKNOWN, NOT_FOUND. */
    signed(tokenId: number, day: number, after: number): Promise<SignedPage> {
      return part(twinOf(tokenId), tokenId, day, after);
    },
    /** Times in ms UTC, half-open. Throws Refused TOKEN_UNKNOWN. */
    async days(tokenId: number, from: number, to: number): Promise<DaysAnswer> {
      const twin = twinOf(tokenId);
      checkRange(from, to, MOST_DAYS);
      const lines: DayLine[] = [];
      for (let first = dayOf(from); first <= dayOf(to - 1); first += DAYS_AT_ONCE) {
        lines.push(...linesOf(twin, tokenId, partsBetween(tokenId, first, Math.min(first + DAYS_AT_ONCE, dayOf(to - 1) + 1) - 1)));
        await needs.breathe();
      }
      return { tokenId, rig: twin.rig, days: lines };
    },

    /** `day` since 1970 UTC. Throws Refused TOKEN_UNKNOWN, NOT_FOUND. */
    day(tokenId: number, day: number): ProvenDay {
      const twin = twinOf(tokenId);
      const parts = partsBetween(tokenId, day, day).get(day);
      if (parts === undefined)
        throw new Refused(
          "NOT_FOUND",
          `Nothing is sealed of token ${tokenId} on ${dateOf(day)}. A day is sealed shortly after midnight UTC.`,
        );
      return provenDay(twin, tokenId, day, parts);
    },

    /**
     * Everything between two times, ms UTC, half-open, as the pieces of one JSON text: a day is read when the piece before was taken, so a
     * year is never in memory. Throws Refused TOKEN_UNKNOWN, CHAIN_UNAVAILABLE, RANGE_INVALID before the first piece.
     */
    bundle(tokenId: number, from: number, to: number, withSigned: boolean): AsyncGenerator<string> {
      const twin = twinOf(tokenId);
      checkRange(from, to, withSigned ? MOST_SIGNED_DAYS : MOST_DAYS);
      const rest = { context: BUNDLE_CONTEXT, madeTs: needs.now(), ...head(tokenId) } satisfies Omit<Bundle, "days">;
      const identity = publicIdentity(rest.site, rest.rig, rest.identity);
      return pieces({ ...rest, identity }, twin, tokenId, dayOf(from), dayOf(to - 1), withSigned);
    },
  };
};
