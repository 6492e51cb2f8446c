// A relay on a real journal and a real chain, to be killed: prints the hash of every record it was told is on disk.
// node relayer.mjs BUILD_DIR DATA_DIR RPC_URL ROUND
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [build, folder, rpcUrl, round] = process.argv.slice(2);
const from = (path) => import(pathToFileURL(join(build, path)).href);
const { createJournal } = await from("server/edge/journal/journal.js");
const { createChain } = await from("server/edge/chain/client.js");
const { createRecords } = await from("server/flows/records.js");
const { foldLedger, noLedger } = await from("server/twin/ledger.js");
const { newTwin } = await from("server/twin/fold.js");
const { NO_IDENTITY } = await from("server/twin/reading.js");

const RIGS = 12;
const twins = new Map(
  Array.from({ length: RIGS }, (_, i) => [
    `rig-${i}`,
    {
      ...newTwin("north", `rig-${i}`, i, 1_790_000_000_000),
      identity: { ...NO_IDENTITY, make: "Bitmain", model: "S19", serial: `SER-${i}` },
    },
  ]),
);
const journal = createJournal({ folder, now: Date.now });
const ledger = noLedger();
await journal.start();
for await (const entries of journal.read(1)) for (const entry of entries) foldLedger(ledger, entry);
journal.subscribe((entries) => entries.forEach((entry) => foldLedger(ledger, entry)));

const chain = createChain({
  rpcUrl,
  local: true,
  folder: join(folder, "chain-keys"),
  key: null,
  contract: null,
  site: "north",
  link: "",
  now: Date.now,
  waitMs: 5_000,
});
const clock = {
  now: Date.now,
  every: (ms, work) => {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      void Promise.resolve(work()).finally(() => (busy = false));
    }, ms / 20);
    return () => clearInterval(timer);
  },
};
const records = createRecords({
  site: "north",
  clock,
  write: journal.write,
  ledger: () => ledger,
  twins: () => twins,
  chain,
  bringRights: () => Promise.resolve(),
  substitutes: { missingRecords: () => [], relay: () => Promise.resolve(new Set()) },
  finalDepth: 1,
  gatherMs: 0,
  // Chain and relayer are killed in every round but the last: what fails there is what the test is about.
  onError: (what, error) => (round === "last" ? console.error(what, error) : undefined),
});
records.start();
const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
if (round !== "last") {
  for (let n = 0; ; n++) {
    const { hash } = await records.seal(`rig-${n % RIGS}`, {
      kind: "inspection",
      performedTs: Date.now(),
      technician: "badge-1",
      summary: `round ${round} work ${n}`,
      parts: [],
    });
    say({ hash });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
for (;;) {
  const { waiting } = records.status();
  if (waiting === 0 && ledger.tokens.size === RIGS) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await records.stop();
say({
  contract: ledger.chain.contract,
  tokens: [...ledger.tokens.values()].map(({ tokenId }) => tokenId),
  records: [...ledger.records.values()].flat().map(({ hash, status, bytes }) => ({ hash, status, bytes })),
});
await journal.stop();
process.exit(0);
