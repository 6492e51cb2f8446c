import { mkdtempSync, readdirSync, rmSync, writeFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openPhotos } from "../../server/edge/photos/store.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-photos-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const bytes = new TextEncoder().encode("a picture");
const all = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

test("a picture is one file under its hash, for its owner only, and comes back as it was", async () => {
  const photos = openPhotos(folder);
  const hash = await photos.keep(bytes);
  expect(await photos.keep(bytes)).toBe(hash);
  expect(all()).toEqual([hash]);
  expect(statSync(join(folder, "photos", hash.slice(0, 2), hash)).mode & 0o077).toBe(0);
  expect(await photos.read(hash)).toEqual(Buffer.from(bytes));
});

test("bytes that are no longer those of the hash are not given, and are mended by keeping it again", async () => {
  const photos = openPhotos(folder);
  const hash = await photos.keep(bytes);
  writeFileSync(join(folder, "photos", hash.slice(0, 2), hash), "something else");
  expect(await photos.read(hash)).toBeNull();
  await photos.keep(bytes);
  expect(await photos.read(hash)).toEqual(Buffer.from(bytes));
});

test("a name that is no hash reads nothing", async () => {
  const photos = openPhotos(folder);
  for (const name of ["../../etc/passwd", "", "AB".repeat(32), "0".repeat(64)]) expect(await photos.read(name)).toBeNull();
});

test("a folder that cannot be written refuses, and leaves no draft", async () => {
  writeFileSync(join(folder, "photos"), "a file in the way");
  await expect(openPhotos(folder).keep(bytes)).rejects.toMatchObject({ code: "JOURNAL_UNAVAILABLE" });
  expect(all()).toEqual(["photos"]);
});
