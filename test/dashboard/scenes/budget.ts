import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import type { World } from "../world.ts";

const MOST_BYTES = 260_000;
const LATER = /verify|palette|record-form|replay-window|chart-canvas/;
const packed = (files: string, paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(files, path))).length, 0);

export const budgetScenes = (world: () => World): void => {
  test("the overview's tiles need little JavaScript", () => {
    const html = readFileSync(join(world().files, "index.html"), "utf8");
    const first = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path]) => path ?? "");
    expect(packed(world().files, first)).toBeGreaterThan(50_000);
    expect(packed(world().files, first)).toBeLessThan(MOST_BYTES);
    expect(first.filter((path) => LATER.test(path))).toEqual([]);
  });

  test("so does a page of its own; charts, proofs and windows come when they are wanted", async () => {
    const { page } = await world().visit("/rigs");
    await page.locator(".rig-row").first().waitFor();
    const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
    const scripts = loaded.filter((path) => path.endsWith(".js"));
    expect(packed(world().files, scripts)).toBeGreaterThan(50_000);
    expect(packed(world().files, scripts)).toBeLessThan(MOST_BYTES);
    expect(scripts.filter((path) => LATER.test(path))).toEqual([]);
  });
};
