import { expect, test } from "@jest/globals";
import { MOST_PIXELS, pixelsOf } from "../../../server/twin/orders/image-size.ts";

const le = (value: number, n: number): number[] => Array.from({ length: n }, (_, i) => (value >> (8 * i)) & 255);
const be = (value: number, n: number): number[] => le(value, n).toReversed();
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const bytes = (...parts: readonly number[][]): Uint8Array => Uint8Array.from(parts.flat());

const png = (w: number, h: number) =>
  bytes([137, 80, 78, 71, 13, 10, 26, 10], be(13, 4), ascii("IHDR"), be(w, 4), be(h, 4), [8, 6, 0, 0, 0]);
const segment = (marker: number, body: number[]): number[] => [0xff, marker, ...be(body.length + 2, 2), ...body];
const frame = (marker: number, w: number, h: number): number[] => segment(marker, [8, ...be(h, 2), ...be(w, 2), 1, 1, 0x11, 0]);
const jpeg = (...segments: number[][]) => bytes([0xff, 0xd8], ...segments, segment(0xda, [1, 1, 0, 0, 63, 0]));
const chunk = (type: string, body: number[]): number[] => [...ascii(type), ...le(body.length, 4), ...body, ...(body.length % 2 ? [0] : [])];
const webp = (...chunks: number[][]) => bytes(ascii("RIFF"), le(chunks.flat().length + 4, 4), ascii("WEBP"), ...chunks);
const vp8x = (w: number, h: number): number[] => chunk("VP8X", [0, 0, 0, 0, ...le(w - 1, 3), ...le(h - 1, 3)]);
const vp8 = (w: number, h: number): number[] => chunk("VP8 ", [0, 0, 0, 0x9d, 0x01, 0x2a, ...le(w, 2), ...le(h, 2)]);
const vp8l = (w: number, h: number): number[] => chunk("VP8L", [0x2f, ...le((w - 1) | ((h - 1) << 14), 4), 0, 0, 0, 0, 0]);

test.each([
  ["PNG", "image/png", png(4_032, 3_024), 12_192_768],
  ["PNG that claims the most there is", "image/png", png(2 ** 31 - 1, 2 ** 31 - 1), (2 ** 31 - 1) ** 2],
  ["JPEG", "image/jpeg", jpeg(segment(0xdb, [0, 1]), frame(0xc0, 4_032, 3_024)), 12_192_768],
  ["progressive JPEG", "image/jpeg", jpeg(frame(0xc2, 640, 480)), 307_200],
  ["JPEG with a second, larger frame", "image/jpeg", jpeg(frame(0xc0, 8, 8), frame(0xc2, 65_535, 65_535)), 65_535 ** 2],
  ["JPEG whose tables are no frames", "image/jpeg", jpeg(segment(0xc4, [0, 255, 255, 255, 255, 255]), frame(0xc0, 8, 8)), 64],
  ["WebP with a canvas", "image/webp", webp(vp8x(16_384, 16_384), vp8(8, 8)), 16_384 ** 2],
  ["lossy WebP", "image/webp", webp(vp8(640, 480)), 307_200],
  ["lossless WebP", "image/webp", webp(vp8l(640, 480)), 307_200],
] as const)("%s: what it declares is read", (_name, media, picture, pixels) => {
  expect(pixelsOf(picture, media)).toBe(pixels);
});

test("a phone's picture is well within, and no claim of gigabytes is", () => {
  expect(pixelsOf(png(8_000, 6_000), "image/png")).toBeLessThan(MOST_PIXELS);
  expect(pixelsOf(png(60_000, 60_000), "image/png")).toBeGreaterThan(MOST_PIXELS);
});
