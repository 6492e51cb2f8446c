/**
 * EIP-712 typed structured data: the digest that a wallet signs, and who signed it. Strict: a value that does not fit its type, a
 * member that is missing, or a type that is not declared is refused, never bent into shape.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { Refused } from "./refusal.ts";

export interface TypedMember {
  readonly name: string;
  readonly type: string;
}
/** Struct name → its members in order; `EIP712Domain` may be left out and is then read off the domain. */
export type TypedTypes = Readonly<Record<string, readonly TypedMember[]>>;
/** As `eth_signTypedData_v4` takes it. Integers as number, bigint, or decimal or 0x text; bytes and addresses as 0x text. */
export interface TypedData {
  readonly types: TypedTypes;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

const DOMAIN = "EIP712Domain";
/** In the order of the standard; those that the domain has make its type. */
const DOMAIN_MEMBERS: readonly TypedMember[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
];
/** Nobody's record is nested deeper; it would only exhaust the stack. */
const MOST_DEPTH = 64;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const refuse = (path: string, why: string): never => {
  throw new Refused("PAYLOAD_INVALID", `typed data: ${path} ${why}`);
};
const elementOf = (type: string): string => type.replace(/(\[\d*\])+$/, "");

/** Names of the structs that `name` is made of, itself first, the others in order of their names. */
const structsOf = (types: TypedTypes, name: string): string[] => {
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const members = Object.hasOwn(types, next) ? types[next] : undefined;
    if (members === undefined || found.has(next)) continue;
    found.add(next);
    open.push(...members.map(({ type }) => elementOf(type)));
  }
  found.delete(name);
  return [name, ...[...found].toSorted((a, b) => (a < b ? -1 : 1))];
};

/** `encodeType` of the standard, e.g. `Mail(Person from,Person to,string contents)Person(string name,address wallet)`. */
export const encodeType = (types: TypedTypes, primaryType: string): string => {
  if (!Object.hasOwn(types, primaryType)) refuse(primaryType, "is not a declared type");
  return structsOf(types, primaryType)
    .map((name) => `${name}(${(types[name] ?? []).map(({ type, name: member }) => `${type} ${member}`).join(",")})`)
    .join("");
};

const word = (value: bigint): Uint8Array => hexToBytes(BigInt.asUintN(256, value).toString(16).padStart(64, "0"));

const integerOf = (value: unknown, path: string): bigint => {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^(-?\d+|0x[0-9a-fA-F]+)$/.test(value)) return BigInt(value);
  return refuse(path, "is not an integer");
};
const bytesOf = (value: unknown, path: string): Uint8Array =>
  typeof value === "string" && /^0x([0-9a-fA-F]{2})*$/.test(value) ? hexToBytes(value.slice(2)) : refuse(path, "is not 0x and hex digits");

/** A value of a type that has no parts, as its 32 bytes. */
const encodeAtom = (type: string, value: unknown, path: string): Uint8Array => {
  if (type === "string") return keccak_256(utf8(typeof value === "string" ? value : refuse(path, "is not a text")));
  if (type === "bytes") return keccak_256(bytesOf(value, path));
  if (type === "bool") return word(typeof value === "boolean" ? BigInt(value) : refuse(path, "is neither true nor false"));
  if (type === "address") {
    const bytes = bytesOf(value, path);
    return bytes.length === 20 ? concatBytes(new Uint8Array(12), bytes) : refuse(path, "is not an address of 20 bytes");
  }
  const fixed = /^bytes([1-9]|[12]\d|3[0-2])$/.exec(type);
  if (fixed !== null) {
    const bytes = bytesOf(value, path);
    const size = Number(fixed[1]);
    return bytes.length === size ? concatBytes(bytes, new Uint8Array(32 - size)) : refuse(path, `has not ${size} bytes`);
  }
  const number = /^(u?)int(\d+)$/.exec(type);
  const bits = Number(number?.[2]);
  if (number === null || bits < 8 || bits > 256 || bits % 8 !== 0) return refuse(path, `has the unknown type ${type}`);
  const integer = integerOf(value, path);
  const fits = number[1] === "u" ? BigInt.asUintN(bits, integer) === integer : BigInt.asIntN(bits, integer) === integer;
  return fits ? word(integer) : refuse(path, `does not fit ${type}`);
};

