/** Who may come in, and what for. The same gate stands before HTTP and before the live feed. */
import { refusal, Refused, type Refusal } from "../../twin/refusal.ts";
import { may, type Principal, type Role } from "../../twin/rights.ts";
import { hostRefusal, isFromHere, originRefusal, type Caller } from "./caller.ts";
import { ATTEMPTS, createAttempts, type AttemptLimits } from "./attempts.ts";

/** Whoever a secret belongs to; each answer is fresh, so that what was revoked opens nothing from then on. */
export interface Door {
  readonly bySession: (secret: string) => Principal | null;
  readonly byToken: (secret: string) => Principal | null;
}

export interface GateOptions {
  readonly door: Door;
  /** What a caller of this machine is without logging in; null: nobody. */
  readonly localRole: Role | null;
  /** Host names under which the server may be called, besides localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** True where the socket's other end is this machine and no proxy. */
  readonly isLocal?: (caller: Caller) => boolean;
  /** Adds Secure to the cookie: where the browser speaks TLS. */
  readonly secureCookie?: boolean;
  readonly attempts?: AttemptLimits;
  /** ms UTC. */
  readonly now?: () => number;
}

export const COOKIE = "rigtwin_session";
const COOKIE_S = 12 * 3_600;

export const sessionIn = ({ headers }: Caller): string | null => {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === COOKIE) return pair.slice(at + 1).trim();
  }
  return null;
};

/** Gives the gate. Each `…Refusal` answers null where the caller may pass. */
export const createGate = (options: GateOptions) => {
  const now = options.now ?? Date.now;
  const isLocal = options.isLocal ?? isFromHere;
  const allowed: ReadonlySet<string> = new Set(options.allowedHosts.map((name) => name.trim().toLowerCase()).filter((name) => name !== ""));
  const attempts = createAttempts(options.attempts ?? ATTEMPTS, now);
  const local: Principal | null =
    options.localRole === null ? null : { person: null, key: null, name: "local", role: options.localRole, scopes: null };

  const addressOf = ({ socket }: Caller): string => socket.remoteAddress ?? "";
  const tooMany = (caller: Caller): Refusal | null => {
    const waitS = attempts.waitS(addressOf(caller));
    return waitS === 0 ? null : refusal("TOO_MANY_REQUESTS", `Too many wrong attempts; try again in ${waitS} s.`);
  };
  const bearerIn = ({ headers }: Caller): string | null => /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? null;

  /** Who asks. A wrong token is a guess and is counted; it is refused rather than read as nobody, so that its owner learns of it. */
  const whoIs = (caller: Caller): { readonly who: Principal | null; readonly refused: Refusal | null } => {
    const bearer = bearerIn(caller);
    if (bearer !== null) {
      const late = tooMany(caller);
      if (late !== null) return { who: null, refused: late };
      const who = options.door.byToken(bearer);
      if (who === null) attempts.wrong(addressOf(caller));
      return { who, refused: who === null ? refusal("LOGIN_FAILED", "That token opens nothing, or no longer.") : null };
    }
    const secret = sessionIn(caller);
    const who = secret === null ? null : options.door.bySession(secret);
    return { who: who ?? (isLocal(caller) ? local : null), refused: null };
  };

  return {
    hostRefusal: (caller: Caller): Refusal | null => hostRefusal(caller, allowed),
    originRefusal,
    /** Who asks, null for nobody in particular. */
    principal: (caller: Caller): Principal | null => whoIs(caller).who,
    /** Whether the caller may do `right` (rights.ts); `changes`: it alters something. */
    admits(caller: Caller, right: string, changes: boolean): Refusal | null {
      if (may(null, right, changes)) return null;
      const { who, refused } = whoIs(caller);
      if (refused !== null) return refused;
      if (who === null) return refusal("LOGIN_REQUIRED", "Log in first.");
      return may(who, right, changes)
        ? null
        : refusal("FORBIDDEN", `${who.role === "investor" ? "An" : "The role"} ${who.role} may not do this.`);
    },
    /** Lets `prove` tell whether somebody is who they say; wrong proofs are counted. Gives the Set-Cookie. Throws LOGIN_FAILED, TOO_MANY_REQUESTS. */
    async enter(caller: Caller, prove: () => Promise<string | null>): Promise<string> {
      const late = tooMany(caller);
      if (late !== null) throw new Refused(late.code, late.detail);
      const release = attempts.begin(addressOf(caller));
      const secret = await prove().finally(release);
      if (secret === null) {
        attempts.wrong(addressOf(caller));
        throw new Refused("LOGIN_FAILED", "Name, password or code is wrong.");
      }
      return `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${COOKIE_S}${options.secureCookie === true ? "; Secure" : ""}`;
    },
    /** The Set-Cookie that removes it. */
    leave: (): string => `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0${options.secureCookie === true ? "; Secure" : ""}`,
  };
};
export type Gate = ReturnType<typeof createGate>;
