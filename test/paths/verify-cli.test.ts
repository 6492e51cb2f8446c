/** The stranger's command as it is typed, on files good and bad, against a node or none. */
import { execFile, spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { built, ownFolder } from "../servers/chain.ts";
import { at, openBench, type Bench } from "./day-bench.ts";

const CLI = resolve(import.meta.dirname, "../../build/server/cli/verify.js");
let bench: Bench;
let own: ReturnType<typeof ownFolder>;
let file: string;
let contract: string;

/** Not synchronous: the node that is asked lives in this process. */
const run = (...args: string[]): Promise<{ code: number; out: string }> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [CLI, ...args], (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, out: stdout + stderr }),
    );
  });

beforeAll(async () => {
  built();
  if (spawnSync(process.execPath, [CLI]).status !== 3) throw new Error("the verifier is not built");
  own = ownFolder("cli");
  bench = await openBench();
  bench.birth("a");
  for (let hour = 12; hour < 24; hour += 2) {
    bench.to(at(0, hour));
    bench.reading("a");
    if (hour === 12) await bench.settle();
  }
  bench.to(at(1, 1));
  await bench.settle();
  const bundle = await bench.bundle(1, at(0, 0), at(1, 0));
  contract = bundle.chain.contract;
  file = join(own.folder, "twin.json");
  writeFileSync(file, JSON.stringify(bundle));
}, 120_000);
afterAll(async () => {
  await bench.close();
  own.remove();
});

test("a good file is verified against the chain", async () => {
  const { code, out } = await run(file, "--rpc", bench.rpcUrl(), "--contract", contract, "--token", "1", "--chain", "31337");
  expect(out).toContain("VERIFIED: every step passed");
  expect(out).toContain("run by the farm itself");
  expect(code).toBe(0);
});
test("without a chain, or with one that does not answer, it is not", async () => {
  const silent = await run(file);
  expect([silent.code, silent.out.includes("NOT VERIFIED"), silent.out.includes("No --rpc was given")]).toEqual([2, true, true]);
  const away = await run(file, "--rpc", "http://127.0.0.1:9");
  expect([away.code, away.out.includes("The chain could not be asked")]).toEqual([2, true]);
});
test("another token or contract than the stranger's fails", async () => {
  expect((await run(file, "--rpc", bench.rpcUrl(), "--token", "2")).code).toBe(1);
  expect((await run(file, "--rpc", bench.rpcUrl(), "--contract", `0x${"12".repeat(20)}`)).code).toBe(1);
});
test("a token that the contract does not have fails", async () => {
  const path = join(own.folder, "unknown.json");
  writeFileSync(path, JSON.stringify({ ...(await bench.bundle(1, at(0, 0), at(1, 0))), tokenId: 99 }));
  const { code, out } = await run(path, "--rpc", bench.rpcUrl());
  expect([code, out.includes("The contract has no token 99.")]).toEqual([1, true]);
});
test.each<[string, string, number, string]>([
  ["nonsense", "hello", 3, "is no JSON"],
  ["a file that was cut", '{"context":"rigtwin/bundle/v1","madeTs":17', 3, "was it cut off?"],
  ["some other JSON", '{"a":1}', 1, "This is not a bundle of a twin"],
  ["nothing", "", 3, "is no JSON"],
  ["words for the terminal", '{"context":"rigtwin/bundle/v1","\\u001b[2J":1}', 1, "This is not a bundle of a twin"],
])("%s is said in a sentence", async (_name, text, expected, says) => {
  const path = join(own.folder, "bad.json");
  writeFileSync(path, text);
  const { code, out } = await run(path, "--rpc", bench.rpcUrl());
  expect([code, out.includes(says), out.includes("    at "), out.includes("\u001b")]).toEqual([expected, true, false, false]);
});
interface Shape {
  records: { bytes: string }[];
  days: { tree: { index: number; proof: string[]; leaf: string } }[];
}
test.each<[string, (bundle: Shape) => void, string]>([
  [
    "a proof with one hash more",
    ({ days }) => days[0]?.tree.proof.push(`0x${"ab".repeat(32)}`),
    "The proof does not lead from the leaf to the day's root.",
  ],
  ["a hash that was cut", ({ days }) => days[0]?.tree.proof.push("0xabcd"), "This is not a bundle of a twin: days.0.tree.proof"],
  ["a wrong index", ({ days }) => void ((days[0] as Shape["days"][0]).tree.index += 1), "The proof does not lead from the leaf"],
  [
    "a negative index",
    ({ days }) => void ((days[0] as Shape["days"][0]).tree.index = -1),
    "This is not a bundle of a twin: days.0.tree.index",
  ],
  [
    "a record with a control character",
    ({ records }) => void ((records[0] as { bytes: string }).bytes = String(records[0]?.bytes).replace("first seen", "first\u0007seen")),
    "record 1",
  ],
  [
    "a record with a megabyte of text",
    ({ records }) =>
      void ((records[0] as { bytes: string }).bytes = String(records[0]?.bytes).replace("first seen", "x".repeat(1_000_000))),
    "record 1",
  ],
])("%s fails in a sentence, and nothing of it is called verified", async (_name, spoil, says) => {
  const bundle = JSON.parse(readFileSync(file, "utf8")) as Shape;
  spoil(bundle);
  const path = join(own.folder, "spoilt.json");
  writeFileSync(path, JSON.stringify(bundle));
  const { code, out } = await run(path, "--rpc", bench.rpcUrl());
  expect([code, out.includes(says), out.includes("VERIFIED: every"), out.includes("    at "), out.length < 20_000]).toEqual([
    1,
    true,
    false,
    false,
    true,
  ]);
});
test("a file of 100 MB is not read", async () => {
  const path = join(own.folder, "large.json");
  const handle = openSync(path, "w");
  ftruncateSync(handle, 100 * 1024 * 1024);
  closeSync(handle);
  const { code, out } = await run(path);
  expect([code, out.includes("has 100 MB; a bundle has at most 64")]).toEqual([3, true]);
});
test.each([
  [[]],
  [["/nowhere/x.json"]],
  [["a", "b"]],
  [["a", "--rpc"]],
  [["a", "--rpc", "ftp://x"]],
  [["a", "--token", "-1"]],
  [["a", "--what", "1"]],
])("a wrong command: %j", async (args) => {
  const { code, out } = await run(...args);
  expect([code, out.trim().length > 10, out.includes("    at ")]).toEqual([3, true, false]);
});
