/** How often one may guess. */
import { isIP } from "node:net";

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
  /** Wrong attempts from one address within `windowMs`. */
  readonly each: number;
  /** From all addresses together. */
  readonly all: number;
  readonly windowMs: number;
}
export const ATTEMPTS: AttemptLimits = { each: 5, all: 100, windowMs: 60_000 };

/** Counts wrong attempts in a sliding window, and those under way as if they were wrong: guessing at once is guessing too. */
export const createAttempts = (limits: AttemptLimits, now: () => number) => {
  let wrong: { readonly key: string; readonly at: number }[] = [];
  const underWay = new Map<string, number>();
  const recent = (): typeof wrong => {
    const since = now() - limits.windowMs;
    wrong = wrong.filter(({ at }) => at > since);
    return wrong;
  };
  return {
    /** Seconds until this address may try again; 0 where it may now. */
    waitS(address: string): number {
      const key = callerKey(address);
      const all = recent();
      const own = all.filter((guess) => guess.key === key);
      const oldest = own.length >= limits.each ? own[0] : all.length >= limits.all ? all[0] : undefined;
      if (oldest !== undefined) return Math.max(1, Math.ceil((oldest.at + limits.windowMs - now()) / 1_000));
      return own.length + (underWay.get(key) ?? 0) >= limits.each ? 1 : 0;
    },
    /** One is under way; gives what ends it. */
    begin(address: string): () => void {
      const key = callerKey(address);
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      return () => {
        const left = (underWay.get(key) ?? 1) - 1;
        if (left > 0) underWay.set(key, left);
        else underWay.delete(key);
      };
    },
    wrong(address: string): void {
      recent().push({ key: callerKey(address), at: now() });
    },
  };
};
