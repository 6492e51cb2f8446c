/** Columns into a table, a data chunk at a time. */
import { BIGINT, DuckDBDataChunk, INTEGER, VARCHAR, type DuckDBConnection, type DuckDBType } from "@duckdb/node-api";

/** DuckDB's own vector size; a data chunk takes no more rows. */
const CHUNK = 2_048;

/** Whole numbers; NaN is NULL. `stride` and `offset` take one field out of rows that lie one behind the other. */
interface Numbers {
  readonly type: "INTEGER" | "BIGINT";
  /** Typed: among lists of all kinds V8 looks for the place of each single value. */
  readonly values: Int32Array | Float64Array;
  readonly stride?: number;
  readonly offset?: number;
}
interface Texts {
  readonly type: "VARCHAR";
  readonly values: readonly string[];
}
export type Column = Numbers | Texts;

const TYPES: Readonly<Record<Column["type"], DuckDBType>> = { INTEGER, BIGINT, VARCHAR };

/** The inside of the library's vectors of numbers: what `flush` copies to DuckDB. */
interface Inside {
  readonly items: Int32Array | BigInt64Array;
  readonly validity: { data: BigUint64Array | null };
  flush(): void;
}

/**
 * Fills a column. The library's setItem makes a BigInt for each value that is 64 bits wide or may be NULL, ten times what DuckDB
 * itself needs for it; so the arrays behind it are filled here. test/edge/series.contract.ts holds the pinned library to this.
 */
const putNumbers = (
  chunk: DuckDBDataChunk,
  column: number,
  { values, stride = 1, offset = 0 }: Numbers,
  from: number,
  rows: number,
): void => {
  const vector = chunk.getColumnVector(column) as unknown as Inside;
  const { items } = vector;
  const valid = new Uint8Array(Math.ceil(rows / 64) * 8).fill(0xff);
  const ints = items instanceof Int32Array ? items : new Int32Array(items.buffer, items.byteOffset, 2 * rows);
  const isWide = ints !== items;
  let nulls = 0;
  for (let row = 0; row < rows; row++) {
    const value = values[(from + row) * stride + offset] ?? NaN;
    if (Number.isNaN(value)) {
      nulls += 1;
      valid[row >> 3] = (valid[row >> 3] ?? 0) & ~(1 << (row & 7));
    }
    if (isWide) {
      // Two's complement of 64 bits in two halves, little endian.
      ints[2 * row] = value;
      ints[2 * row + 1] = Math.floor(value / 4_294_967_296);
    } else ints[row] = value;
  }
  if (nulls > 0) vector.validity.data = new BigUint64Array(valid.buffer);
  vector.flush();
};

/** Appends `rows` rows to a table, or to a temporary one in the catalog given. */
export const append = async (
  connection: DuckDBConnection,
  table: string,
  rows: number,
  columns: readonly Column[],
  catalog?: string,
): Promise<void> => {
  if (rows === 0) return;
  const types = columns.map(({ type }) => TYPES[type]);
  const appender = await connection.createAppender(table, null, catalog ?? null);
  try {
    for (let from = 0; from < rows; from += CHUNK) {
      const count = Math.min(CHUNK, rows - from);
      const chunk = DuckDBDataChunk.create(types, count);
      columns.forEach((column, i) => {
        if (column.type === "VARCHAR") chunk.setColumnValues(i, column.values.slice(from, from + count));
        else putNumbers(chunk, i, column, from, count);
      });
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
};
