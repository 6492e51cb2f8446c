/** The keys with which the farm writes to the chain. They are never logged. */
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import type { Hex } from "../../twin/seal.ts";
import { readJson, writeJson } from "./durable.ts";

export interface Keys {
  /** Grants roles; used for nothing else, so that it can be taken off this machine. */
  readonly admin: PrivateKeyAccount;
  /** Registers, records and anchors. */
  readonly relayer: PrivateKeyAccount;
}

/**
 * The folder's own keys, made when first asked for; with `given` (an outside chain's funded key) that key in both parts.
 */
export const keysIn = async (folder: string, given: Hex | null): Promise<Keys> => {
  if (given !== null) return { admin: privateKeyToAccount(given), relayer: privateKeyToAccount(given) };
  const path = join(folder, "keys.json");
  let kept = await readJson<{ admin: Hex; relayer: Hex }>(path);
  if (kept === null) {
    kept = { admin: generatePrivateKey(), relayer: generatePrivateKey() };
    await writeJson(path, kept);
  }
  return { admin: privateKeyToAccount(kept.admin), relayer: privateKeyToAccount(kept.relayer) };
};
