import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "@jest/globals";
import { createDuckStore } from "../../server/edge/duck/store.ts";
import { seriesContract } from "./series.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "rigtwin-duck-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (place: string) => {
  const store = createDuckStore({ file: join(folder, `${place}.duckdb`), threads: 1 });
  await store.start();
  return store;
};

describe("DuckDB series store", () => {
  seriesContract(open);
});
