/**
 * Web Push without a service of our own: a message is encrypted for one browser (RFC 8291, coding aes128gcm of RFC 8188) and signed with this
 * server's key (VAPID, RFC 8292), so that the browser's push service carries what it cannot read and knows who sent it.
 */
import { createCipheriv, createECDH, createHash, createPrivateKey, hkdfSync, randomBytes, sign, type ECDH } from "node:crypto";

/** A browser's own, base64url as browsers give them. */
export interface PushTarget {
  readonly endpoint: string;
  /** Its P-256 public key, uncompressed: 65 bytes. */
  readonly p256dh: string;
  /** 16 bytes. */
  readonly auth: string;
}
/** This server's P-256 keys, base64url. */
export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

const RECORD_BYTES = 4_096;
/** Of a record of 4,096 bytes that holds header (86), end mark and tag (17). */
export const MOST_PAYLOAD = RECORD_BYTES - 86 - 17;
const TOKEN_S = 12 * 3_600;

const of64 = (text: string): Buffer => Buffer.from(text, "base64url");
const expanded = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));
const infoOf = (coding: string): Buffer => Buffer.from(`Content-Encoding: ${coding}\0`, "latin1");

/** New keys of this server. */
export const newPushKeys = (): PushKeys => {
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  // 32 bytes always: a leading zero is left out of what ECDH gives.
  const privateKey = Buffer.concat([Buffer.alloc(32), keys.getPrivateKey()]).subarray(-32);
  return { publicKey: keys.getPublicKey().toString("base64url"), privateKey: privateKey.toString("base64url") };
};

const freshKeys = (): ECDH => {
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  return keys;
};

/** The body for one browser: header and one record. `fixed`: for the RFC's example. Throws where its keys are none, or the text is too long. */
export const encrypted = (
  text: string,
  { p256dh, auth }: Pick<PushTarget, "p256dh" | "auth">,
  fixed: { readonly keys: ECDH; readonly salt: Buffer } | null = null,
): Buffer => {
  const plain = Buffer.from(text);
  if (plain.length > MOST_PAYLOAD) throw new Error(`a push message has at most ${MOST_PAYLOAD} bytes`);
  const theirs = of64(p256dh);
  const keys = fixed?.keys ?? freshKeys();
  const salt = fixed?.salt ?? randomBytes(16);
  const ours = keys.getPublicKey();
  // RFC 8291, 3.4: both public keys stand in the info, so that the secret is good for these two alone.
  const info = Buffer.concat([Buffer.from("WebPush: info\0", "latin1"), theirs, ours]);
  const secret = expanded(keys.computeSecret(theirs), of64(auth), info, 32);
  const cipher = createCipheriv(
    "aes-128-gcm",
    expanded(secret, salt, infoOf("aes128gcm"), 16),
    expanded(secret, salt, infoOf("nonce"), 12),
  );
  const head = Buffer.alloc(21);
  salt.copy(head);
  head.writeUInt32BE(RECORD_BYTES, 16);
  head[20] = ours.length;
  // 2: the last record (RFC 8188, 2).
  return Buffer.concat([head, ours, cipher.update(plain), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]);
};

/** The Authorization header for one push service. `subject`: mailto: or https: of whoever runs this server. */
export const vapidHeader = (endpoint: string, { publicKey, privateKey }: PushKeys, subject: string, nowTs: number): string => {
  const point = of64(publicKey);
  const key = createPrivateKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      d: privateKey,
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    },
  });
  const json = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { aud: new URL(endpoint).origin, exp: Math.floor(nowTs / 1_000) + TOKEN_S, sub: subject };
  const signed = `${json({ typ: "JWT", alg: "ES256" })}.${json(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return `vapid t=${signed}.${signature}, k=${publicKey}`;
};

/** Messages of the same topic replace each other while the browser is away; at most 32 characters (RFC 8030, 5.4). */
export const topicOf = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 32);
