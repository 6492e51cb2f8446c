/** Chains that many independent people run, by EIP-155 number. What is not here may be anybody's. */
const PUBLIC: Readonly<Record<number, string>> = {
  1: "Ethereum",
  10: "OP Mainnet",
  56: "BNB Smart Chain",
  100: "Gnosis",
  130: "Unichain",
  137: "Polygon",
  324: "ZKsync Era",
  8453: "Base",
  42161: "Arbitrum One",
  43114: "Avalanche",
  59144: "Linea",
  534352: "Scroll",
  84532: "Base Sepolia (test network)",
  421614: "Arbitrum Sepolia (test network)",
  11155111: "Sepolia (test network)",
  11155420: "OP Sepolia (test network)",
};

/** Its usual name, or null where it is none of the well-known ones. */
export const chainName = (chainId: number): string | null => PUBLIC[chainId] ?? null;
