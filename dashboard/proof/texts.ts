/** Every word of a check, for the twin's page and for the verifier that is saved to a disk. */
import type { Result } from "../../server/twin/verify.ts";

const results: Readonly<Record<Result, string>> = {
  passed: "passed",
  failed: "failed",
  "not-checked": "not checked",
  stated: "somebody's word",
};
const many = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

export const proofText = {
  results,
  askWith: "Ask the chain through",
  byAddress: "An address",
  address: "Your node's address (JSON-RPC)",
  addressHint:
    "A node you run or trust, for the chain this token is on. Nothing is filled in for you: a node of the farm's could say anything.",
  noAddress: "Enter the address of a node you trust, or choose your wallet.",
  useFarms: "Use the farm's own node",
  farmsNode: "This is the farm's own node: it shows how a check works, and proves nothing to anybody but the farm.",
  walletHint: (name: string) =>
    `${name} asks through the node that is set in it. It is asked to read only; nothing is signed and nothing sent.`,
  contract: "Contract you know (optional)",
  contractHint: "From your wallet or your papers. A forger would name a contract of their own.",
  noContract: "A contract's address is 0x and 40 hex digits.",
  token: "Token you know (optional)",
  noToken: "A token's number is a whole number from 1 on.",
  verify: "Verify",
  again: "Verify again",
  cancel: "Cancel",
  loading: (done: number, of: number) => `Fetching the evidence: ${done} of ${of} days`,
  asking: "Asking the chain",
  checking: (done: number, of: number) => `Checking day ${done} of ${of}`,
  finishing: "Comparing with what the page shows",
  notYet: "Nothing is verified until every step is done.",
  stopped: "Stopped. Nothing was verified.",
  broke: "The check broke off.",
  verified: "Verified",
  verifiedNamed: "Verified, for the contract that the farm names",
  verifiedMore: (steps: number, days: number) => `Every one of ${steps} steps passed, for ${many(days, "day")}.`,
  stated: (n: number) =>
    `${many(n, "statement")} ${n === 1 ? "is" : "are"} the farm's word alone and no part of what is verified; the steps marked with quotes name ${n === 1 ? "it" : "them"}.`,
  signatures: "Check the gateways' signatures of",
  signaturesOf: { newest: "the newest day", month: "the newest 31 days", none: "no day" },
  signaturesHint:
    "Signed readings are fetched one by one, some megabytes a day. Of days that are left out the trust tier is the farm's word.",
  local: "Every step passed, on the farm's own chain",
  localMore: "The farm runs this chain and could have written anything on it. This proves nothing to outsiders.",
  strange: (chainId: number | null) =>
    `Chain ${chainId ?? "?"} is none of the well-known public ones: the proof is worth as much as whoever runs that chain.`,
  throughFarm: "The answers came through the farm's own server. Ask a node of your own before you rely on this.",
  failed: (n: number) => `Does not hold: ${many(n, "step")} failed`,
  failedMore: "What failed contradicts what you were given. Nothing here is verified.",
  incomplete: (n: number) => `Not verified: ${many(n, "step")} could not be done`,
  incompleteMore: "Nothing contradicts it, but not everything could be checked.",
  namedByFarm: (contract: string) => `The contract is the one the farm names, ${contract}. Compare it with the one in your wallet.`,
  asked: "Asked",
  chain: "Chain",
  contractAsked: "Contract",
  block: "Block",
  final: "final",
  newest: "newest; this node does not say which is final",
  readTime: (when: string) => `of ${when} UTC`,
  unknown: "not known",
  steps: "Steps",
  groups: { bundle: "The evidence", chain: "The chain", records: "Records and machine", page: "What this page shows" } as Readonly<
    Record<string, string>
  >,
  counts: (passed: number, failed: number, unchecked: number, stated: number) =>
    [
      many(passed, "step") + " passed",
      failed === 0 ? "" : `${failed} failed`,
      unchecked === 0 ? "" : `${unchecked} not checked`,
      stated === 0 ? "" : `${stated} not proved`,
    ]
      .filter(Boolean)
      .join(", "),
  days: (n: number) => `${many(n, "day")}`,
  dayMap: (passed: number, failed: number, unchecked: number) =>
    `Days: ${passed} passed, ${failed} failed, ${unchecked} not fully checked.`,
  allDays: (n: number) => `All ${n} days, step by step`,
  moreDays: (n: number) => `${n} further days like these.`,
  provesTitle: "What this proves",
  notTitle: "What it does not prove",
  proves: [
    "These figures and records were written down by the time of the block in which their day was anchored.",
    "Since then none was changed, taken out, or moved to another day or machine.",
    "No machine that served was left out of a day, and no day was left out between the first and the last.",
  ],
  not: [
    "That a reading was true: a machine that lies is recorded lying. The trust tier says who vouches for it.",
    "That all work on the machine was written down, or that excused time was rightly excused: that is the farm's own word.",
    "That the parts listed are in the machine: only the machine's own identity stands on the chain.",
    "That it earned anything. This is no promise of income.",
  ],
} as const;

export const fileText = {
  title: "Verify a twin without us",
  lead: "This page is one file. It asks nobody but the node whose address you enter; the farm's server is not involved.",
  drop: "Drop a bundle here",
  or: "or",
  choose: "Choose a file",
  change: "Another file",
  kinds: "A bundle is the JSON file that a twin's page offers to save.",
  reading: "Reading the file",
  tooLarge: (name: string, mb: number) => `${name} has ${mb} MB; a bundle has at most 64. Save one with fewer days.`,
  empty: (name: string) => `${name} is empty.`,
  cutOff: (name: string) => `${name} is not JSON. Was it cut off while it was saved?`,
  notJson: (name: string) => `${name} is not JSON, so it is no bundle.`,
  notBundle: (name: string) => `${name} is JSON, but no bundle of a twin.`,
  unreadable: (name: string) => `${name} could not be read.`,
  several: "One file at a time.",
  says: "What the file says of itself",
  saysMore: "Unchecked until every step below has passed.",
  machine: "Machine",
  serial: "Serial number",
  token: "Token",
  site: "Site and name",
  made: "Made",
  days: "Days",
  chain: "Chain and contract",
  local: "run by the farm",
  delivered: "Delivered",
  energy: "Energy",
  none: "none",
  verify: "Check it against the chain",
  worth: "What a check is worth",
} as const;
