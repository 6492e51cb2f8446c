/** The chain as the flows see it: registers machines, records hashes, anchors days, and tells how deep a transaction lies. */
import { join } from "node:path";
import { createPublicClient, encodeDeployData, encodeFunctionData, http, parseEventLogs, zeroHash, type TransactionReceipt } from "viem";
import { rigTwinAbi, rigTwinBytecode, telemetryLogAbi } from "../../contracts/abi.generated.ts";
import type { ChainIdentity } from "../../twin/ledger.ts";
import { RECORD_KINDS } from "../../twin/record.ts";
import { Refused } from "../../twin/refusal.ts";
import type { ChainRecord, Finality, RecordedOnChain, Registered, Registration } from "../../twin/relay.ts";
import { isRpcRequest, READ_METHODS, RPC_CODES, rpcFault, type RpcAnswer } from "../../twin/rpc.ts";
import type { Hex } from "../../twin/seal.ts";
import { readJson, writeJson } from "./durable.ts";
import { keysIn } from "./keys.ts";
import { asRefused, createSender } from "./sender.ts";

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
  readonly now: () => number;
  /** How long one call waits for a block, ms. */
  readonly waitMs?: number;
}
export interface DayAnchor {
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly treeSize: number;
  readonly readings: number;
  readonly anchoredTs: number;
}
export interface DayCorrection {
  readonly root: Hex;
  readonly manifestHash: Hex;
  readonly reasonHash: Hex;
  readonly readings: number;
  readonly correctedTs: number;
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
const LOG_SPAN = 5_000n;
/** Calls of one kind at once; the HTTP transport puts them into few requests. */
const AT_ONCE = 200;
const LAST_DAY = 2 ** 32 - 1;
const RECORDS_OWN_FAULT = /^(ERC721NonexistentToken|EmptyHash)\(/;
const seconds = (ts: number): number => Math.max(0, Math.floor(ts / 1_000));
/** The contract keeps model names; a device that tells a novel as its model does not write it there. */
const modelOf = ({ name, nominalThs, nominalW }: Registration["model"]) => ({
  name: [...name].slice(0, 64).join(""),
  nominalGhs: BigInt(Math.max(0, Math.round(nominalThs * 1_000))),
  nominalWatts: Math.max(0, Math.round(nominalW)),
});

export type Chain = ReturnType<typeof createChain>;

/** Makes the edge; nothing is asked of the chain before the first call. Every call throws Refused: CHAIN_UNAVAILABLE or CHAIN_REFUSED. */
export const createChain = (options: ChainOptions) => {
  const { folder, now, rpcUrl } = options;
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true, retryCount: 0, timeout: 15_000 }) });
  const contractsPath = join(folder, "contracts.json");
  let known: ChainState | null = null;
  let sender: ReturnType<typeof createSender> | null = null;
  let deploying: Promise<ChainIdentity> | null = null;

  const senderOf = async (): Promise<ReturnType<typeof createSender>> => {
    if (sender === null) {
      const { relayer } = await keysIn(folder, options.key);
      sender ??= createSender({ client, account: relayer, path: join(folder, "in-flight.json"), now, waitMs: options.waitMs ?? WAIT_MS });
    }
    return sender;
  };

  const deploy = async (genesis: Hex): Promise<Deployed> => {
    const { admin, relayer } = await keysIn(folder, options.key);
    const farm = { site: options.site, link: options.link, image: "", trust: "self-reported", verifier: zeroHash };
    const data = encodeDeployData({ abi: rigTwinAbi, bytecode: rigTwinBytecode, args: [admin.address, relayer.address, farm] });
    const left = await (await senderOf()).settle(genesis);
    const receipt = left?.contractAddress ? left : await (await senderOf()).send({ to: null, data }, genesis);
    if (!receipt.contractAddress) throw new Refused("CHAIN_REFUSED", "the deployment gave no contract");
    return { contract: receipt.contractAddress, block: Number(receipt.blockNumber) };
  };

  const deployedOn = async (chainId: number, genesis: Hex): Promise<Deployed> => {
    const place = `${chainId}/${genesis}`;
    const kept = (await readJson<Record<string, Deployed>>(contractsPath)) ?? {};
    const there = options.contract === null ? kept[place] : { contract: options.contract, block: kept[place]?.block ?? 0 };
    if (there !== undefined) {
      if ((await client.getCode({ address: there.contract })) !== undefined) return there;
      if (options.contract !== null) throw new Refused("CHAIN_REFUSED", `there is no contract at ${there.contract}`);
    }
    const made = await deploy(genesis);
    await writeJson(contractsPath, { ...kept, [place]: made });
    return made;
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
    return known;
  };
  /** Who answers at this address now; deploys the contract where it is not there yet. One at a time. */
  const identity = (): Promise<ChainIdentity> => {
    deploying ??= identify().finally(() => {
      deploying = null;
    });
    return deploying;
  };

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const refused = asRefused(error);
      if (refused.code === "CHAIN_UNAVAILABLE" && known !== null) known = { ...known, away: true };
      throw refused;
    }
  };
  const contractOf = async (): Promise<{ address: Hex; abi: typeof rigTwinAbi }> => ({
    address: (known ?? (await identity())).contract,
    abi: rigTwinAbi,
  });
  const logOf = async () => ({
    address: await client.readContract({ ...(await contractOf()), functionName: "telemetryLog" }),
    abi: telemetryLogAbi,
  });

  const tokenOfSerial = async (serialHash: Hex): Promise<number | null> => {
    const tokenId = Number(await client.readContract({ ...(await contractOf()), functionName: "tokenOfSerial", args: [serialHash] }));
    return tokenId === 0 ? null : tokenId;
  };
  const maintenanceOf = async (recordHash: Hex): Promise<{ tokenId: number; blockNumber: number } | null> => {
    const [tokenId, blockNumber] = await client.readContract({
      ...(await contractOf()),
      functionName: "maintenanceOf",
      args: [recordHash],
    });
    return blockNumber === 0n ? null : { tokenId: Number(tokenId), blockNumber: Number(blockNumber) };
  };

  /** Where a token was registered, found by its event. */
  const registeredAt = async (serialHash: Hex, tokenId: number): Promise<Registered> => {
    const { address, abi } = await contractOf();
    const { chainId, genesis } = await identity();
    const head = await client.getBlockNumber();
    for (let from = BigInt((await deployedOn(chainId, genesis)).block); from <= head; from += LOG_SPAN) {
      const [log] = await client.getContractEvents({
        address,
        abi,
        eventName: "RigRegistered",
        args: { tokenId: BigInt(tokenId) },
        fromBlock: from,
        toBlock: from + LOG_SPAN - 1n < head ? from + LOG_SPAN - 1n : head,
      });
      if (log !== undefined)
        return { serialHash, tokenId, txHash: log.transactionHash, blockNumber: Number(log.blockNumber), recordHash: null };
    }
    throw new Refused("CHAIN_UNAVAILABLE", `the registration of token ${tokenId} is not found`);
  };
  const recordedAt = async (recordHash: Hex, blockNumber: number): Promise<RecordedOnChain> => {
    const at = BigInt(blockNumber);
    const [log] = await client.getContractEvents({
      ...(await contractOf()),
      eventName: "MaintenanceRecorded",
      args: { recordHash },
      fromBlock: at,
      toBlock: at,
    });
    if (log === undefined) throw new Refused("CHAIN_UNAVAILABLE", `block ${blockNumber} does not show record ${recordHash}`);
    return { recordHash, txHash: log.transactionHash, blockNumber, reason: null };
  };

  /** Those of the tokens whose times (s since 1970) fit. */
  const tokensWhere = async (
    tokens: readonly number[],
    fits: (rig: { readonly registeredAt: number; readonly endedAt: number }) => boolean,
  ): Promise<number[]> => {
    const contract = await contractOf();
    const found: number[] = [];
    for (let from = 0; from < tokens.length; from += AT_ONCE) {
      const some = tokens.slice(from, from + AT_ONCE);
      const rigs = await Promise.all(
        some.map((tokenId) => client.readContract({ ...contract, functionName: "rigOf", args: [BigInt(tokenId)] })),
      );
      found.push(...some.filter((_, i) => rigs[i] !== undefined && fits(rigs[i])));
    }
    return found;
  };

  /** Token numbers of the machines that served at the end of a UTC day, rising. */
  const activeTokens = async (day: number): Promise<number[]> => {
    const contract = await contractOf();
    const activeOn = async (on: number): Promise<number> =>
      Number(await client.readContract({ ...contract, functionName: "activeOn", args: [on] }));
    const [active, now, supply] = await Promise.all([
      activeOn(day),
      activeOn(LAST_DAY),
      client.readContract({ ...contract, functionName: "totalSupply" }),
    ]);
    // Tokens are numbered in the order of registration: while none has ended, the active ones are the first.
    if (now === Number(supply)) return Array.from({ length: active }, (_, i) => i + 1);
    const endS = (day + 1) * 86_400;
    const all = Array.from({ length: Number(supply) }, (_, i) => i + 1);
    return tokensWhere(all, ({ registeredAt, endedAt }) => registeredAt < endS && (endedAt === 0 || endedAt >= endS));
  };

  /** The transaction of a day's anchor (number 0) or of one of its corrections, by its event; null where it is not found. */
  const dayTx = async (day: number, number: number): Promise<{ txHash: Hex; blockNumber: number } | null> => {
    const { address, abi } = await logOf();
    const { chainId, genesis } = await identity();
    const head = await client.getBlockNumber();
    let left = Math.max(0, number - 1);
    for (let from = BigInt((await deployedOn(chainId, genesis)).block); from <= head; from += LOG_SPAN) {
      const toBlock = from + LOG_SPAN - 1n < head ? from + LOG_SPAN - 1n : head;
      const logs = await client.getContractEvents({
        address,
        abi,
        eventName: number === 0 ? "TelemetryAnchored" : "TelemetryCorrected",
        args: { day },
        fromBlock: from,
        toBlock,
      });
      const found = logs[left];
      if (found !== undefined) return { txHash: found.transactionHash, blockNumber: Number(found.blockNumber) };
      left -= logs.length;
    }
    return null;
  };

  const send = async (call: { readonly to: Hex; readonly data: Hex }): Promise<TransactionReceipt> =>
    (await senderOf()).send(call, (await identity()).genesis);

  const mint = async (batch: readonly Registration[]): Promise<Registered[]> => {
    const { address, abi } = await contractOf();
    const { admin } = await keysIn(folder, options.key);
    const models = new Map(batch.map(({ model }) => [JSON.stringify(model), model]));
    const places = [...models.keys()];
    const rigs = batch.map(({ serialHash, recordHash, commissionedTs, model }) => ({
      serialHash,
      recordHash,
      commissionedAt: seconds(commissionedTs),
      model: places.indexOf(JSON.stringify(model)),
    }));
    const call = { abi, functionName: "register", args: [admin.address, [...models.values()].map(modelOf), rigs] } as const;
    const { relayer } = await keysIn(folder, options.key);
    // Asked first, so that a refusal comes with the contract's own words.
    await client.estimateContractGas({ ...call, address, account: relayer.address });
    const receipt = await send({ to: address, data: encodeFunctionData(call) });
    const recordOf = new Map(batch.map(({ serialHash, recordHash }) => [serialHash, recordHash]));
    return parseEventLogs({ abi, eventName: "RigRegistered", logs: receipt.logs }).map(({ args: { serialHash, tokenId } }) => ({
      serialHash,
      tokenId: Number(tokenId),
      txHash: receipt.transactionHash,
      blockNumber: Number(receipt.blockNumber),
      recordHash: recordOf.get(serialHash) ?? null,
    }));
  };

  const record = async (batch: readonly ChainRecord[]): Promise<RecordedOnChain[]> => {
    if (batch.length === 0) return [];
    const { address, abi } = await contractOf();
    const { relayer } = await keysIn(folder, options.key);
    const records = batch.map(({ tokenId, recordHash, kind, performedTs }) => ({
      tokenId: BigInt(tokenId),
      recordHash,
      kind: RECORD_KINDS.indexOf(kind),
      performedAt: seconds(performedTs),
    }));
    const call = { abi, functionName: "recordMaintenances", args: [records] } as const;
    try {
      await client.estimateContractGas({ ...call, address, account: relayer.address });
      const { transactionHash, blockNumber } = await send({ to: address, data: encodeFunctionData(call) });
      return batch.map(({ recordHash }) => ({ recordHash, txHash: transactionHash, blockNumber: Number(blockNumber), reason: null }));
    } catch (error) {
      const refused = asRefused(error);
      // An empty account or a missing role is the farm's fault, not the record's: it is put right and tried again.
      if (!RECORDS_OWN_FAULT.test(refused.detail)) throw refused;
      const [only] = batch;
      if (batch.length === 1 && only !== undefined)
        return [{ recordHash: only.recordHash, txHash: null, blockNumber: null, reason: refused.detail }];
      // One bad record must not keep the others back.
      const half = Math.ceil(batch.length / 2);
      return [...(await record(batch.slice(0, half))), ...(await record(batch.slice(half)))];
    }
  };

  return {
    identity: (): Promise<ChainIdentity> =>
      guarded(async () => {
        const { chainId, genesis, contract } = await identity();
        return { chainId, genesis, contract };
      }),
    /** What is known now, without asking; null before the chain was first reached. */
    state: (): ChainState | null => known,
    /** Asks anew; the last known with away = true where the chain does not answer. null where it never did. */
    info: async (): Promise<ChainState | null> => {
      await guarded(identity).catch(() => undefined);
      return known;
    },
    tokenOfSerial: (serialHash: Hex): Promise<number | null> => guarded(() => tokenOfSerial(serialHash)),
    maintenanceOf: (recordHash: Hex) => guarded(() => maintenanceOf(recordHash)),

    /** Gives each machine its token, at most a batch of them; a machine that has one keeps it. Repeating changes nothing. */
    register: (batch: readonly Registration[]): Promise<Registered[]> =>
      guarded(async () => {
        await (await senderOf()).settle((await identity()).genesis);
        const once = [...new Map(batch.map((one) => [one.serialHash, one])).values()];
        const tokens = await Promise.all(once.map(({ serialHash }) => tokenOfSerial(serialHash)));
        const old = await Promise.all(once.flatMap(({ serialHash }, i) => (tokens[i] ? [registeredAt(serialHash, tokens[i])] : [])));
        const fresh = once.filter((_, i) => tokens[i] === null);
        return fresh.length === 0 ? old : [...old, ...(await mint(fresh))];
      }),

    /** Records hashes, at most a batch of them; one that is there already is found, not sent. Repeating changes nothing. */
    recordMaintenance: (batch: readonly ChainRecord[]): Promise<RecordedOnChain[]> =>
      guarded(async () => {
        await (await senderOf()).settle((await identity()).genesis);
        const there = await Promise.all(batch.map(({ recordHash }) => maintenanceOf(recordHash)));
        const old = await Promise.all(
          batch.flatMap(({ recordHash, tokenId }, i): Promise<RecordedOnChain>[] => {
            const found = there[i];
            if (!found) return [];
            if (found.tokenId === tokenId) return [recordedAt(recordHash, found.blockNumber)];
            return [
              Promise.resolve({ recordHash, txHash: null, blockNumber: null, reason: `recorded for token ${found.tokenId} already` }),
            ];
          }),
        );
        return [...old, ...(await record(batch.filter((_, i) => there[i] === null)))];
      }),

    /** Whether `depth` blocks lie on the transaction's block. The local chain has no forks: a block there is final when it is written. */
    finality: (txHash: Hex, depth: number): Promise<Finality> =>
      guarded(async () => {
        const [receipt, head] = await Promise.all([
          client.getTransactionReceipt({ hash: txHash }).catch((error: unknown) => {
            if (error instanceof Error && error.name === "TransactionReceiptNotFoundError") return null;
            throw error;
          }),
          client.getBlockNumber({ cacheTime: 0 }),
        ]);
        if (receipt === null || receipt.status !== "success") return { state: "missing" };
        return {
          state: Number(head - receipt.blockNumber) >= (options.local ? 0 : depth) ? "final" : "waiting",
          blockNumber: Number(receipt.blockNumber),
        };
      }),

    /** The token's page and owner; null where there is no such token. */
    page: (tokenId: number): Promise<{ tokenUri: string; owner: Hex } | null> =>
      guarded(async () => {
        const contract = await contractOf();
        const args = [BigInt(tokenId)] as const;
        try {
          const [tokenUri, owner] = await Promise.all([
            client.readContract({ ...contract, functionName: "tokenURI", args }),
            client.readContract({ ...contract, functionName: "ownerOf", args }),
          ]);
          return { tokenUri, owner };
        } catch (error) {
          if (asRefused(error).detail.startsWith("ERC721NonexistentToken")) return null;
          throw error;
        }
      }),

    /** Machines that served at the end of a UTC day; an anchor of that day must have as many leaves. */
    activeOn: (day: number): Promise<number> =>
      guarded(async () => Number(await client.readContract({ ...(await contractOf()), functionName: "activeOn", args: [day] }))),
    /** The last anchored day (days since 1970), null before the first. */
    lastAnchoredDay: (): Promise<number | null> =>
      guarded(async () => (await client.readContract({ ...(await logOf()), functionName: "lastDay" })) || null),
    anchorOf: (day: number): Promise<DayAnchor | null> =>
      guarded(async () => {
        const { root, manifestHash, treeSize, readings, anchoredAt } = await client.readContract({
          ...(await logOf()),
          functionName: "anchorOf",
          args: [BigInt(day)],
        });
        return anchoredAt === 0n
          ? null
          : { root, manifestHash, treeSize: Number(treeSize), readings: Number(readings), anchoredTs: Number(anchoredAt) * 1_000 };
      }),
    /** Those of the tokens that came onto this chain only after a UTC day. */
    registeredAfter: (tokens: readonly number[], day: number): Promise<number[]> =>
      guarded(() => tokensWhere(tokens, ({ registeredAt }) => registeredAt >= (day + 1) * 86_400)),
    activeTokens: (day: number): Promise<number[]> => guarded(() => activeTokens(day)),
    /** What was said later about an anchored day, oldest first. */
    correctionsOf: (day: number): Promise<DayCorrection[]> =>
      guarded(async () => {
        const all = await client.readContract({ ...(await logOf()), functionName: "correctionsOf", args: [BigInt(day)] });
        return all.map(({ root, manifestHash, reasonHash, readings, correctedAt }) => ({
          root,
          manifestHash,
          reasonHash,
          readings: Number(readings),
          correctedTs: Number(correctedAt) * 1_000,
        }));
      }),
    dayTx: (day: number, number: number) => guarded(() => dayTx(day, number)),
    /** Brings a transaction that a former process left behind to its end, so that asking the chain tells all. */
    settle: (): Promise<void> => guarded(async () => void (await (await senderOf()).settle((await identity()).genesis))),
    /** Adds a correction to an anchored day. */
    correct: (
      day: number,
      root: Hex,
      manifestHash: Hex,
      readings: number,
      reasonHash: Hex,
    ): Promise<{ txHash: Hex; blockNumber: number }> =>
      guarded(async () => {
        const { address, abi } = await logOf();
        const { relayer } = await keysIn(folder, options.key);
        const call = { abi, functionName: "correct", args: [day, root, manifestHash, BigInt(readings), reasonHash] } as const;
        await client.estimateContractGas({ ...call, address, account: relayer.address });
        const { transactionHash, blockNumber } = await send({ to: address, data: encodeFunctionData(call) });
        return { txHash: transactionHash, blockNumber: Number(blockNumber) };
      }),
    /** Anchors a day that is over, the one after the last. Refused where the day or the number of leaves does not fit. */
    anchor: (
      day: number,
      root: Hex,
      manifestHash: Hex,
      treeSize: number,
      readings: number,
    ): Promise<{ txHash: Hex; blockNumber: number }> =>
      guarded(async () => {
        const { address, abi } = await logOf();
        const { relayer } = await keysIn(folder, options.key);
        const call = { abi, functionName: "anchor", args: [day, root, manifestHash, BigInt(treeSize), BigInt(readings)] } as const;
        await client.estimateContractGas({ ...call, address, account: relayer.address });
        const { transactionHash, blockNumber } = await send({ to: address, data: encodeFunctionData(call) });
        return { txHash: transactionHash, blockNumber: Number(blockNumber) };
      }),

    /** Hands a stranger's JSON-RPC request on, if it only reads. Never throws. */
    readRpc: async (body: unknown): Promise<RpcAnswer> => {
      if (!isRpcRequest(body)) return rpcFault(null, RPC_CODES.invalid, "not a JSON-RPC request");
      if (!READ_METHODS.has(body.method))
        return rpcFault(body.id, RPC_CODES.unknown, `the method ${body.method.slice(0, 64)} is not allowed here`);
      try {
        const answer = await fetch(rpcUrl, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: body.id ?? null, method: body.method, params: body.params ?? [] }),
          signal: AbortSignal.timeout(15_000),
        });
        return (await answer.json()) as RpcAnswer;
      } catch {
        return rpcFault(body.id, RPC_CODES.server, "the chain does not answer");
      }
    },
  };
};
