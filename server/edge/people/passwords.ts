/** Passwords as scrypt hashes (RFC 7914), with the cost in the text, so that it can be raised later. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}
/** OWASP's password storage cheat sheet: N = 2^15, r = 8, p = 3 takes 32 MiB and some tenths of a second. */
const COST: Cost = { N: 2 ** 15, r: 8, p: 3 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const MOST_AT_ONCE = 2;

const derive = (password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });

/** Each hash takes 32 MiB and a thread: a crowd at the door waits in line. */
const createLine = () => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
const inLine = createLine();

/** Gives `scrypt$N$r$p$salt$hash`, base64url. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(SALT_BYTES);
  const key = await inLine(() => derive(password, salt, COST));
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), key.toString("base64url")].join("$");
};

/** Something to compare with where there is no such person, so that the time of an answer tells nothing. */
const NOBODY = hashPassword(randomBytes(16).toString("hex"));

/** True where the password fits; `kept` null: always false, after the same time. */
export const fitsPassword = async (password: string, kept: string | null): Promise<boolean> => {
  const [, n, r, p, salt = "", hash = ""] = (kept ?? (await NOBODY)).split("$");
  const key = await inLine(() => derive(password, Buffer.from(salt, "base64url"), { N: Number(n), r: Number(r), p: Number(p) }));
  const expected = Buffer.from(hash, "base64url");
  return expected.length === key.length && timingSafeEqual(expected, key) && kept !== null;
};
