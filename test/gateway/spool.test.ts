import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { openSpool, thinned } from "../../server/gateway/spool.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-spool-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (rig: string, seq: number): string => JSON.stringify({ rig, channel: "answers", payload: { seq, filler: "x".repeat(80) } });
const seqs = (lines: readonly string[]): number[] => lines.map((text) => (JSON.parse(text) as { payload: { seq: number } }).payload.seq);
const open = (mostBytes = 1e9, onThinned: (n: number) => void = () => undefined) => openSpool({ folder, mostBytes, onThinned });
const drain = async (spool: ReturnType<typeof open>): Promise<string[]> => {
  const all: string[] = [];
  for (let batch = await spool.take(); batch !== null; batch = await spool.take()) {
    all.push(...batch.lines);
    await spool.done(batch.number);
  }
  return all;
};

describe("the spool", () => {
  test("gives back in order what it was given, also after a kill", async () => {
    const before = open();
    for (let i = 0; i < 5; i++) await before.put([line("a", i)], 1_000 * i);
    const first = await before.take();
    expect(seqs(first?.lines ?? [])).toEqual([0]);
    // never acknowledged, never closed: another process finds everything
    const after = open();
    expect(seqs(await drain(after))).toEqual([0, 1, 2, 3, 4]);
    expect(readdirSync(folder)).toEqual([]);
    expect(after.bytes()).toBe(0);
  });
  test("gives a batch that did not arrive once more, before the later ones", async () => {
    const spool = open();
    await spool.put([line("a", 1)], 0);
    await spool.put([line("a", 2)], 0);
    const batch = await spool.take();
    spool.back(batch?.number ?? 0);
    expect(seqs(await drain(spool))).toEqual([1, 2]);
  });
  test("does not read a file that was cut off in writing", async () => {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(folder, "000000000001-0000000000000-0.jsonl.part"), "half");
    expect(open().waiting()).toBe(0);
  });
  test("makes room by thinning the oldest minutes of every rig, and counts what went", async () => {
    let gone = 0;
    const spool = open(30_000, (n) => {
      gone += n;
    });
    const put = 600;
    for (let i = 0; i < put; i++) await spool.put([line("a", i), line("b", i)], i * 10_000);
    expect(spool.bytes()).toBeLessThanOrEqual(30_000);
    const left = await drain(spool);
    expect(left.length + gone).toBe(2 * put);
    expect(gone).toBeGreaterThan(0);
    const ofA = seqs(left.filter((text) => text.startsWith('{"rig":"a"')));
    expect(ofA).toEqual([...ofA].sort((x, y) => x - y));
    // the newest stand closer than the oldest, and each rig is left the same
    const [first = 0, second = 0] = ofA;
    expect(ofA.at(-1)).toBe(599);
    expect(second - first).toBeGreaterThan(599 - (ofA.at(-2) ?? 0));
    expect(seqs(left.filter((text) => text.startsWith('{"rig":"b"')))).toEqual(ofA);
  });
  test("loses nothing but what is thinned where it ends before it has written what stays", async () => {
    const spool = open(15 * line("a", 99).length);
    for (let i = 0; i < 15; i++) await spool.put([line("a", i)], i);
    // Here it can be held up as a kill would: what stays of the minute is to be written to this place.
    const place = join(folder, "000000000001-0000000000000-1.jsonl.part");
    mkdirSync(place);
    await expect(spool.put([line("a", 15), line("a", 16)], 15)).rejects.toThrow(/EISDIR/);
    rmdirSync(place);
    expect(seqs(await drain(open()))).toEqual(Array.from({ length: 17 }, (_, i) => i));
  });
  test("goes on with what was thinned where it ended before it let go of what that was made of", async () => {
    const spool = open();
    for (let i = 0; i < 4; i++) await spool.put([line("a", i)], i);
    // As a kill in between leaves it: the thinned minute beside the batches that are in it.
    copyFileSync(join(folder, "000000000001-0000000000000-0.jsonl"), join(folder, "000000000001-0000000000000-1.jsonl"));
    const after = open();
    expect(after.waiting()).toBe(4);
    expect(after.bytes()).toBe(spool.bytes());
    expect(seqs(await drain(after))).toEqual([0, 1, 2, 3]);
    expect(readdirSync(folder)).toEqual([]);
  });
  test("leaves a batch alone that is on its way, however full it is", async () => {
    const spool = open(2_000);
    await spool.put([line("a", 0), line("a", 1)], 0);
    const away = await spool.take();
    for (let i = 2; i < 60; i++) await spool.put([line("a", i)], i * 10_000);
    expect(readdirSync(folder).some((name) => name.startsWith(String(away?.number ?? 0).padStart(12, "0")))).toBe(true);
  });
  test("thinning keeps the first of every two of each rig", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 60 }), (rigs) => {
        const lines = rigs.map((rig, i) => line(rig, i));
        const kept = thinned(lines);
        for (const rig of ["a", "b", "c"]) {
          const all = lines.filter((text) => text.startsWith(`{"rig":"${rig}"`));
          expect(kept.filter((text) => text.startsWith(`{"rig":"${rig}"`))).toEqual(all.filter((_, i) => i % 2 === 0));
        }
      }),
    );
  });
});
