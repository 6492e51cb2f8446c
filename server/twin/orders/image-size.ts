/** How large a picture says it is, before anybody draws it: a few kilobytes may claim gigabytes of pixels, which every viewer would have to hold. */
import type { Media } from "./image.ts";

/** A phone's picture has a dozen megapixels; this many take 200 MB when they are drawn. */
export const MOST_PIXELS = 50_000_000;

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u16le = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const u24le = (bytes: Uint8Array, at: number): number => u16le(bytes, at) | ((bytes[at + 2] ?? 0) << 16);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2);

/** The largest of the frame headers (ITU-T T.81 B.2.2): a JPEG may have one more than it should. */
const jpegPixels = (bytes: Uint8Array): number => {
  let most = 0;
  for (let at = 2; at + 9 < bytes.length; at += 2 + u16(bytes, at + 2)) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || marker === 0xda) break;
    // SOF0 to SOF15 without DHT, JPG and DAC, which lie among them.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) most = Math.max(most, u16(bytes, at + 5) * u16(bytes, at + 7));
  }
  return most;
};

/** The canvas of VP8X, or what the one frame says of itself (RFC 9649 2.5 to 2.7). */
const webpPixels = (bytes: Uint8Array): number => {
  let most = 0;
  for (let at = 12; at + 18 <= bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (type === "VP8X") most = Math.max(most, (1 + u24le(bytes, at + 12)) * (1 + u24le(bytes, at + 15)));
    if (type === "ANMF") most = Math.max(most, (1 + u24le(bytes, at + 14)) * (1 + u24le(bytes, at + 17)));
    if (type === "VP8 ") most = Math.max(most, (u16le(bytes, at + 14) & 0x3fff) * (u16le(bytes, at + 16) & 0x3fff));
    if (type === "VP8L") {
      const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at + 9, at + 13);
      most = Math.max(most, (1 + (a | ((b & 0x3f) << 8))) * (1 + ((b >> 6) | (c << 2) | ((d & 0x0f) << 10))));
    }
    const size = u16le(bytes, at + 4) + u16le(bytes, at + 6) * 65_536;
    at += 8 + size + (size % 2);
  }
  return most;
};

/** Pixels that a clean picture of that kind declares; 0 where it declares none. */
export const pixelsOf = (bytes: Uint8Array, media: Media): number =>
  media === "image/png" ? u32(bytes, 16) * u32(bytes, 20) : media === "image/jpeg" ? jpegPixels(bytes) : webpPixels(bytes);
