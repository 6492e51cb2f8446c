/** Who has given the password: sessions, and how often one may guess. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Equal or not, in a time that tells neither content nor length. */
export const sameSecret = (given: string, secret: string): boolean => timingSafeEqual(digest(given), digest(secret));

/** IPv6 callers own at least a /64: its first half is the caller. */
const callerKey = (address: string): string => {
  const plain = address.replace(/^::ffff:/i, "");
  if (isIP(plain) !== 6) return plain;
  const [head = "", tail = ""] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const zeros = plain.includes("::") ? Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0") : [];
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
};

export interface AttemptLimits {
  /** Wrong passwords from one address within `windowMs`. */
  readonly each: number;
  /** From all addresses together. */
  readonly all: number;
  readonly windowMs: number;
}
export const ATTEMPTS: AttemptLimits = { each: 5, all: 100, windowMs: 60_000 };

/** Counts wrong guesses in a sliding window. */
export const createAttempts = (limits: AttemptLimits, now: () => number) => {
  let wrong: { readonly key: string; readonly at: number }[] = [];
  const recent = (): typeof wrong => {
    const since = now() - limits.windowMs;
    wrong = wrong.filter(({ at }) => at > since);
    return wrong;
  };
  return {
    /** Seconds until this address may guess again; 0 where it may now. */
    waitS(address: string): number {
      const key = callerKey(address);
      const all = recent();
      const own = all.filter((guess) => guess.key === key);
      const oldest = own.length >= limits.each ? own[0] : all.length >= limits.all ? all[0] : undefined;
      return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest.at + limits.windowMs - now()) / 1_000));
    },
    wrong(address: string): void {
      recent().push({ key: callerKey(address), at: now() });
    },
  };
};

export const SESSION_MS = 12 * 3_600_000;
const MOST_SESSIONS = 1_000;

/** Sessions by the hash of their token, so that a look into memory gives nobody a cookie. They end with the process. */
export const createSessions = (now: () => number) => {
  const untilTs = new Map<string, number>();
  const keyOf = (token: string): string => digest(token).toString("base64");
  return {
    open(): string {
      const token = randomBytes(32).toString("base64url");
      const oldest = untilTs.size >= MOST_SESSIONS ? untilTs.keys().next().value : undefined;
      if (oldest !== undefined) untilTs.delete(oldest);
      untilTs.set(keyOf(token), now() + SESSION_MS);
      return token;
    },
    has(token: string): boolean {
      const key = keyOf(token);
      const until = untilTs.get(key);
      if (until !== undefined && until <= now()) untilTs.delete(key);
      return until !== undefined && until > now();
    },
    close(token: string): void {
      untilTs.delete(keyOf(token));
    },
  };
};
