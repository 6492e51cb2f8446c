// `npm run gas`: what each kind of transaction costs, whole, from a real run on the local chain's own machine, and what a day of a farm costs.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createPublicClient, http } from "viem";

const from = (path) => import(pathToFileURL(resolve(import.meta.dirname, "../build/server", path)).href);
const { createChain } = await from("edge/chain/client.js");
const { startEngine } = await from("edge/chain/engine.js");
const { createMethods } = await from("edge/chain/methods.js");
const { serve } = await from("edge/chain/serve.js");
const { openStore } = await from("edge/chain/store.js");

const DAY_S = 86_400;
const RIGS = 1_000;
const folder = mkdtempSync(join(tmpdir(), "rigtwin-gas-"));
let nowS = Math.floor(Date.now() / 1_000 / DAY_S) * DAY_S + DAY_S / 2;
const store = await openStore(join(folder, "node"));
const engine = await startEngine(
  store,
  () => randomBytes(32),
  () => nowS,
);
const { methods, stop } = createMethods(engine, store, "gas");
const server = await serve(methods, { port: 0 });
const rpcUrl = `http://127.0.0.1:${server.port}`;
const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
const chain = createChain({
  rpcUrl,
  local: true,
  folder: join(folder, "keys"),
  key: null,
  contract: null,
  site: "north",
  link: "",
  now: Date.now,
});
// Hashes as they are in earnest: a zero byte of a transaction's data costs less than another.
const hash = () => `0x${randomBytes(32).toString("hex")}`;
const model = { name: "Antminer S19 Pro", nominalThs: 110, nominalW: 3_250 };
const machines = (n) => Array.from({ length: n }, () => ({ serialHash: hash(), recordHash: hash(), model, commissionedTs: nowS * 1_000 }));
const records = (n, tokenOf) =>
  Array.from({ length: n }, (_, i) => ({ tokenId: tokenOf(i), recordHash: hash(), kind: "cleaning", performedTs: nowS * 1_000 }));

const rows = [];
const note = async (what, work, parts = 1) => {
  await work();
  const { transactions } = await client.getBlock();
  const { gasUsed } = await client.getTransactionReceipt({ hash: transactions.at(-1) });
  rows.push([what, Number(gasUsed), Math.round(Number(gasUsed) / parts)]);
  return Number(gasUsed);
};
const anchor = (day, size) => chain.anchor(day, hash(), hash(), size, size * 17_280);
const gateway = hash();
const key = () => ({ publicKey: hash(), fromS: nowS, toS: 2 ** 40 - 1 });

await note("deploy both contracts", () => chain.identity());
await note("register 1 (the first, with its model)", () => chain.register(machines(1)));
await note("register 1", () => chain.register(machines(1)));
const registered = await note("register 100", () => chain.register(machines(100)), 100);
while ((await chain.activeOn(2 ** 32 - 1)) + 100 <= RIGS) await chain.register(machines(100));
const rest = RIGS - (await chain.activeOn(2 ** 32 - 1));
if (rest > 0) await chain.register(machines(rest));
await note("record 1 (the machine's first)", () => chain.recordMaintenance(records(1, () => 1)));
await note("record 1", () => chain.recordMaintenance(records(1, () => 1)));
const recorded = await note("record 20, each of another machine", () => chain.recordMaintenance(records(20, (i) => 10 + i)), 20);
const gathered = await note("record 10, each of another machine", () => chain.recordMaintenance(records(10, (i) => 40 + i)), 10);
await note("record 100", () => chain.recordMaintenance(records(100, () => 2)), 100);
await note("set a gateway's key", () => chain.setGatewayKey(gateway, key()));
await note("make a key a technician's", () => chain.setTechnician(`0x${"44".repeat(20)}`, true));
const day = Math.floor(nowS / DAY_S);
nowS += 3 * DAY_S;
await note(`anchor a day of ${RIGS} machines (the first)`, () => anchor(day, RIGS));
const anchored = await note(`anchor a day of ${RIGS} machines`, () => anchor(day + 1, RIGS));
await chain.register(machines(50));
const grown = await note("anchor yesterday, machines registered since", () => anchor(day + 2, RIGS));
await note("correct a day (its first correction)", () => chain.correct(day, hash(), hash(), 1, hash()));
const corrected = await note("correct a day", () => chain.correct(day, hash(), hash(), 2, hash()));

const show = (table) => {
  const wide = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table)
    console.log(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(wide[i]) : cell.padStart(wide[i])))
        .join("  ")
        .trimEnd(),
    );
};
const grouped = (n) => n.toLocaleString("en");
show([["transaction", "gas", "each"], ...rows.map(([what, gas, each]) => [what, grouped(gas), grouped(each)])]);
console.log("");
const dayOf = (batchesOfRecords) => grown + batchesOfRecords * recorded + corrected;
// Over a whole day, each waiting twelve hours at most: two transactions.
const spreadDay = grown + 2 * gathered + corrected;
show([
  ["a day", "transactions", "gas"],
  ["1,000 machines, 20 records, one correction", "3", grouped(dayOf(1))],
  ["1,000 machines, 20 records hours apart, one correction", "4", grouped(spreadDay)],
  ["10,000 machines, 200 records, one correction", "12", grouped(dayOf(10))],
  ["to register 1,000 machines, once", "10", grouped(10 * registered)],
  ["to register 10,000 machines, once", "100", grouped(100 * registered)],
]);
const most = Math.max(anchored, grown, rows.find(([what]) => what.startsWith("anchor") && what.endsWith("(the first)"))?.[1] ?? 0);
const isWithin = most <= 110_000 && Math.max(dayOf(1), spreadDay) <= 1_000_000;
console.log(
  `\nAnchor at most ${grouped(most)} gas (target 110,000); a day of 1,000 machines ${grouped(Math.max(dayOf(1), spreadDay))} (target 1,000,000): ${isWithin ? "within" : "ABOVE"}`,
);
await stop();
await server.stop();
await store.close();
rmSync(folder, { recursive: true });
process.exit(isWithin ? 0 : 1);
