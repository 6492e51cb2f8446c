/** Keys, roles and successors on the chain: which key a gateway signs with and when, who may sign as a technician, what took whose place. */
import { encodeFunctionData, keccak256, toBytes } from "viem";
import type { Hex } from "../../twin/seal.ts";
import type { KeyEntry } from "../../twin/gateway.ts";
import type { Connection } from "./connection.ts";

const TECHNICIAN = keccak256(toBytes("TECHNICIAN"));

export const createRights = ({ client, twinOf, send, sendAsAdmin }: Connection) => ({
  /** A gateway's entries on the contract, oldest first. */
  gatewayKeys: async (gatewayId: Hex): Promise<readonly KeyEntry[]> => {
    const entries = await client.readContract({ ...(await twinOf()), functionName: "gatewayKeysOf", args: [gatewayId] });
    return entries.map(({ publicKey, from, to }) => ({ publicKey, fromS: from, toS: to }));
  },
  /** Adds an entry; where windows overlap the newest holds. */
  setGatewayKey: async (gatewayId: Hex, { publicKey, fromS, toS }: KeyEntry): Promise<void> => {
    const { address, abi } = await twinOf();
    await send(address, encodeFunctionData({ abi, functionName: "setGatewayKey", args: [gatewayId, publicKey, fromS, toS] }));
  },
  substitutedBy: async (tokenId: number): Promise<number> =>
    Number(await client.readContract({ ...(await twinOf()), functionName: "substitutedBy", args: [BigInt(tokenId)] })),
  /** Ends the old token. Refused where one of the two does not serve. */
  substitute: async (oldTokenId: number, newTokenId: number): Promise<void> => {
    const { address, abi } = await twinOf();
    await send(address, encodeFunctionData({ abi, functionName: "substitute", args: [BigInt(oldTokenId), BigInt(newTokenId)] }));
  },
  isTechnician: async (account: Hex): Promise<boolean> =>
    client.readContract({ ...(await twinOf()), functionName: "hasRole", args: [TECHNICIAN, account] }),
  /** Gives or takes the role with the admin's key. Refused where that key is not the contract's admin. */
  setTechnician: async (account: Hex, isTechnician: boolean): Promise<void> => {
    const { address, abi } = await twinOf();
    const functionName = isTechnician ? "grantRole" : "revokeRole";
    await sendAsAdmin(address, encodeFunctionData({ abi, functionName, args: [TECHNICIAN, account] }));
  },
});
