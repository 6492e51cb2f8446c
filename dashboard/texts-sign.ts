/** What is said about who signed a record. */
export const signText = {
  with: (wallet: string) => `Sign with ${wallet} and seal`,
  unsigned: "Seal without a signature",
  lead: "Signed with a technician's wallet, the record shows to everybody whose key it was. Without a signature it is the farm's own word.",
  noWallet: "No wallet in this browser. A record can also be signed at the terminal: npm run sign.",
  noAccount: (wallet: string) => `${wallet} gave no account to sign with.`,
  otherChain: (wallet: string, is: number, wanted: number) =>
    `${wallet} is on chain ${is}; the contract stands on chain ${wanted}. Switch the wallet to that chain and sign again.`,
  notTheirs: (wallet: string) => `What ${wallet} gave back is not this account's signature over the record; nothing was sealed.`,
  states: {
    signed: (badge: string) => `Signed by ${badge}`,
    own: "Unsigned: written by the server itself",
    unsigned: "Unsigned: the farm's own word",
    unproven: "Signature missing: a signer is named, but did not sign",
    wrong: "Signature wrong: not the named signer's over this record",
  },
  meaning: "The key that signed, recovered in this browser. Whether it was a technician's says the contract: Verify asks it.",
  checking: "Looking at the signature…",
};

/** What is said about a machine that took another's place. */
export const substituteText = {
  open: "Replaced by another",
  title: "Another machine took its place",
  lead: "For a machine that a vendor exchanged, or that another one replaced for good. Its token ends and names its successor; both histories remain.",
  machine: "Machine that takes its place",
  when: "When",
  technician: "Technician",
  send: "Record the replacement",
  confirm: "Yes, for good",
  sure: (rig: string, substitute: string) => `${substitute} takes the place of ${rig}. Nobody can take that back.`,
  noMachine: "Which machine takes its place?",
  noTechnician: "Who did it? A pseudonym.",
  noTime: "A time is needed.",
  by: "Its place was taken by",
  of: "It took the place of",
  twin: (rig: string, tokenId: number) => `${rig}, token #${tokenId}`,
};
