import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createPublicClient, defineChain, http, keccak256, type PublicClient } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { keepChainProcess } from "../../server/edge/chain/process.ts";
import { canMount, mountSmall } from "../servers/disk.ts";
import { built, isAlive, kill9, nodeWithin, ownFolder, startNode, stopNodes, until } from "../servers/chain.ts";

const account = privateKeyToAccount(generatePrivateKey());
const clientOf = (rpcUrl: string): PublicClient =>
  createPublicClient({
    chain: defineChain({
      id: 31_337,
      name: "local",
      nativeCurrency: { name: "x", symbol: "X", decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    }),
    transport: http(rpcUrl, { retryCount: 0 }),
    cacheTime: 0,
  });
const signed = (
  nonce: number,
  more: { readonly data?: `0x${string}`; readonly to?: `0x${string}`; readonly chainId?: number } = { to: account.address },
) =>
  account.signTransaction({ chainId: 31_337, nonce, gas: 200_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, type: "eip1559", ...more });
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
const ask = async (
  url: string,
  method: string,
  params: unknown = [],
  headers: Record<string, string> = {},
): Promise<{ result?: unknown; error?: { code: number; message: string } }> =>
  (await (await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), headers)).json()) as never;

afterAll(stopNodes);

describe("killed again and again", () => {
  test("what was acknowledged is there, in one chain, on the same genesis", async () => {
    const { folder, remove } = ownFolder("chain");
    const acknowledged = new Map<string, number>();
    const genesis = new Set<string>();
    let nonce = 0;
    for (let round = 0; round < 6; round++) {
      const node = await startNode(folder);
      genesis.add(node.genesis);
      const client = clientOf(node.rpcUrl);
      nonce = await client.getTransactionCount({ address: account.address });
      const sending = Array.from({ length: 40 }, async (_, i) => {
        const raw = await signed(nonce + i);
        await client.sendRawTransaction({ serializedTransaction: raw }).then(
          (hash) => acknowledged.set(hash, nonce + i),
          () => undefined,
        );
      });
      // Killed in the midst: some answers are out, some blocks are being written.
      const before = acknowledged.size;
      await until(() => acknowledged.size >= before + 3 + round, "some are acknowledged");
      await kill9(node.pid);
      await Promise.all(sending);
    }
    const node = await startNode(folder);
    const client = clientOf(node.rpcUrl);
    genesis.add(node.genesis);
    for (const hash of acknowledged.keys())
      expect((await client.getTransactionReceipt({ hash: hash as `0x${string}` })).status).toBe("success");
    expect(acknowledged.size).toBeGreaterThan(20);
    expect(genesis.size).toBe(1);
    expect(await client.getTransactionCount({ address: account.address })).toBeGreaterThanOrEqual(Math.max(...acknowledged.values()) + 1);
    const head = await client.getBlockNumber();
    let parent: string | null = null;
    for (let number = 0n; number <= head; number++) {
      const block = await client.getBlock({ blockNumber: number });
      if (parent !== null) expect(block.parentHash).toBe(parent);
      parent = block.hash;
    }
    await node.stop();
    remove();
  }, 120_000);

  test("another folder is another genesis", async () => {
    const [a, b] = [ownFolder("chain"), ownFolder("chain")];
    const nodes = [await nodeWithin(a.folder), await nodeWithin(b.folder)];
    expect(nodes[0]?.genesis).not.toBe(nodes[1]?.genesis);
    for (const node of nodes) await node.stop();
    a.remove();
    b.remove();
  });
});

