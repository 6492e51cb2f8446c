/** The chain at an address: who answers there, our contract on it, and the one way in which anything is sent. */
import { join } from "node:path";
import { createPublicClient, encodeDeployData, http, zeroHash, type TransactionReceipt } from "viem";
import { rigTwinAbi, rigTwinBytecode, telemetryLogAbi } from "../../contracts/abi.generated.ts";
import type { PrivateKeyAccount } from "viem/accounts";
import type { ChainIdentity } from "../../twin/ledger.ts";
import { Refused } from "../../twin/refusal.ts";
import type { Hex } from "../../twin/seal.ts";
import { readJson, writeJson } from "./durable.ts";
import { asRefused } from "./faults.ts";
import { keysIn } from "./keys.ts";
import { createSender } from "./sender.ts";

export interface ChainOptions {
  readonly rpcUrl: string;
  /** Run by this farm: keys are made in `folder`. */
  readonly local: boolean;
  /** For keys, contract addresses and the transaction under way. */
  readonly folder: string;
  /** An outside chain's funded key; null on the local chain. */
  readonly key: Hex | null;
  /** A contract that is already there; null deploys one. */
  readonly contract: Hex | null;
  readonly site: string;
  /** Page of the farm that tokens link to; "" where there is none. */
  readonly link: string;
  /** SHA-256 of the offline verifier that the contract is to name when it is deployed. */
  readonly verifier?: Hex | null;
  readonly now: () => number;
  /** How long one call waits for a block, ms. */
  readonly waitMs?: number;
}
export interface ChainState extends ChainIdentity {
  readonly local: boolean;
  readonly blockNumber: number;
  readonly away: boolean;
}
interface Deployed {
  readonly contract: Hex;
  readonly block: number;
}

const WAIT_MS = 60_000;
/** Most blocks that one getLogs may span at common providers. */
const LOG_SPAN = 5_000n;

export type Connection = ReturnType<typeof connect>;

