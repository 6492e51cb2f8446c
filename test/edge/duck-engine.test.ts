import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openEngine, type Engine } from "../../server/edge/duck/engine.ts";

const folder = mkdtempSync(join(tmpdir(), "rigtwin-engine-"));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ file: join(folder, "e.duckdb"), memoryMb: 64, askingMb: 128, threads: 2 });
  // Sixty megabytes that cannot be compressed, in the file.
  await engine.write(async (connection) => {
    await connection.run("CREATE TABLE big AS SELECT hash(range) AS a, hash(range + 0.5) AS b FROM range(4000000)");
    await connection.run("CHECKPOINT");
  });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const heldMb = async (): Promise<number> =>
  Number((await engine.read("SELECT sum(memory_usage_bytes)::DOUBLE / 1e6 FROM duckdb_memory()"))[0]?.[0]);
const limit = (): Promise<string> =>
  engine.write(async (connection) => String((await connection.runAndReadAll("SELECT current_setting('memory_limit')")).getRows()[0]?.[0]));
const lookAtAll = () => engine.read("SELECT bit_xor(a), bit_xor(b) FROM big");

test("lets go of what it keeps for a next query, and may take as much again", async () => {
  const usual = await limit();
  const before = await lookAtAll();
  expect(await heldMb()).toBeGreaterThan(40);
  await engine.letGo();
  expect(await limit()).toBe(usual);
  expect(await heldMb()).toBeLessThan(20);
  expect(await lookAtAll()).toEqual(before);
  expect(await heldMb()).toBeGreaterThan(40);
});

test("who asks may have more than what is written and rolled up, on the reading connection and on one of his own, until it is let go", async () => {
  await engine.letGo();
  const usual = await limit();
  // A list of 32 MB, which is made in twice as much and cannot be spilled.
  const large = "SELECT len(list(range))::INTEGER FROM range(4000000)";
  await expect(engine.write((connection) => connection.run(large))).rejects.toThrow("Out of Memory");
  expect(await Promise.all([engine.read(large), engine.read(large)])).toEqual([[[4_000_000]], [[4_000_000]]]);
  expect(await limit()).not.toBe(usual);
  await engine.letGo();
  expect(await limit()).toBe(usual);
  const { connection, close } = await engine.extra();
  await connection.run(large);
  expect(await limit()).not.toBe(usual);
  close();
  await engine.letGo();
  expect(await limit()).toBe(usual);
});

test("who writes lets go of it between two statements, unless somebody asks", async () => {
  const giveBack = () => engine.write(() => engine.giveBack());
  await engine.letGo();
  const usual = await limit();
  await lookAtAll();
  const { close } = await engine.extra();
  await giveBack();
  expect(await heldMb()).toBeGreaterThan(40);
  close();
  await giveBack();
  expect(await limit()).toBe(usual);
  expect(await heldMb()).toBeLessThan(20);
  expect(await Promise.all([lookAtAll(), giveBack(), lookAtAll(), giveBack()])).toHaveLength(4);
});

test("not while a caller has a connection of his own", async () => {
  await lookAtAll();
  const { close } = await engine.extra();
  await engine.letGo();
  expect(await heldMb()).toBeGreaterThan(40);
  close();
  close();
  await engine.letGo();
  expect(await heldMb()).toBeLessThan(20);
});

test("what cannot be let go of stays, and the limit is what it was", async () => {
  await engine.letGo();
  const usual = await limit();
  // In no file: it has to stay, or to be spilled.
  await engine.write((connection) => connection.run("CREATE TEMP TABLE held AS SELECT hash(range) AS a FROM range(6000000)"));
  await engine.letGo();
  expect(await limit()).toBe(usual);
  expect(
    await engine.write(async (connection) => (await connection.runAndReadAll("SELECT count(*)::INTEGER FROM held")).getRows()),
  ).toEqual([[6_000_000]]);
});
