/** The contract as a verifier asks it, over anybody's JSON-RPC. */
import { createPublicClient, http } from "viem";
import { rigTwinAbi, telemetryLogAbi } from "../../contracts/abi.generated.ts";
import { gatewayId } from "../../twin/gateway.ts";
import type { Hex } from "../../twin/seal.ts";
import type { ChainReader } from "../../twin/verify.ts";

/** Reads a contract over JSON-RPC. */
export const readerOf = (rpc: string, contract: Hex): ChainReader => {
  const client = createPublicClient({ transport: http(rpc, { batch: true, retryCount: 1, timeout: 15_000 }) });
  const twin = { address: contract, abi: rigTwinAbi } as const;
  let log: Promise<Hex> | null = null;
  const logOf = async () =>
    ({ address: await (log ??= client.readContract({ ...twin, functionName: "telemetryLog" })), abi: telemetryLogAbi }) as const;
  return {
    chainId: () => client.getChainId(),
    hasContract: async () => (await client.getCode({ address: contract })) !== undefined,
    anchorOf: async (day) => {
      const { root, manifestHash, treeSize, readings, anchoredAt } = await client.readContract({
        ...(await logOf()),
        functionName: "anchorOf",
        args: [BigInt(day)],
      });
      return anchoredAt === 0n
        ? null
        : { root, manifestHash, treeSize: Number(treeSize), readings: Number(readings), writtenTs: Number(anchoredAt) * 1_000 };
    },
    correctionsOf: async (day) =>
      (await client.readContract({ ...(await logOf()), functionName: "correctionsOf", args: [BigInt(day)] })).map(
        ({ root, manifestHash, reasonHash, readings, correctedAt }) => ({
          root,
          manifestHash,
          reasonHash,
          readings: Number(readings),
          writtenTs: Number(correctedAt) * 1_000,
        }),
      ),
    activeOn: async (day) => Number(await client.readContract({ ...twin, functionName: "activeOn", args: [day] })),
    maintenanceOf: async (hash) => {
      const [tokenId, block, , kind] = await client.readContract({ ...twin, functionName: "maintenanceOf", args: [hash] });
      return block === 0n ? null : { tokenId: Number(tokenId), kind, blockNumber: Number(block) };
    },
    rigOf: async (tokenId) => {
      try {
        const { serialHash, maintenanceCount } = await client.readContract({ ...twin, functionName: "rigOf", args: [BigInt(tokenId)] });
        return { serialHash, maintenanceCount };
      } catch (error) {
        if (error instanceof Error && error.message.includes("ERC721NonexistentToken")) return null;
        throw error;
      }
    },
    wasTechnician: (account, blockNumber) => client.readContract({ ...twin, functionName: "wasTechnician", args: [account, blockNumber] }),
    gatewayKeyAt: async (gateway, ts) => {
      const key = await client.readContract({
        ...twin,
        functionName: "gatewayKeyAt",
        args: [gatewayId(gateway), Math.floor(ts / 1_000)],
      });
      return BigInt(key) === 0n ? null : key.slice(2);
    },
  };
};
