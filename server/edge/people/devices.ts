/**
 * Passwords of devices, made here and long enough not to be guessed. Kept in the form of a Mosquitto password file (mosquitto_passwd(1),
 * version 7: PBKDF2 with SHA-512), so that the same credentials can be handed to an outside broker without knowing them.
 */
import { pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const ITERATIONS = 101;
const KEY_BYTES = 64;

const derive = (password: string, salt: Buffer, iterations: number): Buffer => pbkdf2Sync(password, salt, iterations, KEY_BYTES, "sha512");

/** 32 bytes of chance: the work of PBKDF2 is not what protects it. */
export const newDevicePassword = (): string => randomBytes(32).toString("base64url");

/** Gives `$7$iterations$salt$hash`. */
export const hashDevicePassword = (password: string): string => {
  const salt = randomBytes(12);
  return `$7$${ITERATIONS}$${salt.toString("base64")}$${derive(password, salt, ITERATIONS).toString("base64")}`;
};

export const fitsDevicePassword = (password: string, kept: string): boolean => {
  const [, , iterations, salt = "", hash = ""] = kept.split("$");
  const expected = Buffer.from(hash, "base64");
  const given = derive(password, Buffer.from(salt, "base64"), Number(iterations));
  return expected.length === given.length && timingSafeEqual(expected, given);
};
