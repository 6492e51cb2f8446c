import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { FILES, type World } from "../world.ts";

const MOST_BYTES = 260_000;

export const budgetScenes = (world: () => World): void => {
  for (const [path, sign] of [
    ["/", ".tiles"],
    ["/rigs", ".rig-row"],
  ] as const)
    test(`${path} is there with little JavaScript; proofs and windows come when they are wanted`, async () => {
      const { page } = await world().visit(path);
      await page.locator(sign).first().waitFor();
      const loaded = await page.evaluate(() =>
        performance
          .getEntriesByType("resource")
          .map(({ name }) => name)
          .filter((name) => name.endsWith(".js")),
      );
      const first = loaded.map((name) => basename(new URL(name).pathname)).filter((name) => !name.startsWith("chart-canvas"));
      const bytes = first.reduce(
        (sum, name) => sum + gzipSync(readFileSync(join(FILES, name === "scheme.js" ? name : `assets/${name}`))).length,
        0,
      );
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThan(MOST_BYTES);
      expect(first.filter((name) => /verify|palette|record-form|replay-window/.test(name))).toEqual([]);
    });
};
