/** What a stranger is given of a twin's sealed days: read from the disk and the folded ledger, never from memory of the day itself. */
import type { Bundle, DayLine, DaysAnswer, DayTree, ProvenDay } from "../twin/bundle.ts";
import { BUNDLE_CONTEXT } from "../twin/bundle.ts";
import { dateOf, leafOf, placeIn, proofIn, tokenDayOf, type DayLeaf, type Deployment, type Manifest, type Tree } from "../twin/day.ts";
import { dayOf, type DigestRow } from "../twin/digest.ts";
import type { Farm } from "../twin/farm.ts";
import { recordsOf } from "../twin/ledger.ts";
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
}

type Parts = readonly { readonly version: number; readonly sealed: SealedRig }[];
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
      records: recordsOf(farm().ledger, twin.rig).map(({ hash, bytes }) => ({ hash, bytes })),
    };
  };

  return {
    head,
    /** Times in ms UTC, half-open. Throws Refused TOKEN_UNKNOWN. */
    days(tokenId: number, from: number, to: number): DaysAnswer {
      const twin = twinOf(tokenId);
      const lines = [...partsBetween(tokenId, dayOf(from), dayOf(to - 1))].map(([day, parts]): DayLine => {
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

    /** Everything between two times, ms UTC, half-open. Throws Refused TOKEN_UNKNOWN, CHAIN_UNAVAILABLE. */
    async bundle(tokenId: number, from: number, to: number): Promise<Bundle> {
      const twin = twinOf(tokenId);
      const proven: ProvenDay[] = [];
      for (const [day, parts] of partsBetween(tokenId, dayOf(from), dayOf(to - 1))) {
        proven.push(provenDay(twin, tokenId, day, parts));
        await needs.breathe();
      }
      return { context: BUNDLE_CONTEXT, madeTs: needs.now(), ...head(tokenId), days: proven };
    },
  };
};
