/** Sign-in with a wallet: EIP-4361 messages and the EIP-191 signatures over them, of accounts with a key. */
import { verifyMessage } from "viem";
import { parseSiweMessage, validateSiweMessage } from "viem/siwe";

export interface WalletExpects {
  /** `host[:port]` under which the page was opened. */
  readonly domain: string;
  readonly nonce: string;
  /** ms UTC. */
  readonly nowTs: number;
}

/** The nonce a message names, null where it is no such message. */
export const nonceIn = (message: string): string | null => parseSiweMessage(message).nonce ?? null;

/** The address (lower case) that signed the message; null where anything of it is not as expected. */
export const walletOf = async (
  message: string,
  signature: `0x${string}`,
  { domain, nonce, nowTs }: WalletExpects,
): Promise<string | null> => {
  const said = parseSiweMessage(message);
  if (said.address === undefined || said.version !== "1" || said.issuedAt === undefined) return null;
  // EIP-4361: the domain guards against a message that was signed for another site.
  if (!validateSiweMessage({ message: said, domain, nonce, time: new Date(nowTs) })) return null;
  const { uri } = said;
  if (uri === undefined || !URL.canParse(uri) || new URL(uri).host !== domain) return null;
  try {
    return (await verifyMessage({ address: said.address, message, signature })) ? said.address.toLowerCase() : null;
  } catch {
    return null;
  }
};
