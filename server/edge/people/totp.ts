/** Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 s, as every authenticator app knows them. */
import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

const ISSUER = "Rigtwin";
const STEP_MS = 30_000;
/** Clocks of phones are off by a little: one step to either side. */
const WINDOW = 1;

const of = (secret: string, label: string): TOTP => new TOTP({ issuer: ISSUER, label, secret: Secret.fromBase32(secret) });

/** A new secret, base32, and the `otpauth://` address that an app reads as a QR code. */
export const newTotp = (name: string): { readonly secret: string; readonly uri: string } => {
  const secret = new Secret({ size: 20 }).base32;
  return { secret, uri: of(secret, name).toString() };
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const HALF = 5;

/** A code for whoever lost the app: ten letters of RFC 4648's base32, 50 bits, in two halves. */
export const newRecovery = (): string => {
  const letters = [...randomBytes(2 * HALF)].map((byte) => LETTERS[byte % LETTERS.length] ?? "").join("");
  return `${letters.slice(0, HALF)}-${letters.slice(HALF)}`;
};

/** The step a right code belongs to; null where it is wrong or its step is not after `usedStep` (a code opens once, RFC 6238 §5.2). */
export const totpStep = (secret: string, code: string, nowTs: number, usedStep: number): number | null => {
  const delta = of(secret, "").validate({ token: code, timestamp: nowTs, window: WINDOW });
  if (delta === null) return null;
  const step = Math.floor(nowTs / STEP_MS) + delta;
  return step > usedStep ? step : null;
};
