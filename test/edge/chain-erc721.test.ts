/** What ERC-721 (and 165, 4906) promises of the compiled contract, on a real EVM: owners, approvals, operators, and receivers of every temper. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createBlock } from "@ethereumjs/block";
import { createAccount, createAddressFromString, hexToBytes, type Address } from "@ethereumjs/util";
import { createVM, type VM } from "@ethereumjs/vm";
import {
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionData,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  parseAbi,
  zeroAddress,
  zeroHash,
  type Abi,
  type Hex,
} from "viem";
import { rigTwinAbi, rigTwinBytecode } from "../../server/contracts/abi.generated.ts";
import { localCommon } from "../../server/edge/chain/engine.ts";

const address = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString("hex")}`;
const [ADMIN, RELAYER, OWNER, APPROVED, OPERATOR, OTHER] = [1, 2, 3, 4, 5, 6].map((n) => address(0xb0_00 + n)) as [
  Hex,
  Hex,
  Hex,
  Hex,
  Hex,
  Hex,
];
const UNKNOWN = 99n;
const MAGIC = "150b7a02";
const RECEIVER = parseAbi(["function onERC721Received(address operator, address from, uint256 tokenId, bytes data) returns (bytes4)"]);

/** Runtime code that reverts with the given bytes: copies them from its own end. */
const reverting = (data: Hex): Hex => {
  const length = (data.length / 2 - 1).toString(16).padStart(2, "0");
  return `0x60${length}600c60003960${length}6000fd${data.slice(2)}`;
};
/** Runtime code that logs what it was called with and returns four bytes. */
const returning = (magic: string): Hex => `0x366000600037366000a063${magic}60e01b60005260206000f3`;
const RECEIVERS = {
  accepting: returning(MAGIC),
  wrong: returning("deadbeef"),
  silent: reverting("0x"),
  telling: reverting(`0x08c379a0${encodeAbiParameters([{ type: "string" }], ["no more machines"]).slice(2)}`),
  panicking: reverting(`0x4e487b71${encodeAbiParameters([{ type: "uint256" }], [1n]).slice(2)}`),
  invalid: "0xfe",
  mute: "0x00",
} as const satisfies Record<string, Hex>;
const receiver = (name: keyof typeof RECEIVERS): Hex => address(0xc0_01 + Object.keys(RECEIVERS).indexOf(name));

let vm: VM;
let twin: Address;
const common = localCommon();
const run = async (caller: Hex, to: Address | undefined, data: Hex) => {
  const block = createBlock({ header: { number: 1, timestamp: 1_800_000_000, gasLimit: 30_000_000n, baseFeePerGas: 0n } }, { common });
  const target = to === undefined ? {} : { to };
  const from = createAddressFromString(caller);
  return vm.evm.runCall({ caller: from, ...target, data: hexToBytes(data), gasLimit: 30_000_000n, block, skipBalance: true });
};

/** The contract's error by name with its arguments, or "accepted" with the events and the receiver's log. */
const call = async (from: Hex, functionName: string, args: readonly unknown[]) => {
  const { execResult } = await run(from, twin, encodeFunctionData({ abi: rigTwinAbi as Abi, functionName, args }));
  if (execResult.exceptionError !== undefined) {
    if (execResult.returnValue.length === 0) return { told: "reverted", events: [], heard: [] };
    const { errorName, args: with_ = [] } = decodeErrorResult({ abi: rigTwinAbi as Abi, data: hex(execResult.returnValue) });
    return { told: `${errorName}(${with_.join(",").toLowerCase()})`, events: [], heard: [] };
  }
  const logs = execResult.logs ?? [];
  const events = logs
    .filter(([, topics]) => topics.length > 0)
    .map(([, topics, data]) => {
      const event = decodeEventLog({ abi: rigTwinAbi as Abi, topics: topics.map(hex) as [Hex, ...Hex[]], data: hex(data) });
      return `${event.eventName}(${Object.values(event.args ?? {})
        .join(",")
        .toLowerCase()})`;
    });
  const heard = logs
    .filter(([, topics]) => topics.length === 0)
    .map(([, , data]) => decodeFunctionData({ abi: RECEIVER, data: hex(data) }).args.map((value) => String(value).toLowerCase()));
  return { told: "accepted", events, heard };
};
const read = async (functionName: string, args: readonly unknown[]): Promise<unknown> => {
  const { execResult } = await run(OTHER, twin, encodeFunctionData({ abi: rigTwinAbi as Abi, functionName, args }));
  if (execResult.exceptionError !== undefined)
    return decodeErrorResult({ abi: rigTwinAbi as Abi, data: hex(execResult.returnValue) }).errorName;
  const value: unknown = decodeFunctionResult({ abi: rigTwinAbi as Abi, functionName, data: hex(execResult.returnValue) });
  return typeof value === "string" ? value.toLowerCase() : value;
};
const told = async (from: Hex, functionName: string, args: readonly unknown[]): Promise<string> =>
  (await call(from, functionName, args)).told;

