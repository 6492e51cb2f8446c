/**
 * Checks a rig's records in the reader's own browser: every hash over the bytes, every link, what is shown against what was hashed,
 * and each hash against the contract through whatever node the reader trusts. A chunk of its own; it asks the network by `call` alone.
 */
import { decodeFunctionResult, encodeFunctionData, type Hex } from "viem";
import type { ChainInfo } from "../server/twin/api.ts";
import { canonicalText } from "../server/twin/canonical.ts";
import type { Identity } from "../server/twin/reading.ts";
import { RECORD_KINDS, type TwinRecord } from "../server/twin/record.ts";
import { machineHash, verifyRecord } from "../server/twin/seal.ts";
import { rigTwinAbi } from "../server/contracts/abi.generated.ts";

/** What is wrong with a record, null where nothing is. */
export interface RecordCheck {
  readonly number: number;
  readonly hash: string;
  readonly text: string | null;
  readonly link: string | null;
  readonly chain:
    | { readonly state: "recorded"; readonly blockNumber: number }
    | { readonly state: "waiting" }
    | { readonly state: "wrong"; readonly reason: string }
    | { readonly state: "unasked" };
}
export interface Verification {
  readonly ok: boolean;
  readonly records: readonly RecordCheck[];
  /** Statements about the whole, each with whether it holds. */
  readonly whole: readonly { readonly ok: boolean; readonly says: string }[];
}
export interface VerifyNeeds {
  readonly site: string;
  readonly rig: string;
  readonly identity: Identity;
  readonly tokenId: number | null;
  readonly records: readonly TwinRecord[];
  readonly chain: ChainInfo | null;
  readonly call: (method: string, parameters: readonly unknown[]) => Promise<unknown>;
}

const canonicalOr = (value: unknown): string => {
  try {
    return canonicalText(value);
  } catch {
    return "";
  }
};

const localCheck = (records: readonly TwinRecord[], site: string, rig: string): Omit<RecordCheck, "chain">[] =>
  records.map(({ hash, bytes, body }, i) => {
    const verdict = verifyRecord(bytes, hash);
    const before = records[i - 1];
    const text = !verdict.ok
      ? verdict.reason
      : canonicalOr(body) !== bytes
        ? "what is shown differs from what was hashed"
        : verdict.body.site !== site || verdict.body.rig !== rig
          ? "it is another rig's record"
          : null;
    const said = verdict.ok ? verdict.body : body;
    const link =
      said.number !== i + 1
        ? `it bears number ${said.number} and stands at place ${i + 1}`
        : said.prev !== (before?.hash ?? null)
          ? "it does not name the record before it"
          : null;
    return { number: said.number, hash, text, link };
  });

const read = async (
  call: VerifyNeeds["call"],
  contract: Hex,
  functionName: "maintenanceOf" | "rigOf",
  argument: Hex | bigint,
): Promise<unknown> => {
  const data =
    functionName === "maintenanceOf"
      ? encodeFunctionData({ abi: rigTwinAbi, functionName, args: [argument as Hex] })
      : encodeFunctionData({ abi: rigTwinAbi, functionName, args: [argument as bigint] });
  const answer = (await call("eth_call", [{ to: contract, data }, "latest"])) as Hex;
  return decodeFunctionResult({ abi: rigTwinAbi, functionName, data: answer } as Parameters<typeof decodeFunctionResult>[0]);
};

const chainCheck = async (record: TwinRecord, { call, chain, tokenId }: VerifyNeeds): Promise<RecordCheck["chain"]> => {
  const [token, block, performedAt, kind] = (await read(call, (chain?.contract ?? "0x") as Hex, "maintenanceOf", record.hash)) as readonly [
    bigint,
    bigint,
    bigint,
    number,
  ];
  if (block === 0n)
    return record.status === "final"
      ? { state: "wrong", reason: "the server calls it final, the contract does not know it" }
      : { state: "waiting" };
  if (tokenId === null || token !== BigInt(tokenId)) return { state: "wrong", reason: `the contract has it under token ${token}` };
  if (RECORD_KINDS[kind] !== record.body.kind) return { state: "wrong", reason: `the contract calls it ${RECORD_KINDS[kind] ?? kind}` };
  if (record.body.kind !== "registration" && performedAt !== BigInt(Math.floor(record.body.performedTs / 1_000)))
    return { state: "wrong", reason: "the contract has another time for it" };
  return { state: "recorded", blockNumber: Number(block) };
};

/** Runs every check. Throws only where the node cannot be asked. */
export const verify = async (needs: VerifyNeeds): Promise<Verification> => {
  const { site, rig, identity, tokenId, records, chain, call } = needs;
  const local = localCheck(records, site, rig);
  const whole: { ok: boolean; says: string }[] = [];
  const checks: RecordCheck[] = [];
  if (chain === null || tokenId === null) checks.push(...local.map((each) => ({ ...each, chain: { state: "unasked" } as const })));
  else {
    const chainId = Number(BigInt((await call("eth_chainId", [])) as string));
    whole.push({
      ok: chainId === chain.chainId,
      says:
        chainId === chain.chainId
          ? `The node serves chain ${chainId}, as this farm says.`
          : `The node serves chain ${chainId}; this farm says ${chain.chainId}.`,
    });
    const code = (await call("eth_getCode", [chain.contract, "latest"])) as string;
    const there = typeof code === "string" && code.length > 2;
    whole.push({ ok: there, says: there ? "The contract stands at its address." : "There is no contract at that address on this chain." });
    if (there) {
      for (const [i, record] of records.entries()) {
        const before = local[i];
        if (before !== undefined) checks.push({ ...before, chain: await chainCheck(record, needs) });
      }
      const kept = (await read(call, chain.contract as Hex, "rigOf", BigInt(tokenId))) as {
        readonly serialHash: Hex;
        readonly maintenanceCount: number;
      };
      const machine = machineHash(site, rig, identity);
      whole.push({
        ok: kept.serialHash === machine.hash,
        says:
          kept.serialHash === machine.hash
            ? `Token ${tokenId} stands for this machine's ${machine.by}.`
            : `Token ${tokenId} stands for another machine than this ${machine.by}.`,
      });
      const told = checks.filter((check) => check.chain.state === "recorded").length;
      const counted = kept.maintenanceCount + 1;
      whole.push({
        ok: told === counted,
        says:
          told === counted
            ? `The chain counts ${counted} ${counted === 1 ? "record; it is shown" : "records; all of them are shown"}.`
            : `The chain counts ${counted} records; ${told} of them are shown.`,
      });
    } else checks.push(...local.map((each) => ({ ...each, chain: { state: "unasked" } as const })));
  }
  const sound = checks.every(({ text, link, chain: on }) => text === null && link === null && on.state !== "wrong");
  return { ok: sound && whole.every(({ ok }) => ok), records: checks, whole };
};
