import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createPublicClient, http, parseAbiItem } from "viem";
import { verifyRecord, type Hex } from "../../server/twin/seal.ts";
import { built, isAlive, kill9, ownFolder, startNode, stopNodes, until } from "../servers/chain.ts";

const RECORDED = parseAbiItem(
  "event MaintenanceRecorded(uint256 indexed tokenId, bytes32 indexed recordHash, uint8 kind, uint40 performedAt, address performer)",
);
interface Told {
  readonly hash?: Hex;
  readonly contract?: Hex;
  readonly tokens?: readonly number[];
  readonly records?: readonly { readonly hash: Hex; readonly status: string; readonly bytes: string }[];
}

/** Kills of the relay; `npm run test:chain` takes its time. */
const ROUNDS = process.env["CHAIN_CALLS"] === undefined ? 6 : 20;

const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  await stopNodes();
});

const relayer = (folder: string, rpcUrl: string, round: string, onTold: (told: Told) => void): ChildProcess => {
  const build = join(built(), "../../../..");
  const child = spawn(process.execPath, [resolve(import.meta.dirname, "relayer.mjs"), build, folder, rpcUrl, round], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => onTold(JSON.parse(line) as Told));
  children.push(child);
  return child;
};

describe("from the technician to the chain", () => {
  test("relay and chain are killed again and again: what was acknowledged is on the chain, once, and final", async () => {
    const { folder, remove } = ownFolder("relay");
    const acknowledged = new Set<Hex>();
    let node = await startNode(join(folder, "node"));
    const { port, rpcUrl } = node;
    for (let round = 0; round < ROUNDS; round++) {
      const before = acknowledged.size;
      const child = relayer(folder, rpcUrl, String(round), ({ hash }) => hash !== undefined && acknowledged.add(hash));
      // At another place of its work each time.
      await until(() => acknowledged.size >= before + 6 + 7 * (round % 6), "some records are acknowledged");
      if (round % 2 === 1) await kill9(node.pid);
      const goesOn = acknowledged.size;
      if (round % 2 === 1) await until(() => acknowledged.size > goesOn, "records are sealed without a chain");
      await kill9(child.pid as number);
      if (round % 2 === 1) node = await startNode(join(folder, "node"), port);
    }
    let end: Told = {};
    const last = relayer(folder, rpcUrl, "last", (told) => (end = told));
    await until(() => !isAlive(last.pid as number) || last.exitCode !== null, "everything is final", 120_000);
    expect(last.exitCode).toBe(0);

    const records = end.records ?? [];
    expect(acknowledged.size).toBeGreaterThan(80);
    for (const hash of acknowledged) expect(records.some((record) => record.hash === hash)).toBe(true);
    expect(new Set(records.map(({ status }) => status))).toEqual(new Set(["final"]));
    for (const { bytes, hash } of records) expect(verifyRecord(bytes, hash).ok).toBe(true);
    expect([...(end.tokens ?? [])].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const client = createPublicClient({ transport: http(rpcUrl) });
    const logs = await client.getLogs({ address: end.contract as Hex, event: RECORDED, fromBlock: 0n });
    expect(logs.map(({ args }) => args.recordHash as Hex).toSorted()).toEqual(records.map(({ hash }) => hash).toSorted());
    await node.stop();
    remove();
  }, 600_000);
});
