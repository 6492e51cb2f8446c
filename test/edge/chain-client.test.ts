import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createPublicClient, http, parseAbiItem } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { createChain, type Chain, type ChainOptions } from "../../server/edge/chain/client.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { ChainRecord, Registration } from "../../server/twin/relay.ts";
import type { Hex } from "../../server/twin/seal.ts";
import { nodeWithin, ownFolder, proxyTo } from "../servers/chain.ts";

const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const machine = (n: number): Registration => ({
  serialHash: hash(n),
  recordHash: hash(1_000 + n),
  model: { name: `Model ${n % 2}`, nominalThs: 110.5, nominalW: 3_250 },
  commissionedTs: 1_790_000_000_000,
});
const machines = (from: number, n: number): Registration[] => Array.from({ length: n }, (_, i) => machine(from + i));
const record = (tokenId: number, n: number, kind: ChainRecord["kind"] = "cleaning"): ChainRecord => ({
  tokenId,
  recordHash: hash(5_000 + n),
  kind,
  performedTs: 1_790_000_000_500,
});

let folder: string;
let remove: () => void;
let node: Awaited<ReturnType<typeof nodeWithin>>;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
beforeEach(async () => {
  ({ folder, remove } = ownFolder("client"));
  node = await nodeWithin(join(folder, "node"));
  proxy = await proxyTo(node.rpcUrl);
});
afterEach(async () => {
  await proxy.stop();
  await node.stop();
  remove();
});

/** A client as a process that starts anew on the same folder would make it. */
const clientOn = (more: Partial<ChainOptions> = {}): Chain =>
  createChain({
    rpcUrl: proxy.rpcUrl,
    local: true,
    folder: join(folder, "keys"),
    key: null,
    contract: null,
    site: "north",
    link: "",
    now: Date.now,
    waitMs: 5_000,
    ...more,
  });

const eventsOf = async (contract: Hex, event: "recorded" | "registered"): Promise<string[]> => {
  const client = createPublicClient({ transport: http(node.rpcUrl) });
  if (event === "registered") {
    const logs = await client.getLogs({
      address: contract,
      event: parseAbiItem("event RigRegistered(uint256 indexed tokenId, bytes32 indexed serialHash, uint32 modelId, bytes32 recordHash)"),
      fromBlock: 0n,
    });
    return logs.map(({ args }) => String(args.serialHash));
  }
  const logs = await client.getLogs({
    address: contract,
    event: parseAbiItem(
      "event MaintenanceRecorded(uint256 indexed tokenId, bytes32 indexed recordHash, uint8 kind, uint40 performedAt, address performer)",
    ),
    fromBlock: 0n,
  });
  return logs.map(({ args }) => String(args.recordHash));
};
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Refused ? `${error.code}: ${error.detail}` : String(error)),
  );

