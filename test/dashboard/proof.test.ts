import { describe, expect, test } from "@jest/globals";
import { encodeFunctionResult, type Hex } from "viem";
import { contractAt } from "../../dashboard/proof/contract.ts";
import { fetchEvidence } from "../../dashboard/proof/evidence.ts";
import { addressFault, NodeFault, type ChainNode } from "../../dashboard/proof/node.ts";
import { rigTwinAbi, telemetryLogAbi } from "../../server/contracts/abi.generated.ts";
import type { Bundle } from "../../server/twin/bundle.ts";

const CONTRACT: Hex = `0x${"11".repeat(20)}`;
const LOG: Hex = `0x${"22".repeat(20)}`;
const ROOT: Hex = `0x${"ab".repeat(32)}`;
const ZERO: Hex = `0x${"00".repeat(32)}`;

/** A chain whose day was anchored after its final block. */
const nodeWith = (knowsFinal: boolean): ChainNode => ({
  name: "node",
  call: (method, [first, at]) => {
    if (method === "eth_getBlockByNumber") {
      if (first === "finalized" && !knowsFinal) return Promise.reject(new NodeFault("The node says: unknown block"));
      return Promise.resolve({ number: first === "finalized" ? "0x64" : "0x70", hash: ROOT, timestamp: "0x1" });
    }
    const { to, data } = first as { to: string; data: Hex };
    if (to === CONTRACT) {
      const isLog = data.length === 10;
      return Promise.resolve(
        isLog
          ? encodeFunctionResult({ abi: rigTwinAbi, functionName: "telemetryLog", result: LOG })
          : encodeFunctionResult({ abi: rigTwinAbi, functionName: "activeOn", result: 3n }),
      );
    }
    const isThere = at === "latest" || at === "0x70";
    const anchor = { root: isThere ? ROOT : ZERO, manifestHash: ZERO, treeSize: 3n, readings: 5n, anchoredAt: isThere ? 9n : 0n };
    try {
      return Promise.resolve(
        encodeFunctionResult({
          abi: telemetryLogAbi,
          functionName: data.startsWith(ANCHOR_OF) ? "anchorOf" : "correctionsOf",
          result: (data.startsWith(ANCHOR_OF) ? anchor : []) as never,
        }),
      );
    } catch (error) {
      return Promise.reject(error as Error);
    }
  },
});
const ANCHOR_OF = "0x01f0c3d4";

describe("the contract, read at one block", () => {
  test("an anchor above the final block is neither there nor missing", async () => {
    await expect(contractAt(nodeWith(true), CONTRACT, [20_000]).anchorOf(20_000)).rejects.toThrow(/anchor is there, but .* not final yet/);
  });
  test("a node that knows no final block is read at its newest, and says so", async () => {
    const reader = contractAt(nodeWith(false), CONTRACT, [20_000]);
    expect(await reader.anchorOf(20_000)).toMatchObject({ root: ROOT, treeSize: 3, readings: 5 });
    expect(await reader.at()).toMatchObject({ number: 112, isFinal: false });
  });
  test("what answers with nothing is no such contract", async () => {
    const empty: ChainNode = {
      name: "empty",
      call: (method) => Promise.resolve(method === "eth_call" ? "0x" : { number: "0x1", hash: ROOT, timestamp: "0x1" }),
    };
    await expect(contractAt(empty, CONTRACT, []).rigOf(1)).rejects.toThrow("The contract does not answer as a RigTwin does.");
  });
});

describe("a node's address", () => {
  test.each([
    ["https://node.example/key", true, true],
    ["http://127.0.0.1:8545", true, true],
    ["http://localhost:8545", true, true],
    ["/api/v1/rpc", true, true],
    ["http://192.168.1.7:8545", true, false],
    ["http://192.168.1.7:8545", false, true],
    ["/api/v1/rpc", false, false],
    ["ftp://node.example", false, false],
    ["javascript:alert(1)", true, false],
    ["node.example", true, false],
    ["", true, false],
  ])("%j, from the farm's page: %j, may be asked: %j", (address, isOwnPage, mayBe) => {
    expect(addressFault(address, isOwnPage) === null).toBe(mayBe);
  });
});

describe("evidence in parts", () => {
  const part = (from: number, to: number, site = "s"): Bundle =>
    ({
      context: "rigtwin/bundle/v1",
      site,
      rig: "r",
      tokenId: 1,
      chain: {},
      identity: {},
      records: [],
      days: [{ day: from / 86_400_000 }, { day: to / 86_400_000 - 1 }],
    }) as unknown as Bundle;
  test("a year comes in months and is put together", async () => {
    const asked: [number, number][] = [];
    const told: number[] = [];
    const whole = await fetchEvidence(
      (from, to) => {
        asked.push([from / 86_400_000, to / 86_400_000]);
        return Promise.resolve(part(from, to));
      },
      100,
      464,
      (done) => told.push(done),
      new AbortController().signal,
    );
    expect(asked).toHaveLength(12);
    expect([asked[0], asked.at(-1)]).toEqual([
      [100, 131],
      [441, 465],
    ]);
    expect(asked.every(([from], i) => i === 0 || from === asked[i - 1]?.[1])).toBe(true);
    expect(whole.days.map(({ day }) => day).slice(-1)).toEqual([464]);
    expect(told.at(-1)).toBe(341);
  });
  test("parts of different machines are not put together", async () => {
    const fetching = fetchEvidence(
      (from, to) => Promise.resolve(part(from, to, from === 0 ? "a" : "b")),
      0,
      40,
      () => undefined,
      new AbortController().signal,
    );
    await expect(fetching).rejects.toThrow("The farm's answers do not belong together");
  });
});
