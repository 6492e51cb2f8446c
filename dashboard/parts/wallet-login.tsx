import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { useWallets, type Wallet } from "../proof/wallets.ts";
import { failureOf, useSite } from "../site.tsx";
import { door } from "../texts-access.ts";

/** An EIP-4361 message; `address` as the wallet gives it, with its checksum. */
const messageOf = (address: string, chainId: number, nonce: string, issuedAt: string): string =>
  [
    `${location.host} wants you to sign in with your Ethereum account:`,
    address,
    "",
    door.statement,
    "",
    `URI: ${location.origin}`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${issuedAt}`,
  ].join("\n");

const toHex = (text: string): string =>
  `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** A button for each wallet of this browser. */
export const WalletLogin = ({ onTrouble }: { readonly onTrouble: (message: string) => void }): ReactNode => {
  const { ask, again } = useSite();
  const wallets = useWallets();
  const [busy, setBusy] = useState<string | null>(null);
  const enter = async ({ id, provider }: Wallet): Promise<void> => {
    setBusy(id);
    try {
      const [address] = (await provider.request({ method: "eth_requestAccounts", params: [] })) as string[];
      if (address === undefined) throw new Error(door.noAccount);
      const chainId = Number(await provider.request({ method: "eth_chainId", params: [] }));
      const { nonce } = await ask.get<{ nonce: string }>({ route: ROUTES.walletNonce });
      const message = messageOf(address, chainId, nonce, new Date().toISOString());
      const signature = await provider.request({ method: "personal_sign", params: [toHex(message), address] });
      await ask.post({ route: ROUTES.walletLogin }, { message, signature });
      again();
    } catch (error) {
      onTrouble(failureOf(error).message);
      setBusy(null);
    }
  };
  if (wallets.length === 0) return null;
  return (
    <>
      <p className="quiet">{door.walletHint}</p>
      {wallets.map((wallet) => (
        <Button key={wallet.id} variant="default" fullWidth loading={busy === wallet.id} onClick={() => void enter(wallet)}>
          {door.wallet(wallet.name)}
        </Button>
      ))}
    </>
  );
};
