// `npm run gas`: what each kind of transaction costs, from a real run on the embedded chain.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createPublicClient, http } from "viem";

const from = (path) => import(pathToFileURL(resolve(import.meta.dirname, "../build/server", path)).href);
const { createChain } = await from("edge/chain/client.js");
const { startChainProcess } = await from("edge/chain/process.js");

const folder = mkdtempSync(join(tmpdir(), "rigtwin-gas-"));
const node = await startChainProcess({ dataDir: join(folder, "node"), port: 0 });
const client = createPublicClient({ transport: http(node.rpcUrl) });
const chain = createChain({
  rpcUrl: node.rpcUrl,
  local: true,
  folder: join(folder, "keys"),
  key: null,
  contract: null,
  site: "north",
  link: "",
  now: Date.now,
});
const hash = (n) => `0x${n.toString(16).padStart(64, "0")}`;
let next = 1;
const model = { name: "Antminer S19 Pro", nominalThs: 110, nominalW: 3_250 };
const machines = (n) =>
  Array.from({ length: n }, () => ({ serialHash: hash(next), recordHash: hash(1_000_000 + next++), model, commissionedTs: Date.now() }));
const records = (n, tokenId) =>
  Array.from({ length: n }, () => ({ tokenId, recordHash: hash(2_000_000 + next++), kind: "cleaning", performedTs: Date.now() }));

const rows = [];
const note = async (what, work, parts = 1) => {
  await work();
  const { transactions } = await client.getBlock();
  const { gasUsed } = await client.getTransactionReceipt({ hash: transactions.at(-1) });
  rows.push([what, gasUsed, gasUsed / BigInt(parts)]);
};
await note("deploy both contracts", () => chain.identity());
await note("register 1 (the first, with its model)", () => chain.register(machines(1)));
await note("register 1", () => chain.register(machines(1)));
await note("register 100", () => chain.register(machines(100)), 100);
await note("record 1 (the machine's first)", () => chain.recordMaintenance(records(1, 1)));
await note("record 1", () => chain.recordMaintenance(records(1, 1)));
await note("record 100", () => chain.recordMaintenance(records(100, 2)), 100);
// The machines came today: of the days before there are none to be counted.
const day = Math.floor(Date.now() / 86_400_000) - 2;
await note("anchor a day (the first)", () => chain.anchor(day, hash(1), hash(2), 0, 0));
await note("anchor a day", () => chain.anchor(day + 1, hash(3), hash(4), 0, 0));

const table = [
  ["transaction", "gas", "each"],
  ...rows.map(([what, gas, each]) => [what, gas.toLocaleString("en"), each.toLocaleString("en")]),
];
const wide = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
for (const [what, gas, each] of table) console.log(`${what.padEnd(wide[0])}  ${gas.padStart(wide[1])}  ${each.padStart(wide[2])}`);
await node.stop();
rmSync(folder, { recursive: true });
