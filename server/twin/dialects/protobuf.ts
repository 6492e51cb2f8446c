/** The few wire forms of Protocol Buffers (protobuf.dev, "Encoding") that Sparkplug needs, read and written by hand: pure, and small. */

export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  readonly int: bigint;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/** The fields of a message, in order. Throws RangeError where the bytes are none. */
export const fieldsOf = (bytes: Uint8Array): Field[] => {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("a number is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError("a number is too long");
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw new RangeError("a field is cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint() & 0xffffffffn);
    const number = key >>> 3;
    const wire = key & 7;
    if (number === 0) throw new RangeError("a field has no number");
    if (wire === 0) fields.push({ number, wire, int: varint(), bytes: NOTHING });
    else if (wire === 1) fields.push({ number, wire, int: 0n, bytes: take(8) });
    else if (wire === 2) fields.push({ number, wire, int: 0n, bytes: take(Number(varint())) });
    else if (wire === 5) fields.push({ number, wire, int: 0n, bytes: take(4) });
    else throw new RangeError(`wire type ${wire} is not known`);
    if (fields.length > 100_000) throw new RangeError("too many fields");
  }
  return fields;
};

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const floatOf = (bytes: Uint8Array): number => view(bytes).getFloat32(0, true);
export const doubleOf = (bytes: Uint8Array): number => view(bytes).getFloat64(0, true);

const decoder = new TextDecoder();
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

const encoder = new TextEncoder();
const varintBytes = (value: bigint): number[] => {
  const out: number[] = [];
  let left = value;
  while (left >= 0x80n) {
    out.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  out.push(Number(left));
  return out;
};
/** A number's field. */
export const intField = (number: number, value: bigint): number[] => [...varintBytes(BigInt(number << 3)), ...varintBytes(value)];
/** A text's or message's field. */
export const bytesField = (number: number, value: string | readonly number[]): number[] => {
  const bytes = typeof value === "string" ? [...encoder.encode(value)] : value;
  return [...varintBytes(BigInt((number << 3) | 2)), ...varintBytes(BigInt(bytes.length)), ...bytes];
};
