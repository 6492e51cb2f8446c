/** What went wrong between us and a chain, as a Refused: nobody answered, or somebody said no and why. */
import { BaseError, decodeErrorResult, HttpRequestError, isHex, RpcRequestError, TimeoutError } from "viem";
import { rigTwinAbi, telemetryLogAbi } from "../../contracts/abi.generated.ts";
import { Refused } from "../../twin/refusal.ts";

/** Whether the chain did not answer at all, so that asking again can help. */
export const isAway = (error: unknown): boolean =>
  error instanceof BaseError
    ? error.walk(
        (cause) => cause instanceof TimeoutError || (cause instanceof HttpRequestError && !(cause.cause instanceof RpcRequestError)),
      ) !== null
    : error instanceof TypeError;

/** A revert's data where the node told it; some put it one level deeper. */
const revertDataOf = (cause: unknown): `0x${string}` | null => {
  const data = typeof cause === "object" && cause !== null && "data" in cause ? cause.data : null;
  if (isHex(data)) return data.length >= 10 ? data : null;
  return typeof data === "object" && data !== null ? revertDataOf(data) : null;
};

/** The contract's own error, e.g. `SerialTaken(0x…, 5)`; null where it is none of ours. */
const contractErrorOf = (error: BaseError): string | null => {
  const data = revertDataOf(error.walk((cause) => revertDataOf(cause) !== null));
  if (data === null) return null;
  try {
    const { errorName, args } = decodeErrorResult({ abi: [...rigTwinAbi, ...telemetryLogAbi], data });
    return `${errorName}(${((args ?? []) as readonly unknown[]).map(String).join(", ")})`;
  } catch {
    return null;
  }
};

/** CHAIN_UNAVAILABLE where nobody answered, else CHAIN_REFUSED with the contract's error by name or the node's words. */
export const asRefused = (cause: unknown): Refused => {
  if (cause instanceof Refused) return cause;
  if (isAway(cause)) return new Refused("CHAIN_UNAVAILABLE", "the chain does not answer", { cause });
  if (!(cause instanceof BaseError)) return new Refused("CHAIN_REFUSED", cause instanceof Error ? cause.message : String(cause), { cause });
  return new Refused("CHAIN_REFUSED", contractErrorOf(cause) ?? (cause.details || cause.shortMessage), { cause });
};
