/** Who may come in. The same gate stands before HTTP and before the live feed. */
import { refusal, Refused, type Refusal } from "../../twin/refusal.ts";
import { hostRefusal, isFromHere, originRefusal, type Caller } from "./caller.ts";
import { ATTEMPTS, createAttempts, createSessions, sameSecret, SESSION_MS, type AttemptLimits } from "./sessions.ts";

export interface GateOptions {
  /** What callers from elsewhere must know. */
  readonly password: string;
  /** Host names under which the server may be called, besides localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** True where a caller needs no password. By default: the socket's other end is this machine and no proxy. */
  readonly isLocal?: (caller: Caller) => boolean;
  /** Adds Secure to the cookie: behind a proxy that speaks TLS. */
  readonly secureCookie?: boolean;
  readonly attempts?: AttemptLimits;
  /** ms UTC. */
  readonly now?: () => number;
}

export const COOKIE = "rigtwin_session";

const cookieIn = ({ headers }: Caller): string | null => {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === COOKIE) return pair.slice(at + 1).trim();
  }
  return null;
};

/** Gives the gate. Each `…Refusal` and `admits` answers null where the caller may pass. */
export const createGate = (options: GateOptions) => {
  const now = options.now ?? Date.now;
  const isLocal = options.isLocal ?? isFromHere;
  const allowed: ReadonlySet<string> = new Set(options.allowedHosts.map((name) => name.trim().toLowerCase()).filter((name) => name !== ""));
  const sessions = createSessions(now);
  const attempts = createAttempts(options.attempts ?? ATTEMPTS, now);

  /** Tells a right password from a wrong one, and counts the wrong ones. */
  const guess = (caller: Caller, password: string): Refusal | null => {
    const address = caller.socket.remoteAddress ?? "";
    const waitS = attempts.waitS(address);
    if (waitS > 0) return refusal("TOO_MANY_REQUESTS", `Too many wrong passwords; try again in ${waitS} s.`);
    if (sameSecret(password, options.password)) return null;
    attempts.wrong(address);
    return refusal("LOGIN_FAILED", "That is not the password printed at start.");
  };

  const cookie = (value: string, maxAgeS: number): string =>
    `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${options.secureCookie === true ? "; Secure" : ""}`;

  return {
    hostRefusal: (caller: Caller): Refusal | null => hostRefusal(caller, allowed),
    originRefusal,
    /** A caller of this machine, one with a session, or one that sends `Authorization: Bearer <password>` (scrapers, scripts). */
    admits(caller: Caller): Refusal | null {
      if (isLocal(caller)) return null;
      const token = cookieIn(caller);
      if (token !== null && sessions.has(token)) return null;
      const bearer = /^Bearer (.+)$/i.exec(caller.headers.authorization ?? "")?.[1];
      return bearer === undefined ? refusal("LOGIN_REQUIRED", "Log in with the password printed at start.") : guess(caller, bearer);
    },
    /** Gives the Set-Cookie of a new session. Throws Refused LOGIN_FAILED or TOO_MANY_REQUESTS. */
    login(caller: Caller, password: string): string {
      const refused = guess(caller, password);
      if (refused !== null) throw new Refused(refused.code, refused.detail);
      return cookie(sessions.open(), SESSION_MS / 1_000);
    },
    /** Ends the caller's session; gives the Set-Cookie that removes it. */
    logout(caller: Caller): string {
      const token = cookieIn(caller);
      if (token !== null) sessions.close(token);
      return cookie("", 0);
    },
  };
};
export type Gate = ReturnType<typeof createGate>;
