/** Files of lines on a real disk: whole, cut, damaged. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createFile, linesOf, openFile } from "../../server/edge/recordings/file.ts";

const folder = mkdtempSync(join(tmpdir(), "rigtwin-recordings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINES = Array.from({ length: 5_000 }, (_, i) => `line ${i} ${"é".repeat(i % 70)}`);
const TEXT = LINES.map((line) => `${line}\n`).join("");
let files = 0;
const fileOf = (bytes: string | Buffer): string => {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, bytes);
  return path;
};
const readAll = async (path: string) => {
  const { chunks } = await openFile(path);
  const { lines, rest } = linesOf(chunks);
  const read: string[] = [];
  for await (const batch of lines) read.push(...batch);
  return { read, rest: rest() };
};

describe("a file of lines", () => {
  test.each([true, false])("comes back as it was written (gzip: %s)", async (gzip) => {
    const path = join(folder, `written-${String(gzip)}`);
    const file = await createFile(path, { gzip, overwrite: false });
    for (const line of LINES) await file.line(line);
    await file.close();
    expect(await readAll(path)).toEqual({ read: LINES, rest: "" });
    expect((gzip ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString()).toBe(TEXT);
    await expect(createFile(path, { gzip, overwrite: false })).rejects.toMatchObject({ code: "EEXIST" });
  });
  test("that is flushed can be read while it is being written", async () => {
    const path = join(folder, "flushed");
    const file = await createFile(path, { gzip: true, overwrite: false });
    await file.line("first");
    file.flush();
    const deadline = Date.now() + 10_000;
    while ((await readAll(path)).read.length === 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    expect(await readAll(path)).toEqual({ read: ["first"], rest: "" });
    await file.close();
  });
  test("that was cut gives the lines before the cut", async () => {
    const packed = gzipSync(TEXT);
    for (const part of [0.1, 0.5, 0.999]) {
      const { read } = await readAll(fileOf(packed.subarray(0, Math.floor(packed.length * part))));
      expect(read).toEqual(LINES.slice(0, read.length));
      expect(read.length).toBeGreaterThan(LINES.length * part * 0.3);
    }
    expect((await readAll(fileOf(TEXT.slice(0, -3)))).read).toEqual(LINES.slice(0, -1));
  });
  test("whose compression is damaged says so", async () => {
    const packed = gzipSync(TEXT);
    packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 200);
    await expect(readAll(fileOf(packed))).rejects.toMatchObject({ code: "GZIP_BROKEN" });
  });
  test("that is not there, or cannot be made, is told in the system's words", async () => {
    await expect(openFile(join(folder, "nothing"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(createFile(join(folder, "no", "where"), { gzip: true, overwrite: true })).rejects.toMatchObject({ code: "ENOENT" });
  });
});