describe("the process", () => {
  test("ends on SIGTERM, with its folder free for the next", async () => {
    const { folder, remove } = ownFolder("chain");
    for (let i = 0; i < 2; i++) {
      const node = await startNode(folder);
      await node.stop();
      expect(isAlive(node.pid)).toBe(false);
    }
    remove();
  }, 60_000);

  test("ends by itself when the one that started it was killed", async () => {
    const { folder, remove } = ownFolder("chain");
    const program = `import { startChainProcess } from ${JSON.stringify(join(built(), "../process.js"))};
      const node = await startChainProcess({ dataDir: ${JSON.stringify(folder)}, port: 0 });
      console.log(node.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (piece: Buffer) => resolve(Number(piece.toString()))));
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !isAlive(pid), "the chain is gone");
    remove();
  }, 60_000);

  test("ends by itself when the one that started it was gone before it had begun", async () => {
    const { folder, remove } = ownFolder("chain");
    const child = spawn(process.execPath, [built(), "--data-dir", folder, "--port", "0"], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.disconnect();
    const pid = child.pid as number;
    await until(() => !isAlive(pid), "the chain is gone");
    remove();
  }, 60_000);

  test("a port that is taken, or arguments that are wrong, are told and end it", async () => {
    const { folder, remove } = ownFolder("chain");
    const node = await startNode(folder);
    const other = ownFolder("chain");
    await expect(startNode(other.folder, node.port)).rejects.toThrow("is taken by another program");
    await expect(startNode(other.folder, 70_000)).rejects.toThrow("usage");
    await node.stop();
    other.remove();
    remove();
  }, 60_000);
});

describe("a node that is kept", () => {
  test("is there again after a kill, on the same port and chain, and stays away when it is stopped", async () => {
    const { folder, remove } = ownFolder("chain");
    const health: (string | null)[] = [];
    const kept = await keepChainProcess({ dataDir: folder, port: 0, entry: built(), onHealth: (away) => health.push(away) });
    const client = clientOf(kept.rpcUrl);
    const hash = await client.sendRawTransaction({ serializedTransaction: await signed(0) });
    for (let i = 0; i < 2; i++) {
      const pid = kept.pid() as number;
      await kill9(pid);
      await until(() => kept.pid() !== null && kept.pid() !== pid, "another process has taken its place");
      expect((await client.getTransactionReceipt({ hash })).status).toBe("success");
    }
    expect(health.map((away) => away === null)).toEqual([true, false, true, false, true]);
    const last = kept.pid() as number;
    await kept.stop();
    expect(isAlive(last)).toBe(false);
    await expect(client.getChainId()).rejects.toThrow();
    remove();
  }, 60_000);

  test("where it cannot begin it is away, and begins on the address that was told once it can", async () => {
    const { folder, remove } = ownFolder("chain");
    const health: (string | null)[] = [];
    // Its folder cannot be made: there is a file of that name.
    const dataDir = join(folder, "taken");
    writeFileSync(dataDir, "");
    const kept = await keepChainProcess({ dataDir, port: 0, entry: built(), onHealth: (away) => health.push(away) });
    expect(health[0]).toContain("the local chain ended at its start");
    expect(kept.pid()).toBeNull();
    rmSync(dataDir);
    await until(() => health.at(-1) === null, "it has begun");
    expect(await clientOf(kept.rpcUrl).getChainId()).toBeGreaterThan(0);
    await kept.stop();
    remove();
  }, 60_000);
});

(canMount() ? describe : describe.skip)("a full disk", () => {
  test("takes no block that was acknowledged after it had room again", async () => {
    const disk = mountSmall(8);
    const kept = await keepChainProcess({ dataDir: join(disk.folder, "chain"), port: 0, entry: built() });
    try {
      const client = clientOf(kept.rpcUrl);
      const hashes: `0x${string}`[] = [];
      const send = async (): Promise<boolean> => {
        const serializedTransaction = await signed(hashes.length);
        const hash = await client.sendRawTransaction({ serializedTransaction }).catch(() => null);
        if (hash !== null) hashes.push(hash);
        return hash !== null;
      };
      expect(await send()).toBe(true);
      disk.fill();
      await until(async () => !(await send()), "a block is refused");
      const atFull = hashes.length;
      disk.free();
      await until(async () => (await send()) && hashes.length > atFull + 2, "blocks are made again");
      const pid = kept.pid() as number;
      await kill9(pid);
      await until(() => kept.pid() !== null && kept.pid() !== pid, "another process has taken its place");
      for (const hash of hashes) expect((await client.getTransactionReceipt({ hash })).status).toBe("success");
    } finally {
      await kept.stop();
      disk.unmount();
    }
  }, 60_000);
});

describe("JSON-RPC", () => {
  const { folder, remove } = ownFolder("chain");
  let node: Awaited<ReturnType<typeof nodeWithin>>;
  let client: PublicClient;
  beforeAll(async () => {
    node = await nodeWithin(folder);
    client = clientOf(node.rpcUrl);
  });
  afterAll(async () => {
    await node.stop();
    remove();
  });

  test("the same bytes sent again give the same hash and no second transaction", async () => {
    const raw = await signed(await client.getTransactionCount({ address: account.address }));
    const first = await client.sendRawTransaction({ serializedTransaction: raw });
    const nonce = await client.getTransactionCount({ address: account.address });
    expect(await client.sendRawTransaction({ serializedTransaction: raw })).toBe(first);
    expect(first).toBe(keccak256(raw));
    expect(await client.getTransactionCount({ address: account.address })).toBe(nonce);
  });

  test("transactions that come out of order are put in order; one whose turn does not come is refused", async () => {
    const nonce = await client.getTransactionCount({ address: account.address });
    const [a, b, c] = await Promise.all([signed(nonce), signed(nonce + 1), signed(nonce + 2)]);
    const hashes = await Promise.all(
      [c, b, a].map((serializedTransaction) =>
        client.sendRawTransaction({ serializedTransaction: serializedTransaction as `0x${string}` }),
      ),
    );
    for (const hash of hashes) expect((await client.getTransactionReceipt({ hash })).status).toBe("success");
    await expect(client.sendRawTransaction({ serializedTransaction: await signed(nonce + 9) })).rejects.toThrow("nonce too high");
    await expect(client.sendRawTransaction({ serializedTransaction: await signed(nonce, { to: `0x${"11".repeat(20)}` }) })).rejects.toThrow(
      "nonce too low",
    );
    await expect(
      client.sendRawTransaction({ serializedTransaction: await signed(nonce + 3, { to: account.address, chainId: 1 }) }),
    ).rejects.toThrow();
    expect((await ask(node.rpcUrl, "eth_sendRawTransaction", ["0x02ff"])).error?.code).toBe(-32_602);
  });

  test("blocks by number, hash and tag", async () => {
    const latest = await client.getBlock();
    for (const blockTag of ["finalized", "safe", "pending"] as const) expect((await client.getBlock({ blockTag })).hash).toBe(latest.hash);
    expect((await client.getBlock({ blockHash: latest.hash as `0x${string}` })).number).toBe(latest.number);
    expect((await client.getBlock({ blockTag: "earliest" })).hash).toBe(node.genesis);
    const full = await client.getBlock({ includeTransactions: true });
    expect(full.transactions[0]).toMatchObject({ from: account.address.toLowerCase(), blockNumber: full.number });
    await expect(client.getBlock({ blockNumber: 10_000n })).rejects.toThrow("could not be found");
    expect((await ask(node.rpcUrl, "eth_getBlockByHash", [`0x${"00".repeat(32)}`, false])).result).toBeNull();
    expect((await client.getFeeHistory({ blockCount: 3, rewardPercentiles: [50] })).baseFeePerGas.length).toBeGreaterThan(1);
    expect(await client.estimateFeesPerGas()).toMatchObject({ maxFeePerGas: 0n });
  });

  test("no transaction may take more than a block; none is kept that cannot pay", async () => {
    const nonce = await client.getTransactionCount({ address: account.address });
    const greedy = await account.signTransaction({ chainId: 31_337, nonce, gas: 31_000_000n, maxFeePerGas: 0n, to: account.address });
    await expect(client.sendRawTransaction({ serializedTransaction: greedy })).rejects.toThrow("exceeds block gas limit");
    const poor = await account.signTransaction({ chainId: 31_337, nonce, gas: 21_000n, maxFeePerGas: 5n, value: 7n, to: account.address });
    await expect(client.sendRawTransaction({ serializedTransaction: poor })).rejects.toThrow("enough");
    expect(await client.getTransactionCount({ address: account.address })).toBe(nonce);
  });

  test("errors have the codes of the specification", async () => {
    expect((await (await post(node.rpcUrl, "{")).json()) as object).toMatchObject({ error: { code: -32_700 } });
    expect((await (await post(node.rpcUrl, '{"id":3}')).json()) as object).toMatchObject({ error: { code: -32_600 } });
    expect((await (await post(node.rpcUrl, "[]")).json()) as object).toMatchObject({ error: { code: -32_600 } });
    for (const method of ["eth_mine", "constructor", "__proto__", "toString"])
      expect((await ask(node.rpcUrl, method)).error?.code).toBe(-32_601);
    for (const [method, params] of [
      ["eth_getBalance", ["0x12", "latest"]],
      ["eth_getBalance", [7]],
      ["eth_getBlockByNumber", ["newest"]],
      ["eth_call", [null]],
      ["eth_call", [{ to: "0x", data: "zz" }]],
      ["eth_getLogs", [{ topics: "x" }]],
      ["eth_getTransactionReceipt", ["0x12"]],
    ] as const)
      expect([method, (await ask(node.rpcUrl, method, params)).error?.code]).toEqual([method, -32_602]);
    const batch = await (
      await post(node.rpcUrl, JSON.stringify([{ id: 1, method: "eth_chainId" }, { id: 2, method: "nothing" }, 5]))
    ).json();
    expect(batch).toMatchObject([{ id: 1, result: "0x7a69" }, { id: 2, error: { code: -32_601 } }, { error: { code: -32_600 } }]);
  });

  test("pages of other origins may read and not send; other names and forms are turned away", async () => {
    const origin = { origin: "https://elsewhere.example" };
    expect((await ask(node.rpcUrl, "eth_blockNumber", [], origin)).result).toMatch(/^0x/);
    const raw = await signed(await client.getTransactionCount({ address: account.address }));
    expect((await ask(node.rpcUrl, "eth_sendRawTransaction", [raw], origin)).error?.message).toBe("a page may only read here");
    const allowed = await fetch(node.rpcUrl, { method: "OPTIONS", headers: { ...origin, "access-control-request-method": "POST" } });
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    expect((await fetch(node.rpcUrl, { method: "POST", body: "{}", headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect((await fetch(node.rpcUrl)).status).toBe(405);
    const { request } = await import("node:http");
    const foreign = await new Promise<number | undefined>((resolve, reject) => {
      request(node.rpcUrl, { method: "POST", headers: { host: "attacker.example", "content-type": "application/json" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once("error", reject)
        .end("{}");
    });
    expect(foreign).toBe(403);
    expect((await post(node.rpcUrl, "x".repeat(5 << 20)).catch(() => ({ status: 413 }))).status).toBe(413);
  });
});
