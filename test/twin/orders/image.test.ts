import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cleanPicture, mediaOf } from "../../../server/twin/orders/image.ts";

const bytes = (...parts: (string | number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : [...part])));
const text = (all: Uint8Array): string => String.fromCharCode(...all);

const segment = (marker: number, body: Uint8Array): Uint8Array =>
  bytes([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255], body);
/** Exif with a make, a place and an orientation, as phones write it. */
const exif = (orientation: number, little = false): Uint8Array => {
  const u16 = (n: number): number[] => (little ? [n & 255, n >> 8] : [n >> 8, n & 255]);
  const u32 = (n: number): number[] => (little ? [n & 255, n >> 8, 0, 0] : [0, 0, n >> 8, n & 255]);
  const entry = (tag: number, type: number, count: number, value: number[]): number[] => [
    ...u16(tag),
    ...u16(type),
    ...u32(count),
    ...value,
  ];
  return segment(
    0xe1,
    bytes(
      "Exif\0\0",
      little ? "II" : "MM",
      u16(42),
      u32(8),
      u16(2),
      entry(0x010f, 2, 4, [83, 69, 67, 0]),
      entry(0x0112, 3, 1, [...u16(orientation), 0, 0]),
      u32(0),
      "GPS 52.5N 13.4E",
    ),
  );
};
const SCAN = bytes(segment(0xda, bytes([1, 1, 0, 0, 63, 0])), [0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]);
const jpeg = (...middle: Uint8Array[]): Uint8Array =>
  bytes(
    [0xff, 0xd8],
    segment(0xe0, bytes("JFIF\0\u0001\u0001")),
    ...middle,
    segment(0xdb, bytes([0, 1, 2])),
    segment(0xc0, bytes([8, 0, 1, 0, 1, 1])),
    SCAN,
    [0xff, 0xd9],
    "trailing secrets",
  );

const chunk = (type: string, body: Uint8Array): Uint8Array => bytes([0, 0, body.length >> 8, body.length & 255], type, body, [1, 2, 3, 4]);
const png = (...middle: Uint8Array[]): Uint8Array =>
  bytes(
    "\u0089PNG\r\n\u001a\n",
    chunk("IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0])),
    ...middle,
    chunk("IDAT", bytes([1, 2])),
    chunk("IEND", bytes()),
  );

const riff = (...chunks: Uint8Array[]): Uint8Array => {
  const body = bytes("WEBP", ...chunks);
  return bytes("RIFF", [body.length & 255, body.length >> 8, 0, 0], body);
};
const webpChunk = (type: string, body: Uint8Array): Uint8Array =>
  bytes(type, [body.length & 255, body.length >> 8, 0, 0], body, body.length % 2 ? [0] : []);

describe("JPEG", () => {
  test.each([
    ["big endian", false],
    ["little endian", true],
  ])("place, camera, comment and what hangs behind are cut out; the orientation stays (%s)", (_name, little) => {
    const given = jpeg(
      exif(6, little),
      segment(0xe1, bytes("http://ns.adobe.com/xap/1.0/\0<x:GPS>")),
      segment(0xed, bytes("Photoshop 3.0")),
      segment(0xfe, bytes("my comment")),
    );
    const clean = cleanPicture(given);
    expect(clean?.media).toBe("image/jpeg");
    const kept = text(clean?.bytes ?? bytes());
    for (const secret of ["GPS", "SEC", "adobe", "Photoshop", "my comment", "trailing"]) expect(kept).not.toContain(secret);
    expect(kept).toContain("JFIF");
    expect(kept).toContain(text(SCAN));
    // MM, 42, offset 8, one entry: tag 0x0112, SHORT, one, 6.
    expect(kept).toContain("Exif\0\0MM\0*\0\0\0\b\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0\u0006");
    expect(cleanPicture(clean?.bytes ?? bytes())?.bytes).toEqual(clean?.bytes);
  });
  test("a colour profile and Adobe's transform stay, an upright picture gets no Exif", () => {
    const clean = cleanPicture(jpeg(exif(1), segment(0xe2, bytes("ICC_PROFILE\0x")), segment(0xee, bytes("Adobe\0d"))));
    const kept = text(clean?.bytes ?? bytes());
    expect(kept).toContain("ICC_PROFILE");
    expect(kept).toContain("Adobe");
    expect(kept).not.toContain("Exif");
  });
});

test("PNG: text, time and Exif are cut out, what draws it stays", () => {
  const clean = cleanPicture(
    png(chunk("tEXt", bytes("Author\0me")), chunk("eXIf", bytes("MM secret")), chunk("sRGB", bytes([0])), chunk("tIME", bytes([7]))),
  );
  expect(clean?.media).toBe("image/png");
  expect(clean?.bytes).toEqual(png(chunk("sRGB", bytes([0]))));
});

test("WebP: Exif and XMP are cut out and no longer announced", () => {
  const clean = cleanPicture(
    riff(
      webpChunk("VP8X", bytes([0x0c, 0, 0, 0, 1, 0, 0, 1, 0, 0])),
      webpChunk("VP8 ", bytes([1, 2, 3])),
      webpChunk("EXIF", bytes("secret")),
      webpChunk("XMP ", bytes("more")),
    ),
  );
  expect(clean?.bytes).toEqual(riff(webpChunk("VP8X", bytes([0, 0, 0, 0, 1, 0, 0, 1, 0, 0])), webpChunk("VP8 ", bytes([1, 2, 3]))));
});

describe("what is refused", () => {
  test.each([
    ["nothing", bytes()],
    ["an SVG", bytes("<svg onload=alert(1)>")],
    ["HTML that begins like a GIF", bytes("GIF89a<script>")],
    ["a JPEG without a picture", bytes([0xff, 0xd8, 0xff, 0xd9])],
    ["a PNG that begins with another chunk", bytes("\u0089PNG\r\n\u001a\n", chunk("IDAT", bytes([1])), chunk("IEND", bytes()))],
    ["a WebP without a picture", riff(webpChunk("EXIF", bytes("x")))],
  ])("%s", (_name, given) => {
    expect(cleanPicture(given)).toBeNull();
  });
  test("every picture that ends early", () => {
    for (const whole of [jpeg(exif(6)).slice(0, -16), png(), riff(webpChunk("VP8 ", bytes([1, 2, 3, 4])))])
      for (let n = 0; n < whole.length - 1; n++) expect([n, cleanPicture(whole.slice(0, n))]).toEqual([n, null]);
  });
  test("any bytes at all neither throw nor hang", () => {
    const magic = fc.constantFrom(bytes([0xff, 0xd8, 0xff]), bytes("\u0089PNG\r\n\u001a\n"), bytes("RIFF\0\0\0\0WEBP"), bytes());
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const given = bytes(start, rest);
        const clean = cleanPicture(given);
        if (clean !== null) expect(mediaOf(clean.bytes)).toBe(clean.media);
      }),
    );
  });
});
