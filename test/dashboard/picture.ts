/** Pictures of pages: read as Chromium writes them, kept small with a palette, compared with a tolerance. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

/** `rgb`: three bytes a pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const chunksOf = (png: Buffer): { readonly type: string; readonly data: Buffer }[] => {
  const chunks = [];
  for (let at = SIGNATURE.length; at + 12 <= png.length;) {
    const size = png.readUInt32BE(at);
    chunks.push({ type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + size) });
    at += 12 + size;
  }
  return chunks;
};

const paeth = (left: number, up: number, corner: number): number => {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
};

/** Undoes the five filters of PNG (section 9 of the specification) in place; gives the rows without their filter bytes. */
const unfiltered = (raw: Uint8Array, width: number, height: number, bytes: number): Uint8Array => {
  const stride = width * bytes;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)] ?? 0;
    const from = y * (stride + 1) + 1;
    const to = y * stride;
    for (let x = 0; x < stride; x += 1) {
      const left = x < bytes ? 0 : (out[to + x - bytes] ?? 0);
      const up = y === 0 ? 0 : (out[to + x - stride] ?? 0);
      const corner = x < bytes || y === 0 ? 0 : (out[to + x - stride - bytes] ?? 0);
      const add = filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
      out[to + x] = (raw[from + x] ?? 0) + add;
    }
  }
  return out;
};

/** Reads a PNG of eight bits a sample: RGB, RGBA (opaque) or a palette, not interlaced. */
export const readPng = (png: Buffer): Picture => {
  const chunks = chunksOf(png);
  const head = chunks.find(({ type }) => type === "IHDR")?.data;
  if (head === undefined || !png.subarray(0, 8).equals(SIGNATURE)) throw new Error("this is no PNG");
  const [width, height, depth, kind] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9] ?? 0];
  const bytes = kind === 2 ? 3 : kind === 6 ? 4 : kind === 3 ? 1 : 0;
  if (depth !== 8 || bytes === 0 || head[12] !== 0) throw new Error("this kind of PNG is not read here");
  const raw = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data)));
  const samples = unfiltered(raw, width, height, bytes);
  const palette = chunks.find(({ type }) => type === "PLTE")?.data;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1)
    for (let k = 0; k < 3; k += 1)
      rgb[3 * i + k] = (palette === undefined ? samples[bytes * i + k] : palette[3 * (samples[i] ?? 0) + k]) ?? 0;
  return { width, height, rgb };
};

/** Half as wide and high, each pixel the mean of four: small enough to keep, and no edge of a letter that another Chromium draws otherwise. */
export const halved = ({ width, height, rgb }: Picture): Picture => {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y += 1)
    for (let x = 0; x < w; x += 1)
      for (let k = 0; k < 3; k += 1) {
        const at = 3 * (2 * y * width + 2 * x) + k;
        const below = at + 3 * width;
        out[3 * (y * w + x) + k] = ((rgb[at] ?? 0) + (rgb[at + 3] ?? 0) + (rgb[below] ?? 0) + (rgb[below + 3] ?? 0) + 2) >> 2;
      }
  return { width: w, height: h, rgb: out };
};

const NOTE = "rigtwin-of\0";
/** The note that was written into a PNG; "" where there is none. */
export const noteIn = (png: Buffer): string => {
  const text = chunksOf(png).find(({ type, data }) => type === "tEXt" && data.toString("latin1").startsWith(NOTE));
  return text === undefined ? "" : text.data.toString("latin1", NOTE.length);
};

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
};

const COLOURS = 32;
/** Neighbours in a cube of four bits a channel become one colour, the mean of what it stands for. */
const cellOf = (rgb: Uint8Array, at: number): number =>
  (((rgb[at] ?? 0) >> 4) << 8) | (((rgb[at + 1] ?? 0) >> 4) << 4) | ((rgb[at + 2] ?? 0) >> 4);

/** Writes a picture with the 32 colours that tell most of it; every other pixel gets the nearest of them. `note`: a word kept in it. */
export const writePng = ({ width, height, rgb }: Picture, note = ""): Buffer => {
  const sums = new Float64Array(4_096 * 4);
  for (let at = 0; at < rgb.length; at += 3) {
    const cell = 4 * cellOf(rgb, at);
    sums[cell] = (sums[cell] ?? 0) + 1;
    for (let k = 0; k < 3; k += 1) sums[cell + 1 + k] = (sums[cell + 1 + k] ?? 0) + (rgb[at + k] ?? 0);
  }
  const colourOf = (cell: number): number[] => [1, 2, 3].map((k) => Math.round((sums[4 * cell + k] ?? 0) / (sums[4 * cell] ?? 1)));
  const used = Array.from({ length: 4_096 }, (_, cell) => cell).filter((cell) => (sums[4 * cell] ?? 0) > 0);
  const distance = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + (value - (b[k] ?? 0)) ** 2, 0);
  // By how much would be wrong without it, so that a small bright mark is kept beside many like greys.
  const palette: number[][] = [];
  const off = new Map(used.map((cell) => [cell, Infinity]));
  const nearest = new Uint8Array(4_096);
  while (palette.length < COLOURS && palette.length < used.length) {
    let worst = used[0] ?? 0;
    let most = -1;
    for (const cell of used) {
      const weight = Math.min(off.get(cell) ?? 0, 200_000) * Math.sqrt(sums[4 * cell] ?? 0);
      if (weight > most) [most, worst] = [weight, cell];
    }
    if (most === 0) break;
    const colour = colourOf(worst);
    palette.push(colour);
    for (const cell of used) {
      const far = distance(colourOf(cell), colour);
      if (far >= (off.get(cell) ?? 0)) continue;
      off.set(cell, far);
      nearest[cell] = palette.length - 1;
    }
  }
  const raw = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) raw[y * (width + 1) + 1 + x] = nearest[cellOf(rgb, 3 * (y * width + x))] ?? 0;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("tEXt", Buffer.from(NOTE + note, "latin1")),
    chunk("PLTE", Uint8Array.from(palette.flat())),
    chunk("IDAT", deflateSync(raw, { level: 9 })),
    chunk("IEND", new Uint8Array()),
  ]);
};

/** A pixel differs where a channel is off by more than this of 255: more than the palette takes away, less than a changed letter. */
const OFF = 40;

export interface Compared {
  /** Share of the pixels that differ, 0 to 1; 1 where the sizes do. */
  readonly share: number;
  /** The picture in grey, with what differs in red. */
  readonly diff: Picture;
}

/** Compares what is shown with what was approved. */
export const compared = (shown: Picture, approved: Picture): Compared => {
  const { width, height, rgb } = shown;
  const diff = new Uint8Array(rgb.length);
  if (width !== approved.width || height !== approved.height) return { share: 1, diff: { width, height, rgb } };
  let differ = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    let most = 0;
    for (let k = 0; k < 3; k += 1) most = Math.max(most, Math.abs((rgb[at + k] ?? 0) - (approved.rgb[at + k] ?? 0)));
    const isOff = most > OFF;
    if (isOff) differ += 1;
    for (let k = 0; k < 3; k += 1) diff[at + k] = isOff ? (k === 0 ? 255 : 0) : 96 + ((rgb[at + k] ?? 0) >> 3);
  }
  return { share: differ / (width * height), diff: { width, height, rgb: diff } };
};
