/** Wallets in this browser, as they announce themselves (EIP-6963); lacking that the one at `window.ethereum` (EIP-1193). */
import { useEffect, useState } from "react";
import type { WalletProvider } from "./node.ts";

export interface Wallet {
  readonly id: string;
  readonly name: string;
  readonly provider: WalletProvider;
}
interface Announcement {
  readonly info?: { readonly uuid?: unknown; readonly name?: unknown };
  readonly provider?: Partial<WalletProvider>;
}
const isProvider = (value: Partial<WalletProvider> | undefined): value is WalletProvider => typeof value?.request === "function";

/** The wallets found so far. */
export const useWallets = (): readonly Wallet[] => {
  const [wallets, setWallets] = useState<readonly Wallet[]>([]);
  useEffect(() => {
    const hear = (event: Event): void => {
      const { info, provider } = ((event as CustomEvent<unknown>).detail ?? {}) as Announcement;
      if (typeof info?.uuid !== "string" || typeof info.name !== "string" || !isProvider(provider)) return;
      const wallet: Wallet = { id: info.uuid, name: info.name.slice(0, 40), provider };
      setWallets((before) => [...before.filter(({ id }) => id !== wallet.id && id !== "injected"), wallet]);
    };
    window.addEventListener("eip6963:announceProvider", hear);
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    const { ethereum } = window as unknown as { readonly ethereum?: Partial<WalletProvider> };
    if (isProvider(ethereum))
      setWallets((before) => (before.length > 0 ? before : [{ id: "injected", name: "Browser wallet", provider: ethereum }]));
    return () => window.removeEventListener("eip6963:announceProvider", hear);
  }, []);
  return wallets;
};
