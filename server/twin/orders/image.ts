/**
 * Pictures as they are kept: what they are is read from their first bytes, never believed; where, when and with what they were taken is
 * cut out. Of a JPEG's Exif only the orientation stays, else phones' pictures would lie on their side.
 * JPEG: ITU-T T.81 B.1; Exif: CIPA DC-008; PNG: ISO/IEC 15948 5 and 11; WebP: RFC 9649.
 */
export type Media = "image/jpeg" | "image/png" | "image/webp";
export interface Picture {
  readonly media: Media;
  readonly bytes: Uint8Array;
}

const ascii = (bytes: Uint8Array, at: number, n: number): string => String.fromCharCode(...bytes.subarray(at, at + n));
const u16 = (bytes: Uint8Array, at: number, little = false): number =>
  little ? (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number, little = false): number =>
  little ? u16(bytes, at, true) + u16(bytes, at + 2, true) * 65_536 : u16(bytes, at) * 65_536 + u16(bytes, at + 2);

const joined = (pieces: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
};

const PNG_SIGNATURE = "\u0089PNG\r\n\u001a\n";

/** What the bytes say they are; null where it is none of the three. */
export const mediaOf = (bytes: Uint8Array): Media | null => {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
  if (ascii(bytes, 0, 8) === PNG_SIGNATURE) return "image/png";
  return ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP" ? "image/webp" : null;
};

/** The Orientation tag (0x0112) of a TIFF block, 1 where it is not told. */
const orientationIn = (tiff: Uint8Array): number => {
  const little = ascii(tiff, 0, 2) === "II";
  const ifd = u32(tiff, 4, little);
  const entries = Math.min(u16(tiff, ifd, little), 512);
  for (let i = 0; i < entries; i++) {
    const at = ifd + 2 + i * 12;
    if (u16(tiff, at, little) !== 0x0112) continue;
    const value = u16(tiff, at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
};

/** An Exif segment with the orientation and nothing else. */
const orientationSegment = (orientation: number): Uint8Array =>
  joined([
    Uint8Array.of(0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0),
    Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8),
    Uint8Array.of(0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0),
  ]);

const SOS = 0xda;
/** JFIF, ICC profile and Adobe's colour transform are needed to draw it; every other APPn and comments tell about people. */
const isKept = (marker: number, body: Uint8Array): boolean => {
  if (marker === 0xfe) return false;
  if (marker < 0xe0 || marker > 0xef) return true;
  if (marker === 0xe0) return ascii(body, 0, 4) === "JFIF";
  if (marker === 0xe2) return ascii(body, 0, 11) === "ICC_PROFILE";
  return marker === 0xee && ascii(body, 0, 5) === "Adobe";
};

/** After the scan's entropy-coded bytes: 0xff followed by neither 0 nor a restart marker. */
const endOfScan = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (at + 1 < bytes.length) {
    const next = bytes[at + 1] ?? 0;
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
    at += 1;
  }
  return -1;
};

const cleanJpeg = (bytes: Uint8Array): Uint8Array | null => {
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let orientation = 1;
  let drawn = false;
  for (let at = 2; at + 3 < bytes.length || bytes[at + 1] === 0xd9;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9) {
      // What phones append after the end (moving pictures, second views) is left behind.
      const exif = orientation === 1 ? [] : [orientationSegment(orientation)];
      return drawn ? joined([kept[0] as Uint8Array, ...exif, ...kept.slice(1), Uint8Array.of(0xff, 0xd9)]) : null;
    }
    const length = u16(bytes, at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return null;
    const body = bytes.subarray(at + 4, end);
    if (marker === 0xe1 && ascii(body, 0, 4) === "Exif") orientation = orientationIn(body.subarray(6));
    if (marker !== SOS) {
      if (isKept(marker, body)) kept.push(bytes.subarray(at, end));
      at = end;
      continue;
    }
    const after = endOfScan(bytes, end);
    if (after < 0) return null;
    kept.push(bytes.subarray(at, after));
    drawn = true;
    at = after;
  }
  return null;
};

/** Chunks that are needed to draw it; text, time, Exif and whatever is private stay behind. */
const PNG_KEPT = new Set(["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "pHYs"]);
const cleanPng = (bytes: Uint8Array): Uint8Array | null => {
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + u32(bytes, at);
    const type = ascii(bytes, at + 4, 4);
    if (end > bytes.length || (at === 8) !== (type === "IHDR")) return null;
    if (PNG_KEPT.has(type)) kept.push(bytes.subarray(at, end));
    if (type === "IEND") return kept.length > 3 ? joined(kept) : null;
    at = end;
  }
  return null;
};

const EXIF_AND_XMP = 0x0c;
const cleanWebp = (bytes: Uint8Array): Uint8Array | null => {
  const chunks: Uint8Array[] = [];
  let drawn = false;
  const whole = Math.min(bytes.length, 8 + u32(bytes, 4, true));
  for (let at = 12; at + 8 <= whole;) {
    const type = ascii(bytes, at, 4);
    const size = u32(bytes, at + 4, true);
    const end = at + 8 + size + (size % 2);
    if (end > whole) return null;
    if (type === "VP8 " || type === "VP8L" || type === "ANMF") drawn = true;
    if (["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"].includes(type)) {
      const chunk = bytes.slice(at, end);
      if (type === "VP8X") chunk[8] = (chunk[8] ?? 0) & ~EXIF_AND_XMP;
      chunks.push(chunk);
    }
    at = end;
  }
  if (!drawn) return null;
  const body = joined(chunks);
  const size = body.length + 4;
  return joined([
    Uint8Array.from([0x52, 0x49, 0x46, 0x46, size & 255, (size >> 8) & 255, (size >> 16) & 255, (size >> 24) & 255]),
    Uint8Array.from([0x57, 0x45, 0x42, 0x50]),
    body,
  ]);
};

/** The picture without what tells about people; null where it is none of the three kinds or ends early. The bytes given are not changed. */
export const cleanPicture = (bytes: Uint8Array): Picture | null => {
  const media = mediaOf(bytes);
  if (media === null) return null;
  const clean = media === "image/jpeg" ? cleanJpeg(bytes) : media === "image/png" ? cleanPng(bytes) : cleanWebp(bytes);
  return clean === null ? null : { media, bytes: clean };
};
