/**
 * Sends transactions one after another from one key. A transaction is signed and written down before it is sent, and the same
 * bytes are sent again until the chain has them: a nonce manager that keeps its count in memory loses it with the process.
 */
import { BaseError, keccak256, type PublicClient, type TransactionReceipt } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { Refused } from "../../twin/refusal.ts";
import type { Hex } from "../../twin/seal.ts";
import { isWaiting } from "../../twin/wait.ts";
import { readJson, removeFile, writeJson } from "./durable.ts";
import { isAway } from "./faults.ts";

interface Attempt {
  readonly raw: Hex;
  readonly hash: Hex;
  readonly sentTs: number;
  readonly feeWei: string;
}
/** The one transaction that is under way; further attempts have its nonce and a higher fee. */
interface InFlight {
  readonly genesis: Hex;
  readonly nonce: number;
  readonly to: Hex | null;
  readonly data: Hex;
  readonly gas: string;
  readonly attempts: readonly Attempt[];
}
export interface Outgoing {
  /** null deploys. */
  readonly to: Hex | null;
  readonly data: Hex;
}

const POLL_MS = 250;
/** After which a transaction that was not taken gets a higher fee. */
const BUMP_MS = 120_000;
const KNOWN = /already known|already imported|nonce too low|known transaction/i;

export interface SenderNeeds {
  readonly client: PublicClient;
  readonly account: PrivateKeyAccount;
  readonly path: string;
  readonly now: () => number;
  /** How long one call waits for its receipt, ms. */
  readonly waitMs: number;
  /** Notes a contract that was deployed. Called before the transaction is forgotten: a process that ends in between does it again. */
  readonly onDeployed: (genesis: Hex, receipt: TransactionReceipt) => Promise<void>;
}

export const createSender = ({ client, account, path, now, waitMs, onDeployed }: SenderNeeds) => {
  const receiptOf = async (hash: Hex): Promise<TransactionReceipt | null> => {
    // viem says by an error that there is none yet; anything else that failed is no answer.
    try {
      return await client.getTransactionReceipt({ hash });
    } catch (error) {
      if (error instanceof BaseError && error.name === "TransactionReceiptNotFoundError") return null;
      throw error;
    }
  };
  const anyReceipt = async (flight: InFlight): Promise<TransactionReceipt | null> => {
    for (const { hash } of flight.attempts) {
      const receipt = await receiptOf(hash);
      if (receipt !== null) return receipt;
    }
    return null;
  };

  /** It is over. */
  const forget = async ({ genesis, to }: InFlight, receipt: TransactionReceipt | null): Promise<void> => {
    if (to === null && receipt !== null) await onDeployed(genesis, receipt);
    await removeFile(path);
  };

  const sign = async (out: Outgoing, chainId: number, nonce: number, gas: bigint, atLeastWei: bigint): Promise<Attempt> => {
    const { baseFeePerGas } = await client.getBlock({ blockTag: "latest" });
    const to = out.to === null ? {} : { to: out.to };
    const common = { chainId, nonce, gas, data: out.data, ...to };
    const raise = (wei: bigint): bigint => (wei > atLeastWei ? wei : atLeastWei);
    let feeWei: bigint;
    let raw: Hex;
    if (baseFeePerGas === null) {
      feeWei = raise(await client.getGasPrice());
      raw = await account.signTransaction({ ...common, type: "legacy", gasPrice: feeWei });
    } else {
      const tipWei = await client.estimateMaxPriorityFeePerGas();
      feeWei = raise(baseFeePerGas * 2n + tipWei);
      raw = await account.signTransaction({
        ...common,
        type: "eip1559",
        maxFeePerGas: feeWei,
        maxPriorityFeePerGas: tipWei > atLeastWei / 10n ? tipWei : atLeastWei / 10n,
      });
    }
    return { raw, hash: keccak256(raw), sentTs: now(), feeWei: feeWei.toString() };
  };

  const push = async (attempt: Attempt): Promise<void> => {
    try {
      await client.sendRawTransaction({ serializedTransaction: attempt.raw });
    } catch (error) {
      if (error instanceof Error && KNOWN.test(error.message)) return;
      throw error;
    }
  };

  /** Waits for the transaction under way; null where another took its nonce. Throws CHAIN_UNAVAILABLE while it waits for its block. */
  const finish = async (flight: InFlight): Promise<TransactionReceipt | null> => {
    const untilTs = now() + waitMs;
    for (;;) {
      const taken = (await client.getTransactionCount({ address: account.address, blockTag: "latest" })) > flight.nonce;
      const receipt = await anyReceipt(flight);
      if (receipt !== null || taken) {
        await forget(flight, receipt);
        return receipt;
      }
      if (now() > untilTs) throw new Refused("CHAIN_UNAVAILABLE", `transaction ${flight.attempts.at(-1)?.hash} waits for its block`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };

  /** Brings what a former call or process left behind to its end. */
  const settle = async (genesis: Hex): Promise<TransactionReceipt | null> => {
    const flight = await readJson<InFlight>(path);
    if (flight === null) return null;
    if (flight.genesis !== genesis) {
      await removeFile(path);
      return null;
    }
    const done = await anyReceipt(flight);
    if (done !== null) {
      await forget(flight, done);
      return done;
    }
    const last = flight.attempts.at(-1);
    if (last === undefined) return null;
    if (isWaiting(now(), last.sentTs + BUMP_MS, BUMP_MS)) {
      await push(last);
      return finish(flight);
    }
    // The chain is not where it was when this was signed, as where its folder was put back from a copy: what came before is gone, and it never gets its turn.
    if ((await client.getTransactionCount({ address: account.address, blockTag: "latest" })) < flight.nonce) {
      await removeFile(path);
      return null;
    }
    const chainId = await client.getChainId();
    const dearer = await sign(
      { to: flight.to, data: flight.data },
      chainId,
      flight.nonce,
      BigInt(flight.gas),
      (BigInt(last.feeWei) * 5n) / 4n,
    );
    const next = { ...flight, attempts: [...flight.attempts, dearer] };
    await writeJson(path, next);
    await push(dearer);
    return finish(next);
  };

  const sendNow = async (out: Outgoing, genesis: Hex): Promise<TransactionReceipt> => {
    await settle(genesis);
    const [chainId, nonce, estimated] = await Promise.all([
      client.getChainId(),
      client.getTransactionCount({ address: account.address, blockTag: "latest" }),
      client.estimateGas({ account: account.address, data: out.data, ...(out.to === null ? {} : { to: out.to }) }),
    ]);
    const gas = (estimated * 11n) / 10n;
    const attempt = await sign(out, chainId, nonce, gas, 0n);
    const flight: InFlight = { genesis, nonce, to: out.to, data: out.data, gas: gas.toString(), attempts: [attempt] };
    await writeJson(path, flight);
    try {
      await push(attempt);
    } catch (error) {
      // An answer that says no is final; silence is not.
      if (!isAway(error)) await removeFile(path);
      throw error;
    }
    const receipt = await finish(flight);
    if (receipt === null) throw new Refused("CHAIN_UNAVAILABLE", "another transaction of this key took the nonce; sending again");
    if (receipt.status !== "success") throw new Refused("CHAIN_REFUSED", `transaction ${receipt.transactionHash} was reverted`);
    return receipt;
  };

  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    /** Resolves with the receipt of a transaction that did not revert. */
    send: (out: Outgoing, genesis: Hex): Promise<TransactionReceipt> => inTurn(() => sendNow(out, genesis)),
    settle: (genesis: Hex): Promise<TransactionReceipt | null> => inTurn(() => settle(genesis)),
  };
};
