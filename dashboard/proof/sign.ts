/** A record signed by a wallet of this browser (EIP-1193, EIP-712): what the farm drew up is compared with what was asked for before. */
import type { NewRecord, RecordDraft, RecordWish } from "../../server/twin/api.ts";
import { draftFault } from "../../server/twin/draft.ts";
import { signerOf, typedDataDigest } from "../../server/twin/typed-data.ts";
import { signText as text } from "../texts-sign.ts";
import type { Wallet } from "./wallets.ts";

export type FetchDraft = (wish: RecordWish & { readonly signer: string }) => Promise<RecordDraft>;

/** A wallet refuses to sign for another chain than the one it is on. */
const bringToChain = async ({ name, provider }: Wallet, chainId: number): Promise<void> => {
  const wanted = `0x${chainId.toString(16)}`;
  const now = Number(await provider.request({ method: "eth_chainId", params: [] }));
  if (now === chainId) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
  } catch (cause) {
    throw new Error(text.otherChain(name, now, chainId), { cause });
  }
};

/** Gives what is sent as `signed` of the record. Throws Error with a sentence, or what the wallet or the farm says. */
export const signWithWallet = async (
  wallet: Wallet,
  rig: string,
  wish: RecordWish,
  fetchDraft: FetchDraft,
): Promise<NewRecord["signed"]> => {
  const { name, provider } = wallet;
  const accounts = await provider.request({ method: "eth_requestAccounts", params: [] });
  const [account] = Array.isArray(accounts) ? (accounts as unknown[]) : [];
  if (typeof account !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(account)) throw new Error(text.noAccount(name));
  const signer = account.toLowerCase() as `0x${string}`;
  const draft = await fetchDraft({ ...wish, signer });
  const fault = draftFault(rig, wish, signer, draft);
  if (fault !== null) throw new Error(fault);
  await bringToChain(wallet, Number(draft.typedData.domain["chainId"]));
  const signature = await provider.request({ method: "eth_signTypedData_v4", params: [account, JSON.stringify(draft.typedData)] });
  if (typeof signature !== "string" || signerOf(typedDataDigest(draft.typedData), signature) !== signer)
    throw new Error(text.notTheirs(name));
  return { signer, number: draft.number, sealedTs: draft.sealedTs, signature: signature.toLowerCase() as `0x${string}` };
};