beforeAll(async () => {
  vm = await createVM({ common });
  for (const [name, code] of Object.entries(RECEIVERS)) {
    const at = createAddressFromString(receiver(name as keyof typeof RECEIVERS));
    await vm.stateManager.putAccount(at, createAccount({ nonce: 1n }));
    await vm.stateManager.putCode(at, hexToBytes(code));
  }
});
/** Machines 1 and 2 are OWNER's, 1 is approved for APPROVED, and all of OWNER's are OPERATOR's to move. */
beforeAll(async () => {
  const farm = { site: "north", link: "", image: "", trust: "self-reported", verifier: zeroHash };
  const args = [ADMIN, RELAYER, farm] as const;
  twin = (await run(RELAYER, undefined, encodeDeployData({ abi: rigTwinAbi, bytecode: rigTwinBytecode, args }))).createdAddress as Address;
  const rigs = [1, 2].map((n) => ({ serialHash: hash(n), recordHash: hash(10 + n), commissionedAt: 1, model: 0 }));
  const model = { name: "S19", nominalGhs: 1n, nominalWatts: 1 };
  expect(await told(RELAYER, "register", [OWNER, [model], rigs])).toBe("accepted");
  expect(await told(OWNER, "approve", [APPROVED, 1n])).toBe("accepted");
  expect(await told(OWNER, "setApprovalForAll", [OPERATOR, true])).toBe("accepted");
});
// Each test begins with that, and leaves nothing.
beforeEach(() => vm.stateManager.checkpoint());
afterEach(() => vm.stateManager.revert());

describe("what can be asked", () => {
  test("balances and owners; nobody's address and an unknown token are refused", async () => {
    expect([await read("balanceOf", [OWNER]), await read("balanceOf", [OTHER])]).toEqual([2n, 0n]);
    expect([await read("ownerOf", [1n]), await read("ownerOf", [UNKNOWN])]).toEqual([OWNER, "ERC721NonexistentToken"]);
    expect(await read("balanceOf", [zeroAddress])).toBe("ERC721InvalidOwner");
    expect(await read("getApproved", [UNKNOWN])).toBe("ERC721NonexistentToken");
    expect(await read("tokenURI", [UNKNOWN])).toBe("ERC721NonexistentToken");
  });

  test.each([
    ["ERC-165", "0x01ffc9a7", true],
    ["ERC-721", "0x80ac58cd", true],
    ["ERC-721 metadata", "0x5b5e139f", true],
    ["AccessControl", "0x7965db0b", true],
    ["ERC-4906", "0x49064906", true],
    ["ERC-721 enumerable, which it is not", "0x780e9d63", false],
    ["the identifier that is never supported", "0xffffffff", false],
  ])("%s", async (_, id, expected) => {
    expect(await read("supportsInterface", [id])).toBe(expected);
  });
});