const encodeValue = (types: TypedTypes, type: string, value: unknown, path: string, depth: number): Uint8Array => {
  if (depth > MOST_DEPTH) return refuse(path, `is nested deeper than ${MOST_DEPTH}`);
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) {
    if (!Array.isArray(value)) return refuse(path, "is not a list");
    if (array[2] !== "" && value.length !== Number(array[2])) return refuse(path, `has not ${array[2]} members`);
    return keccak_256(concatBytes(...value.map((one, i) => encodeValue(types, array[1] ?? "", one, `${path}[${i}]`, depth + 1))));
  }
  if (!Object.hasOwn(types, type)) return encodeAtom(type, value, path);
  // A struct may hold another of its kind; where that chain ends, wallets hash nothing as zero.
  return value === null ? new Uint8Array(32) : hashStructAt(types, type, value, path, depth + 1);
};

const hashStructAt = (types: TypedTypes, name: string, value: unknown, path: string, depth: number): Uint8Array => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(path, `is not a ${name}`);
  const words = (types[name] ?? []).map(({ name: member, type }) =>
    Object.hasOwn(value, member)
      ? encodeValue(types, type, (value as Record<string, unknown>)[member], `${path}.${member}`, depth)
      : refuse(`${path}.${member}`, "is missing"),
  );
  return keccak_256(concatBytes(keccak_256(utf8(encodeType(types, name))), ...words));
};

/** `hashStruct` of the standard: 32 bytes. Throws Refused PAYLOAD_INVALID naming the member that does not fit. */
export const hashStruct = (types: TypedTypes, name: string, value: unknown): Uint8Array => {
  if (!Object.hasOwn(types, name)) refuse(name, "is not a declared type");
  return hashStructAt(types, name, value, name, 0);
};

/** The domain's separator: `hashStruct` over the members that the domain has. */
export const domainSeparator = (domain: Readonly<Record<string, unknown>>, types: TypedTypes = {}): Uint8Array => {
  const members = Object.hasOwn(types, DOMAIN)
    ? (types[DOMAIN] ?? [])
    : DOMAIN_MEMBERS.filter(({ name }) => Object.hasOwn(domain, name) && domain[name] !== undefined);
  const stray = Object.keys(domain).find((name) => domain[name] !== undefined && !members.some((member) => member.name === name));
  if (stray !== undefined) refuse(`the domain's ${stray}`, "is not a member of EIP712Domain");
  return hashStruct({ ...types, [DOMAIN]: members }, DOMAIN, domain);
};

/** The digest that is signed (EIP-712): `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))`. Throws Refused PAYLOAD_INVALID. */
export const typedDataDigest = ({ types, primaryType, domain, message }: TypedData): Uint8Array =>
  keccak_256(
    concatBytes(
      Uint8Array.of(0x19, 0x01),
      domainSeparator(domain, types),
      ...(primaryType === DOMAIN ? [] : [hashStruct(types, primaryType, message)]),
    ),
  );

/** The address of an uncompressed public key, lower case. */
const addressOf = (publicKey: Uint8Array): `0x${string}` => `0x${bytesToHex(keccak_256(publicKey.slice(1)).slice(12))}`;

/**
 * Whose signature over a digest this is: an address in lower case, null where it is nobody's. `signature` is 0x and 65 bytes, r ‖ s ‖ v
 * with v 27 or 28 (or 0 or 1). The upper half of s is refused (EIP-2), so that a signature has one form only. Never throws.
 */
export const signerOf = (digest: Uint8Array, signature: string): `0x${string}` | null => {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return null;
  const bytes = hexToBytes(signature.slice(2));
  const v = bytes[64] ?? 0;
  const parity = v >= 27 ? v - 27 : v;
  if (parity > 1) return null;
  try {
    const whole = secp256k1.Signature.fromBytes(bytes.slice(0, 64), "compact").addRecoveryBit(parity);
    return whole.hasHighS() ? null : addressOf(whole.recoverPublicKey(digest).toBytes(false));
  } catch {
    return null;
  }
};

/** Signs a digest with a private key (32 bytes as 0x and hex), deterministically (RFC 6979): 0x and r ‖ s ‖ v. */
export const signDigest = (digest: Uint8Array, privateKey: `0x${string}`): `0x${string}` => {
  const signed = secp256k1.sign(digest, hexToBytes(privateKey.slice(2)), { prehash: false, format: "recovered" });
  return `0x${bytesToHex(signed.slice(1))}${(27 + (signed[0] ?? 0)).toString(16)}`;
};

/** The address that a private key signs as, lower case. */
export const addressOfKey = (privateKey: `0x${string}`): `0x${string}` =>
  addressOf(secp256k1.getPublicKey(hexToBytes(privateKey.slice(2)), false));