/** Asks nothing before the first call. */
export const connect = (options: ChainOptions) => {
  const { folder, now, rpcUrl } = options;
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true, retryCount: 0, timeout: 15_000 }) });
  const contractsPath = join(folder, "contracts.json");
  let known: ChainState | null = null;
  let sender: ReturnType<typeof createSender> | null = null;
  let adminSender: ReturnType<typeof createSender> | null = null;
  let identifying: Promise<ChainIdentity> | null = null;

  const keys = () => keysIn(folder, options.key);
  const contracts = async (): Promise<Record<string, Deployed>> => (await readJson<Record<string, Deployed>>(contractsPath)) ?? {};
  const placeOf = (chainId: number, genesis: Hex): string => `${chainId}/${genesis}`;
  const noteDeployed = async (genesis: Hex, { contractAddress, blockNumber, status }: TransactionReceipt): Promise<void> => {
    if (!contractAddress || status !== "success") return;
    const made: Deployed = { contract: contractAddress, block: Number(blockNumber) };
    await writeJson(contractsPath, { ...(await contracts()), [placeOf(await client.getChainId(), genesis)]: made });
  };
  const senderFor = (account: PrivateKeyAccount, file: string): ReturnType<typeof createSender> =>
    createSender({ client, account, path: join(folder, file), now, waitMs: options.waitMs ?? WAIT_MS, onDeployed: noteDeployed });
  const senderOf = async (): Promise<ReturnType<typeof createSender>> => {
    const { relayer } = await keys();
    return (sender ??= senderFor(relayer, "in-flight.json"));
  };

  /** The admin's own, where the admin has a key of its own: two senders of one key would take each other's nonces. */
  const adminSenderOf = async (): Promise<ReturnType<typeof createSender>> => {
    const { admin, relayer } = await keys();
    if (admin.address === relayer.address) return senderOf();
    return (adminSender ??= senderFor(admin, "in-flight-admin.json"));
  };

  const deploy = async (genesis: Hex): Promise<Deployed> => {
    const { admin, relayer } = await keys();
    const farm = { site: options.site, link: options.link, image: "", trust: "self-reported", verifier: options.verifier ?? zeroHash };
    const data = encodeDeployData({ abi: rigTwinAbi, bytecode: rigTwinBytecode, args: [admin.address, relayer.address, farm] });
    const left = await (await senderOf()).settle(genesis);
    const receipt = left?.contractAddress ? left : await (await senderOf()).send({ to: null, data }, genesis);
    if (!receipt.contractAddress) throw new Refused("CHAIN_REFUSED", "the deployment gave no contract");
    return { contract: receipt.contractAddress, block: Number(receipt.blockNumber) };
  };

  const deployedOn = async (chainId: number, genesis: Hex): Promise<Deployed> => {
    const kept = (await contracts())[placeOf(chainId, genesis)];
    const there = options.contract === null ? kept : { contract: options.contract, block: kept?.block ?? 0 };
    if (there !== undefined) {
      if ((await client.getCode({ address: there.contract })) !== undefined) return there;
      if (options.contract !== null) throw new Refused("CHAIN_REFUSED", `there is no contract at ${there.contract}`);
    }
    return deploy(genesis);
  };

  const identify = async (): Promise<ChainIdentity> => {
    const [chainId, first, blockNumber] = await Promise.all([
      client.getChainId(),
      client.getBlock({ blockNumber: 0n }),
      client.getBlockNumber({ cacheTime: 0 }),
    ]);
    const same = known !== null && known.genesis === first.hash && known.chainId === chainId;
    const contract = same && known !== null ? known.contract : (await deployedOn(chainId, first.hash)).contract;
    known = { chainId, genesis: first.hash, contract, local: options.local, blockNumber: Number(blockNumber), away: false };
    return { chainId, genesis: first.hash, contract };
  };
  /** Who answers at this address now; deploys the contract where it is not there yet. One at a time. */
  const identity = (): Promise<ChainIdentity> => {
    identifying ??= identify().finally(() => {
      identifying = null;
    });
    return identifying;
  };

  const twinOf = async (): Promise<{ address: Hex; abi: typeof rigTwinAbi }> => ({
    address: (known ?? (await identity())).contract,
    abi: rigTwinAbi,
  });

  return {
    client,
    keys,
    identity,
    state: (): ChainState | null => known,
    twinOf,
    logOf: async (): Promise<{ address: Hex; abi: typeof telemetryLogAbi }> => ({
      address: await client.readContract({ ...(await twinOf()), functionName: "telemetryLog" }),
      abi: telemetryLogAbi,
    }),
    /** Every fault as a Refused; one that says that nobody answers is remembered. */
    guarded: async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        const refused = asRefused(error);
        if (refused.code === "CHAIN_UNAVAILABLE" && known !== null) known = { ...known, away: true };
        throw refused;
      }
    },
    /** Resolves with the receipt of a transaction that did not revert. */
    send: async (to: Hex, data: Hex): Promise<TransactionReceipt> => (await senderOf()).send({ to, data }, (await identity()).genesis),
    /** The same with the admin's key. */
    sendAsAdmin: async (to: Hex, data: Hex): Promise<TransactionReceipt> =>
      (await adminSenderOf()).send({ to, data }, (await identity()).genesis),
    /** Brings a transaction that a former process left behind to its end, so that asking the chain tells all. */
    settle: async (): Promise<void> => void (await (await senderOf()).settle((await identity()).genesis)),
    /** Ranges of blocks from the contract's own to the newest, none wider than a provider allows. */
    async *spans(): AsyncGenerator<{ fromBlock: bigint; toBlock: bigint }> {
      const { chainId, genesis } = await identity();
      const head = await client.getBlockNumber({ cacheTime: 0 });
      for (let fromBlock = BigInt((await deployedOn(chainId, genesis)).block); fromBlock <= head; fromBlock += LOG_SPAN) {
        const last = fromBlock + LOG_SPAN - 1n;
        yield { fromBlock, toBlock: last < head ? last : head };
      }
    },
  };
};