describe.each(["transferFrom", "safeTransferFrom", "safeTransferFrom with data"])("%s", (which) => {
  const [name = "", withData] = which.split(" with ");
  const move = (by: Hex, from: Hex, to: Hex, tokenId: bigint) =>
    call(by, name, withData === undefined ? [from, to, tokenId] : [from, to, tokenId, "0x42"]);

  test.each([
    ["the owner", OWNER],
    ["the approved", APPROVED],
    ["the operator", OPERATOR],
  ])("by %s: moves, tells it, and takes the approval back", async (_, by) => {
    expect(await move(by, OWNER, OTHER, 1n)).toMatchObject({ told: "accepted", events: [`Transfer(${OWNER},${OTHER},1)`] });
    expect([await read("ownerOf", [1n]), await read("getApproved", [1n])]).toEqual([OTHER, zeroAddress]);
    expect([await read("balanceOf", [OWNER]), await read("balanceOf", [OTHER])]).toEqual([1n, 1n]);
  });

  test("by an operator after the approved was taken back, and to oneself", async () => {
    await call(OWNER, "approve", [zeroAddress, 1n]);
    expect((await move(OPERATOR, OWNER, OTHER, 1n)).told).toBe("accepted");
    expect((await move(OWNER, OWNER, OWNER, 2n)).events).toEqual([`Transfer(${OWNER},${OWNER},2)`]);
    expect([await read("ownerOf", [2n]), await read("balanceOf", [OWNER])]).toEqual([OWNER, 1n]);
  });

  test("a wrong sender, owner, receiver or token is refused, and nothing changes", async () => {
    expect((await move(OTHER, OWNER, OTHER, 1n)).told).toBe(`ERC721InsufficientApproval(${OTHER},1)`);
    expect((await move(APPROVED, OWNER, OTHER, 2n)).told).toBe(`ERC721InsufficientApproval(${APPROVED},2)`);
    expect((await move(OWNER, OTHER, OTHER, 1n)).told).toBe(`ERC721IncorrectOwner(${OTHER},1,${OWNER})`);
    expect((await move(OWNER, OWNER, zeroAddress, 1n)).told).toBe(`ERC721InvalidReceiver(${zeroAddress})`);
    expect((await move(OWNER, OWNER, OTHER, UNKNOWN)).told).toBe("ERC721NonexistentToken(99)");
    expect([await read("ownerOf", [1n]), await read("getApproved", [1n]), await read("balanceOf", [OWNER])]).toEqual([OWNER, APPROVED, 2n]);
  });

  if (name === "transferFrom")
    test.each(Object.keys(RECEIVERS) as (keyof typeof RECEIVERS)[])("does not ask a receiver (%s)", async (temper) => {
      expect(await move(OWNER, OWNER, receiver(temper), 1n)).toMatchObject({ told: "accepted", heard: [] });
    });
  else {
    test("a receiver hears who moved what whose, and the data", async () => {
      expect(await move(OPERATOR, OWNER, receiver("accepting"), 1n)).toMatchObject({
        told: "accepted",
        heard: [[OPERATOR, OWNER, "1", withData === undefined ? "0x" : "0x42"]],
      });
      expect(await read("ownerOf", [1n])).toBe(receiver("accepting"));
    });

    test.each([
      ["wrong", `ERC721InvalidReceiver(${receiver("wrong")})`],
      ["silent", `ERC721InvalidReceiver(${receiver("silent")})`],
      ["invalid", `ERC721InvalidReceiver(${receiver("invalid")})`],
      ["telling", "Error(no more machines)"],
      ["panicking", "Panic(1)"],
      ["mute", "reverted"],
    ] as const)("a receiver that is %s keeps the token where it is", async (temper, fault) => {
      expect((await move(OWNER, OWNER, receiver(temper), 1n)).told).toBe(fault);
      expect([await read("ownerOf", [1n]), await read("getApproved", [1n])]).toEqual([OWNER, APPROVED]);
    });
  }
});

describe("approvals", () => {
  test("are given, changed and taken back, by the owner or an operator only, and told", async () => {
    expect((await call(OWNER, "approve", [OTHER, 1n])).events).toEqual([`Approval(${OWNER},${OTHER},1)`]);
    expect((await call(OPERATOR, "approve", [zeroAddress, 1n])).events).toEqual([`Approval(${OWNER},${zeroAddress},1)`]);
    expect(await read("getApproved", [1n])).toBe(zeroAddress);
    expect(await told(APPROVED, "approve", [OTHER, 2n])).toBe(`ERC721InvalidApprover(${APPROVED})`);
    expect(await told(OWNER, "approve", [OTHER, UNKNOWN])).toBe("ERC721NonexistentToken(99)");
  });

  test("operators: given, taken back, for oneself, never for nobody", async () => {
    expect(await read("isApprovedForAll", [OWNER, OPERATOR])).toBe(true);
    expect((await call(OWNER, "setApprovalForAll", [OPERATOR, false])).events).toEqual([`ApprovalForAll(${OWNER},${OPERATOR},false)`]);
    expect(await read("isApprovedForAll", [OWNER, OPERATOR])).toBe(false);
    expect(await told(OPERATOR, "transferFrom", [OWNER, OTHER, 2n])).toBe(`ERC721InsufficientApproval(${OPERATOR},2)`);
    expect(await told(OWNER, "setApprovalForAll", [OWNER, true])).toBe("accepted");
    expect(await told(OWNER, "setApprovalForAll", [zeroAddress, true])).toBe(`ERC721InvalidOperator(${zeroAddress})`);
  });
});

test("ERC-4906: a changed page is told, an unchanged one is not, and an operator's own records change nothing of the owner", async () => {
  expect((await call(RELAYER, "recordMaintenance", [1n, hash(77), 3, 5])).events.at(-1)).toBe("MetadataUpdate(1)");
  expect((await call(RELAYER, "recordMaintenance", [1n, hash(77), 3, 5])).events).toEqual([]);
  expect((await call(RELAYER, "setStatus", [2n, 2, hash(1)])).events.at(-1)).toBe("MetadataUpdate(2)");
  const farm = { site: "south", link: "", image: "", trust: "self-reported", verifier: zeroHash };
  expect((await call(ADMIN, "setFarm", [farm])).events).toEqual(["ContractURIUpdated()", "BatchMetadataUpdate(1,2)"]);
  expect(await read("ownerOf", [1n])).toBe(OWNER);
});
