/** The mock's chain: answers the contract's reads out of the mock's own book, through the generated ABI. */
import { decodeFunctionData, encodeFunctionResult, type Hex } from "viem";
import { rigTwinAbi } from "../../../server/contracts/abi.generated.ts";
import type { ChainInfo } from "../../../server/twin/api.ts";
import { RECORD_KINDS, type TwinRecord } from "../../../server/twin/record.ts";

export interface Notary {
  /** Every record that stands on the chain. */
  readonly final: () => readonly TwinRecord[];
  readonly machineHash: (tokenId: number) => Hex;
}
export const CHAIN: ChainInfo = {
  chainId: 31_337,
  contract: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
  genesis: "0x9c5b8f1f6ee16ff6b1ea0d0f0f25e04b1b2f7a3bd1dbd1d4a5e4b0a4e7d0c1aa",
  local: true,
  blockNumber: 318,
  finalDepth: 1,
  away: false,
};

const called = (data: Hex, notary: Notary): Hex => {
  const asked = decodeFunctionData({ abi: rigTwinAbi, data });
  if (asked.functionName === "maintenanceOf") {
    const record = notary.final().find(({ hash }) => hash === asked.args[0]);
    const result =
      record === undefined
        ? ([0n, 0n, 0n, 0] as const)
        : ([
            BigInt(record.tokenId ?? 0),
            BigInt(record.blockNumber ?? 0),
            BigInt(Math.floor(record.body.performedTs / 1_000)),
            RECORD_KINDS.indexOf(record.body.kind),
          ] as const);
    return encodeFunctionResult({ abi: rigTwinAbi, functionName: "maintenanceOf", result });
  }
  if (asked.functionName === "rigOf") {
    const tokenId = Number(asked.args[0]);
    const services = notary.final().filter((record) => record.tokenId === tokenId && record.body.kind !== "registration");
    return encodeFunctionResult({
      abi: rigTwinAbi,
      functionName: "rigOf",
      result: {
        serialHash: notary.machineHash(tokenId),
        registeredAt: 1,
        commissionedAt: 1,
        endedAt: 0,
        lastServiceAt: 0,
        modelId: 0,
        maintenanceCount: services.length,
        status: 1,
      },
    });
  }
  throw new Error(`the mock has no ${asked.functionName}`);
};

export const answerRpc = (
  request: { readonly id: number; readonly method: string; readonly params: readonly { readonly data?: Hex }[] },
  notary: Notary,
): unknown => {
  const answer = (result: unknown): unknown => ({ jsonrpc: "2.0", id: request.id, result });
  if (request.method === "eth_chainId") return answer(`0x${CHAIN.chainId.toString(16)}`);
  if (request.method === "eth_getCode") return answer("0x60806040");
  if (request.method === "eth_call") return answer(called(request.params[0]?.data ?? "0x", notary));
  return { jsonrpc: "2.0", id: request.id, error: { code: -32601, message: `The method ${request.method} is not answered here.` } };
};
