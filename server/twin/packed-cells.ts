/**
 * Rows of integers that change no more, in few bytes: of each column the least value, and of each row how much more it is, in as
 * many bytes as the most of them needs (frame of reference, as column stores do it). A day's five-minute rows of ten thousand
 * rigs take 115 MB as they are counted; so, about a third of it, and one column is read without the others.
 */

/** Blocks one behind another, each `columns` widths, `columns` least values and the columns' bytes. */
export interface Shape {
  readonly rows: number;
  readonly columns: number;
}

const BASE_BYTES = 4;

const bytesFor = (most: number): number => {
  let width = 0;
  for (let end = 1; most >= end; end *= 256) width += 1;
  return width;
};

const headBytes = ({ columns }: Shape): number => columns * (1 + BASE_BYTES);

/** One block out of `rows * columns` 32-bit integers, row after row. */
export const packBlock = (cells: Int32Array, shape: Shape): Uint8Array => {
  const { rows, columns } = shape;
  const bases = new Int32Array(columns);
  const widths = new Uint8Array(columns);
  for (let column = 0; column < columns; column++) {
    let [least, most] = [Infinity, -Infinity];
    for (let row = 0; row < rows; row++) {
      const value = cells[row * columns + column] ?? 0;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    bases[column] = least;
    widths[column] = bytesFor(most - least);
  }
  const block = new Uint8Array(headBytes(shape) + rows * widths.reduce((sum, width) => sum + width, 0));
  block.set(widths);
  const view = new DataView(block.buffer);
  bases.forEach((base, column) => view.setInt32(columns + column * BASE_BYTES, base, true));
  let at = headBytes(shape);
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++) {
      let more = (cells[row * columns + column] ?? 0) - (bases[column] ?? 0);
      for (let i = 0; i < (widths[column] ?? 0); i++) {
        block[at++] = more % 256;
        more = Math.floor(more / 256);
      }
    }
  return block;
};

/** Where the block that starts at `at` ends. */
export const blockEnd = (packed: Uint8Array, at: number, shape: Shape): number => {
  let width = 0;
  for (let column = 0; column < shape.columns; column++) width += packed[at + column] ?? 0;
  return at + headBytes(shape) + shape.rows * width;
};

/** One column of the block that starts at `at`, into `into` from `offset` on, `stride` apart. */
export const unpackColumn = (
  packed: Uint8Array,
  at: number,
  shape: Shape,
  column: number,
  into: Int32Array,
  offset = 0,
  stride = 1,
): void => {
  const { rows, columns } = shape;
  let from = at + headBytes(shape);
  for (let before = 0; before < column; before++) from += rows * (packed[at + before] ?? 0);
  const width = packed[at + column] ?? 0;
  const head = at + columns + column * BASE_BYTES;
  const base = (packed[head] ?? 0) | ((packed[head + 1] ?? 0) << 8) | ((packed[head + 2] ?? 0) << 16) | ((packed[head + 3] ?? 0) << 24);
  for (let row = 0; row < rows; row++, from += width) {
    let more = 0;
    if (width > 0) more = packed[from] ?? 0;
    if (width > 1) more += (packed[from + 1] ?? 0) * 0x100;
    if (width > 2) more += (packed[from + 2] ?? 0) * 0x1_0000;
    if (width > 3) more += (packed[from + 3] ?? 0) * 0x100_0000;
    into[offset + row * stride] = base + more;
  }
};

/** The block that starts at `at`, as packBlock took it, into `into` from `offset` on. */
export const unpackBlock = (packed: Uint8Array, at: number, shape: Shape, into: Int32Array, offset = 0): void => {
  for (let column = 0; column < shape.columns; column++) unpackColumn(packed, at, shape, column, into, offset + column, shape.columns);
};