describe("the first meeting", () => {
  test("keys are made once, for the owner's eyes alone, and the contract is deployed once", async () => {
    const [first, second] = [await clientOn().identity(), await clientOn().identity()];
    expect(second).toEqual(first);
    expect(first).toEqual({ chainId: 31_337, genesis: node.genesis, contract: first.contract });
    for (const name of readdirSync(join(folder, "keys")))
      expect([name, statSync(join(folder, "keys", name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(Object.keys(JSON.parse(readFileSync(join(folder, "keys", "contracts.json"), "utf8")) as object)).toEqual([
      `31337/${node.genesis}`,
    ]);
    expect(proxy.count("eth_sendRawTransaction")).toBe(1);
  });

  test("a deployment whose answer was lost is not made twice", async () => {
    proxy.meddle((methods) => (methods.includes("eth_sendRawTransaction") ? "lose-answer" : "pass"));
    expect(await codeOf(clientOn({ waitMs: 0 }).identity())).toContain("CHAIN_UNAVAILABLE");
    proxy.meddle(() => "pass");
    const { contract } = await clientOn().identity();
    expect(await createPublicClient({ transport: http(node.rpcUrl) }).getBlockNumber()).toBe(1n);
    expect(await eventsOf(contract, "registered")).toEqual([]);
  });

  test("a deployment that could not be noted, as by a process that was killed, is not made twice", async () => {
    const place = join(folder, "keys", "contracts.json.new");
    mkdirSync(place, { recursive: true });
    expect(await codeOf(clientOn().identity())).toContain("EISDIR");
    rmSync(place, { recursive: true });
    const { contract } = await clientOn().identity();
    expect(await createPublicClient({ transport: http(node.rpcUrl) }).getBlockNumber()).toBe(1n);
    expect((await clientOn().identity()).contract).toBe(contract);
    expect(await eventsOf(contract, "registered")).toEqual([]);
  });

  test("another genesis is another chain, and gets its own contract", async () => {
    const chain = clientOn();
    const before = await chain.identity();
    await chain.register(machines(1, 2));
    await node.stop();
    rmSync(join(folder, "node"), { recursive: true });
    node = await nodeWithin(join(folder, "node"));
    const moved = clientOn({ rpcUrl: node.rpcUrl });
    const after = await moved.identity();
    expect(after.genesis).not.toBe(before.genesis);
    expect(await moved.tokenOfSerial(hash(1))).toBeNull();
    expect((await moved.register(machines(1, 1)))[0]?.tokenId).toBe(1);
  });

  test("on an outside chain the given key signs, and none is made", async () => {
    const key = generatePrivateKey();
    const chain = clientOn({ local: false, key });
    const [registered] = await chain.register(machines(1, 1));
    expect(existsSync(join(folder, "keys", "keys.json"))).toBe(false);
    expect((await chain.page(1))?.owner).toBe(privateKeyToAddress(key));
    const { contract } = await chain.identity();
    const other = clientOn({ local: false, key: generatePrivateKey(), contract, folder: join(folder, "other") });
    expect((await other.identity()).contract).toBe(contract);
    // A key without the role is the farm's fault: the record is not written off.
    expect(await codeOf(other.recordMaintenance([record(1, 1)]))).toContain("CHAIN_REFUSED: AccessControlUnauthorizedAccount");
    expect(
      await codeOf(clientOn({ local: false, key, contract: `0x${"12".repeat(20)}`, folder: join(folder, "third") }).identity()),
    ).toContain("there is no contract");
    const depths = await Promise.all([0, 1].map((depth) => chain.finality(registered?.txHash ?? hash(0), depth)));
    expect(depths.map(({ state }) => state)).toEqual(["final", "waiting"]);
    await chain.recordMaintenance([record(1, 2)]);
    expect((await chain.finality(registered?.txHash ?? hash(0), 1)).state).toBe("final");
    expect(await chain.finality(hash(1), 0)).toEqual({ state: "missing" });
  });
});

describe("registering and recording", () => {
  test("repeated by the same client or a new one, each machine keeps its token and each record its place", async () => {
    const chain = clientOn();
    const first = await chain.register([...machines(1, 3), machine(2)]);
    expect(first.map(({ tokenId, recordHash }) => [tokenId, recordHash])).toEqual([1, 2, 3].map((n) => [n, hash(1_000 + n)]));
    const more = await clientOn().register(machines(2, 4));
    expect(more.toSorted((a, b) => a.tokenId - b.tokenId).map(({ tokenId, recordHash }) => [tokenId, recordHash])).toEqual([
      [2, null],
      [3, null],
      [4, hash(1_004)],
      [5, hash(1_005)],
    ]);
    expect(more.find(({ tokenId }) => tokenId === 2)?.txHash).toBe(first[0]?.txHash);
    const told = [record(1, 1), record(2, 2, "retired")];
    const placed = await chain.recordMaintenance(told);
    expect(await clientOn().recordMaintenance([...told, record(3, 3)])).toMatchObject([
      ...placed,
      { recordHash: hash(5_003), reason: null },
    ]);
    expect(await chain.maintenanceOf(hash(5_002))).toEqual({ tokenId: 2, blockNumber: placed[1]?.blockNumber });
    const { contract } = await chain.identity();
    expect((await eventsOf(contract, "recorded")).toSorted()).toEqual([1_001, 1_002, 1_003, 1_004, 1_005, 5_001, 5_002, 5_003].map(hash));
  });

  test("a record for a token that is not there is refused by name; the others come in", async () => {
    const chain = clientOn();
    await chain.register(machines(1, 2));
    const outcome = await chain.recordMaintenance([record(1, 1), record(99, 2), record(2, 3), record(77, 4), record(1, 5)]);
    expect(outcome.map(({ reason }) => reason)).toEqual([null, "ERC721NonexistentToken(99)", null, "ERC721NonexistentToken(77)", null]);
    expect(await chain.recordMaintenance([record(2, 1)])).toMatchObject([{ reason: "recorded for token 1 already" }]);
  });

  test("a chain that cannot be paid throws; no record is written off", async () => {
    const chain = clientOn();
    await chain.register(machines(1, 1));
    proxy.meddle((methods) =>
      methods.includes("eth_estimateGas") ? { code: -32_000, message: "insufficient funds for gas * price + value" } : "pass",
    );
    expect(await codeOf(chain.recordMaintenance([record(1, 1), record(1, 2)]))).toMatch(/^CHAIN_REFUSED: .*insufficient funds/);
  });

  test("a page is what the contract tells, null where there is no token", async () => {
    const chain = clientOn();
    await chain.register(machines(1, 1));
    const page = await chain.page(1);
    expect(JSON.parse(Buffer.from(page?.tokenUri.split(",")[1] ?? "", "base64").toString())).toMatchObject({ name: "Model 1 #1" });
    expect(await chain.page(2)).toBeNull();
  });
});

describe("a chain that fails in the midst", () => {
  test("answers and requests that are lost cost neither a second event nor a second transaction", async () => {
    let chain = clientOn();
    const { contract } = await chain.identity();
    await chain.register(machines(1, 5));
    const sentBefore = await createPublicClient({ transport: http(node.rpcUrl) }).getBlockNumber();
    let turn = 0;
    proxy.meddle((methods) => {
      if (!methods.includes("eth_sendRawTransaction")) return "pass";
      turn += 1;
      return turn % 3 === 1 ? "lose" : turn % 3 === 2 ? "lose-answer" : "pass";
    });
    for (let n = 1; n <= 8; n++) {
      // As often as it takes, each time as a process that knows nothing but its folder.
      while ((await codeOf(chain.recordMaintenance([record((n % 5) + 1, n)]))) !== "done") chain = clientOn({ waitMs: 0 });
    }
    expect(await eventsOf(contract, "recorded")).toHaveLength(5 + 8);
    expect(await createPublicClient({ transport: http(node.rpcUrl) }).getBlockNumber()).toBe(sentBefore + 8n);
  });

  test("what a killed process left signed is sent by the next, with the same bytes", async () => {
    const chain = clientOn();
    await chain.register(machines(1, 1));
    const path = join(folder, "keys", "in-flight.json");
    proxy.meddle((methods) => (methods.includes("eth_sendRawTransaction") ? "lose" : "pass"));
    expect(await codeOf(chain.recordMaintenance([record(1, 1)]))).toContain("CHAIN_UNAVAILABLE");
    const left = JSON.parse(readFileSync(path, "utf8")) as { attempts: { hash: Hex }[] };
    proxy.meddle(() => "pass");
    const next = clientOn();
    expect(await next.recordMaintenance([record(1, 2)])).toMatchObject([{ reason: null }]);
    expect(existsSync(path)).toBe(false);
    expect((await next.finality(left.attempts[0]?.hash ?? hash(0), 0)).state).toBe("final");
    expect(await next.recordMaintenance([record(1, 1)])).toMatchObject([{ txHash: left.attempts[0]?.hash }]);
  });

  test("a transaction that nobody takes is sent again with a higher fee and the same nonce", async () => {
    let aheadMs = 0;
    const now = (): number => Date.now() + aheadMs;
    const chain = clientOn({ now });
    await chain.register(machines(1, 1));
    const path = join(folder, "keys", "in-flight.json");
    // Taken, it says, and never mined.
    proxy.meddle((methods) => (methods.includes("eth_sendRawTransaction") ? { code: -32_000, message: "already known" } : "pass"));
    expect(await codeOf(clientOn({ now, waitMs: 0 }).recordMaintenance([record(1, 1)]))).toContain("waits for its block");
    aheadMs = 200_000;
    expect(await codeOf(clientOn({ now, waitMs: 0 }).recordMaintenance([record(1, 1)]))).toContain("waits for its block");
    const { attempts } = JSON.parse(readFileSync(path, "utf8")) as { attempts: unknown[] };
    expect(attempts).toHaveLength(2);
    proxy.meddle(() => "pass");
    expect(await clientOn({ now }).recordMaintenance([record(1, 1)])).toMatchObject([{ reason: null }]);
    const { contract } = await chain.identity();
    expect(await eventsOf(contract, "recorded")).toHaveLength(2);
  });

  test("what was signed for a chain that went back since holds nothing up for good", async () => {
    let aheadMs = 0;
    const now = (): number => Date.now() + aheadMs;
    await clientOn().register(machines(1, 1));
    proxy.meddle((methods) => (methods.includes("eth_sendRawTransaction") ? "lose" : "pass"));
    expect(await codeOf(clientOn().recordMaintenance([record(1, 1)]))).toContain("CHAIN_UNAVAILABLE");
    proxy.meddle(() => "pass");
    await node.rewind(1);
    aheadMs = 200_000;
    const chain = clientOn({ now });
    expect(await chain.register(machines(1, 1))).toMatchObject([{ tokenId: 1 }]);
    expect(await chain.recordMaintenance([record(1, 1)])).toMatchObject([{ reason: null }]);
    expect(await eventsOf((await chain.identity()).contract, "recorded")).toHaveLength(2);
  });

  test("a chain that is away is told as such, and what was known of it stays known", async () => {
    const chain = clientOn();
    expect(await clientOn({ rpcUrl: "http://127.0.0.1:9", folder: join(folder, "none") }).info()).toBeNull();
    await chain.register(machines(1, 1));
    proxy.meddle(() => "lose");
    expect(await codeOf(chain.tokenOfSerial(hash(1)))).toBe("CHAIN_UNAVAILABLE: the chain does not answer");
    expect(await chain.info()).toMatchObject({ genesis: node.genesis, away: true });
    expect((await chain.readRpc({ id: 5, method: "eth_blockNumber" })) as object).toMatchObject({
      id: 5,
      error: { message: "the chain does not answer" },
    });
    proxy.meddle(() => "pass");
    expect(await chain.info()).toMatchObject({ away: false });
  });

  test("strangers may read through the server and not send", async () => {
    const chain = clientOn();
    await chain.identity();
    expect(await chain.readRpc({ id: 1, method: "eth_chainId" })).toEqual({ jsonrpc: "2.0", id: 1, result: "0x7a69" });
    for (const method of ["eth_sendRawTransaction", "eth_sign", "personal_unlockAccount", "debug_traceCall", "constructor"])
      expect(await chain.readRpc({ id: 2, method, params: [] })).toMatchObject({ error: { code: -32_601 } });
    for (const nonsense of [null, 5, [], {}, { method: 5 }, { method: "eth_chainId", params: "x" }])
      expect(await chain.readRpc(nonsense)).toMatchObject({ error: { code: -32_600 } });
  });
});
