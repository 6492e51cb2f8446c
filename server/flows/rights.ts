/**
 * The path of keys and roles: what the journal knows of gateways' keys and technicians is brought onto the contract, before the records
 * that need it. What is there is read first, so that every step may be interrupted and repeated, and another chain gets all of it anew.
 */
import { gatewayId, keyEntries, type GatewayKeys, type KeyEntry } from "../twin/gateway.ts";
import { recordsOf, type Ledger } from "../twin/ledger.ts";
import { Refused } from "../twin/refusal.ts";
import type { Hex } from "../twin/seal.ts";

export interface RightsNeeds {
  readonly now: () => number;
  readonly ledger: () => Ledger;
  readonly gatewayKeys: () => GatewayKeys;
  readonly chain: {
    readonly settle: () => Promise<void>;
    readonly gatewayKeys: (gatewayId: Hex) => Promise<readonly KeyEntry[]>;
    readonly setGatewayKey: (gatewayId: Hex, entry: KeyEntry) => Promise<void>;
    readonly isTechnician: (account: Hex) => Promise<boolean>;
    readonly setTechnician: (account: Hex, isTechnician: boolean) => Promise<void>;
  };
  readonly onError: (what: string, error: unknown) => void;
}

/** After which the contract is asked again whether it still has everything: a block may have been replaced. */
const AGAIN_MS = 60_000;

const sameEntry = (a: KeyEntry, b: KeyEntry): boolean => a.publicKey === b.publicKey && a.fromS === b.fromS && a.toS === b.toS;

export const createRights = (needs: RightsNeeds) => {
  const { chain, ledger } = needs;
  let done: { readonly wish: string; readonly atTs: number } | null = null;

  /** A key that was taken back keeps its role until what it signed is on the chain: a record is judged as of its block. */
  const technicians = (): { account: Hex; isWanted: boolean }[] => {
    const signers = new Set<string>();
    for (const [hash, rig] of ledger().open) {
      const record = recordsOf(ledger(), rig).find((one) => one.hash === hash);
      if (record?.status === "sealed" && record.body.signer !== undefined) signers.add(record.body.signer);
    }
    return [...ledger().technicians].map(([account, { isActive }]) => ({ account, isWanted: isActive || signers.has(account) }));
  };
  const gateways = (): { id: Hex; entries: readonly KeyEntry[] }[] =>
    [...needs.gatewayKeys()].map(([gateway, keys]) => ({ id: gatewayId(gateway), entries: keyEntries(keys) }));

  const bringKeys = async (id: Hex, entries: readonly KeyEntry[]): Promise<void> => {
    const there = await chain.gatewayKeys(id);
    for (const entry of entries) if (!there.some((one) => sameEntry(one, entry))) await chain.setGatewayKey(id, entry);
  };
  /** A contract that others administer is not ours to change; records are sent all the same. */
  const bringRole = async (account: Hex, isWanted: boolean): Promise<void> => {
    if ((await chain.isTechnician(account)) === isWanted) return;
    try {
      await chain.setTechnician(account, isWanted);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "CHAIN_REFUSED") throw error;
      needs.onError(`the role TECHNICIAN of ${account} is not ours to ${isWanted ? "give" : "take"}; the contract's admin has to`, error);
    }
  };

  return {
    /** Brings what is missing. Throws Refused CHAIN_UNAVAILABLE, CHAIN_REFUSED; then it is to be called again. */
    relay: async (): Promise<void> => {
      const wish = { contract: ledger().chain, technicians: technicians(), gateways: gateways() };
      const text = JSON.stringify(wish);
      if (done?.wish === text && needs.now() - done.atTs < AGAIN_MS) return;
      await chain.settle();
      for (const { id, entries } of wish.gateways) await bringKeys(id, entries);
      for (const { account, isWanted } of wish.technicians) await bringRole(account, isWanted);
      done = { wish: text, atTs: needs.now() };
    },
  };
};
