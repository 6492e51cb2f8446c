/** People at the door: who they are, how they prove it, and what ends it. Every act of weight goes into the audit. */
import { DAY_MS } from "../twin/days.ts";
import { Refused } from "../twin/refusal.ts";
import type { Principal, Role, Scope } from "../twin/rights.ts";
import type { Clock } from "./clock.ts";

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly password: string | null;
  readonly totp: string | null;
  readonly totpStep: number;
  readonly wallet: string | null;
  readonly createdTs: number;
  readonly disabledTs: number | null;
}
export interface Session {
  readonly hash: string;
  readonly id: string;
  readonly person: number;
  readonly createdTs: number;
  readonly seenTs: number;
  readonly untilTs: number;
  readonly address: string;
  readonly agent: string;
}
export interface Token {
  readonly hash: string;
  readonly id: string;
  readonly person: number;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdTs: number;
  readonly untilTs: number;
  readonly usedTs: number | null;
}

export interface PeopleNeeds {
  readonly clock: Pick<Clock, "now">;
  readonly store: {
    readonly person: (id: number) => Person | null;
    readonly personByName: (name: string) => Person | null;
    readonly personByWallet: (wallet: string) => Person | null;
    readonly people: () => readonly Person[];
    readonly addPerson: (name: string, role: Role, password: string | null, wallet: string | null, nowTs: number) => number;
    readonly setPerson: (person: Person) => void;
    readonly session: (hash: string) => Session | null;
    readonly sessionsOf: (person: number, nowTs: number) => readonly Session[];
    readonly addSession: (session: Session) => void;
    readonly seeSession: (hash: string, nowTs: number) => void;
    readonly endSession: (id: string, person: number) => boolean;
    readonly endSessions: (person: number) => void;
    readonly token: (hash: string) => Token | null;
    readonly tokensOf: (person: number) => readonly Token[];
    readonly addToken: (token: Omit<Token, "usedTs">) => void;
    readonly useToken: (hash: string, nowTs: number) => void;
    readonly endToken: (id: string, person: number) => boolean;
    readonly setRecovery: (person: number, hashes: readonly string[]) => void;
    readonly useRecovery: (person: number, hash: string) => boolean;
    readonly recoveryLeft: (person: number) => number;
  };
  /** Something nobody can guess, base64url. */
  readonly secret: () => string;
  readonly digest: (secret: string) => string;
  readonly hashPassword: (password: string) => Promise<string>;
  readonly fitsPassword: (password: string, kept: string | null) => Promise<boolean>;
  /** Why a password is not taken. */
  readonly weakness: (password: string) => string | null;
  /** Like `abcde-fghij`, 50 bits of chance. */
  readonly newRecovery: () => string;
  readonly newTotp: (name: string) => { readonly secret: string; readonly uri: string };
  readonly totpStep: (secret: string, code: string, nowTs: number, usedStep: number) => number | null;
  readonly nonceIn: (message: string) => string | null;
  readonly walletOf: (
    message: string,
    signature: `0x${string}`,
    expects: { readonly domain: string; readonly nonce: string; readonly nowTs: number },
  ) => Promise<string | null>;
  readonly audit: (who: string, what: string, detail: Readonly<Record<string, unknown>>, address: string) => void;
}

export interface From {
  /** Of the socket's other end. */
  readonly address: string;
  readonly agent: string;
}

export const SESSION_MS = 12 * 3_600_000;
const SEEN_MS = 60_000;
const NONCE_MS = 10 * 60_000;
const MOST_NONCES = 10_000;
const MOST_TOKENS = 50;
const MOST_TOKEN_DAYS = 400;
const RECOVERY_CODES = 10;
const WRONG = "Name, password or code is wrong.";

export type People = ReturnType<typeof createPeople>;

export const createPeople = (needs: PeopleNeeds) => {
  const { store, clock, digest } = needs;
  /** Nonces of wallets that were asked to sign, and until when. */
  const nonces = new Map<string, number>();
  /** A second factor that was shown and not confirmed yet. */
  const pendingTotp = new Map<number, string>();

  const principalOf = ({ id, name, role }: Person, scopes: readonly Scope[] | null, key: string): Principal => ({
    person: id,
    key,
    name,
    role,
    scopes,
  });
  const active = (id: number): Person | null => {
    const person = store.person(id);
    return person === null || person.disabledTs !== null ? null : person;
  };
  const known = (id: number): Person => {
    const person = store.person(id);
    if (person === null) throw new Refused("NOT_FOUND", "There is no such person.");
    return person;
  };
  const strong = (password: string): void => {
    const weak = needs.weakness(password);
    if (weak !== null) throw new Refused("REQUEST_INVALID", `The password ${weak}.`);
  };
  const open = (person: Person, { address, agent }: From): string => {
    const nowTs = clock.now();
    const secret = needs.secret();
    store.addSession({
      hash: digest(secret),
      id: needs.secret().slice(0, 12),
      person: person.id,
      createdTs: nowTs,
      seenTs: nowTs,
      untilTs: nowTs + SESSION_MS,
      address,
      agent: agent.slice(0, 200),
    });
    return secret;
  };

  /** Which one a code was; each opens once. null: neither. */
  const secondFactor = (person: Person, secret: string, code: string): "app" | "recovery" | null => {
    if (code.includes("-")) return store.useRecovery(person.id, digest(code)) ? "recovery" : null;
    const step = needs.totpStep(secret, code, clock.now(), person.totpStep);
    if (step === null) return null;
    store.setPerson({ ...person, totpStep: step });
    return "app";
  };
  /** In this order: a server that is killed in between must not leave anybody in by the password of before. */
  const changeAndEnd = (after: Person): void => {
    store.endSessions(after.id);
    store.setPerson(after);
  };
  /** The last admin cannot be taken away: nobody could let anybody in again. */
  const keepsAnAdmin = (but: number): void => {
    if (!store.people().some(({ id, role, disabledTs }) => id !== but && role === "admin" && disabledTs === null))
      throw new Refused("FORBIDDEN", "This is the only admin; make another one first.");
  };

  return {
    /** Whose session or token a secret opens; null where it opens nothing, any more. */
    bySession(secret: string): Principal | null {
      const nowTs = clock.now();
      const session = store.session(digest(secret));
      if (session === null || session.untilTs <= nowTs) return null;
      const person = active(session.person);
      if (person === null) return null;
      if (nowTs - session.seenTs > SEEN_MS) store.seeSession(session.hash, nowTs);
      return principalOf(person, null, session.id);
    },
    byToken(secret: string): Principal | null {
      const nowTs = clock.now();
      const token = store.token(digest(secret));
      if (token === null || token.untilTs <= nowTs) return null;
      const person = active(token.person);
      if (person === null) return null;
      if (nowTs - (token.usedTs ?? 0) > SEEN_MS) store.useToken(token.hash, nowTs);
      return principalOf(person, token.scopes, token.id);
    },

    /** Gives the secret of a new session, null where name, password or code do not fit together. */
    async login(name: string, password: string, code: string | null, from: From): Promise<string | null> {
      const person = store.personByName(name);
      const fits = await needs.fitsPassword(password, person?.disabledTs === null ? person.password : null);
      if (!fits || person === null) {
        needs.audit(name.slice(0, 64), "login-failed", {}, from.address);
        return null;
      }
      const factor = person.totp === null ? "none" : secondFactor(person, person.totp, code ?? "");
      if (factor === null) {
        needs.audit(name, "login-failed", { factor: "code" }, from.address);
        return null;
      }
      needs.audit(name, "login", factor === "recovery" ? { factor } : {}, from.address);
      return open(person, from);
    },
    logout(secret: string, from: From): void {
      const session = store.session(digest(secret));
      if (session === null) return;
      store.endSession(session.id, session.person);
      needs.audit(store.person(session.person)?.name ?? "", "logout", {}, from.address);
    },

    /** A nonce for a wallet to sign, good once and for ten minutes. */
    nonce(): string {
      const nowTs = clock.now();
      for (const [nonce, untilTs] of nonces) if (untilTs <= nowTs || nonces.size >= MOST_NONCES) nonces.delete(nonce);
      // EIP-4361 wants letters and digits only.
      const nonce = needs.secret().replace(/[^A-Za-z0-9]/g, "0");
      nonces.set(nonce, nowTs + NONCE_MS);
      return nonce;
    },
    /** Gives the secret of a new session for whoever holds the key; a wallet that nobody named becomes an investor, who sees twins. */
    async walletLogin(message: string, signature: `0x${string}`, domain: string, from: From): Promise<string | null> {
      const nowTs = clock.now();
      const nonce = needs.nonceIn(message);
      const untilTs = nonce === null ? undefined : nonces.get(nonce);
      if (nonce === null || untilTs === undefined || untilTs <= nowTs) return null;
      nonces.delete(nonce);
      const wallet = await needs.walletOf(message, signature, { domain, nonce, nowTs });
      if (wallet === null) {
        needs.audit("", "wallet-login-failed", {}, from.address);
        return null;
      }
      const found = store.personByWallet(wallet);
      if (found !== null && found.disabledTs !== null) return null;
      const person = found ?? known(store.addPerson(`wallet-${wallet.slice(2, 12)}`, "investor", null, wallet, nowTs));
      needs.audit(person.name, "wallet-login", {}, from.address);
      return open(person, from);
    },

    person: known,
    people: store.people,
    /** Where nobody is known yet, makes the first admin and gives true. Sets the password where one is given. */
    async first(password: string, always: boolean): Promise<boolean> {
      const admin = store.personByName("admin");
      if (admin === null && store.people().length > 0) return false;
      if (admin === null) {
        store.addPerson("admin", "admin", await needs.hashPassword(password), null, clock.now());
        needs.audit("rigtwin", "person-added", { name: "admin", role: "admin" }, "");
        return true;
      }
      if (!always || (await needs.fitsPassword(password, admin.password))) return false;
      changeAndEnd({ ...admin, password: await needs.hashPassword(password), disabledTs: null });
      needs.audit("rigtwin", "password-changed", { name: "admin", by: "the setting PASSWORD" }, "");
      return false;
    },
    async add(by: Principal, name: string, role: Role, password: string | null, wallet: string | null, from: From): Promise<Person> {
      if (store.personByName(name) !== null) throw new Refused("REQUEST_INVALID", `There is a person called ${name} already.`);
      if (wallet !== null && store.personByWallet(wallet.toLowerCase()) !== null)
        throw new Refused("REQUEST_INVALID", "That wallet belongs to somebody already.");
      if (password === null && wallet === null) throw new Refused("REQUEST_INVALID", "A person needs a password or a wallet to come in.");
      if (password !== null) strong(password);
      const kept = password === null ? null : await needs.hashPassword(password);
      const person = known(store.addPerson(name, role, kept, wallet?.toLowerCase() ?? null, clock.now()));
      needs.audit(by.name, "person-added", { name, role, wallet: wallet !== null }, from.address);
      return person;
    },
    /** Changes role, password or whether somebody may come in at all; sessions of whoever it was end. */
    async change(
      by: Principal,
      id: number,
      news: {
        readonly role?: Role | undefined;
        readonly password?: string | undefined;
        readonly disabled?: boolean | undefined;
        readonly resetTotp?: boolean | undefined;
      },
      from: From,
    ): Promise<Person> {
      const before = known(id);
      if ((news.role !== undefined && news.role !== "admin") || news.disabled === true) if (before.role === "admin") keepsAnAdmin(id);
      if (news.password !== undefined) strong(news.password);
      const after: Person = {
        ...before,
        role: news.role ?? before.role,
        password: news.password === undefined ? before.password : await needs.hashPassword(news.password),
        totp: news.resetTotp === true ? null : before.totp,
        disabledTs: news.disabled === undefined ? before.disabledTs : news.disabled ? (before.disabledTs ?? clock.now()) : null,
      };
      changeAndEnd(after);
      if (after.totp === null) store.setRecovery(id, []);
      needs.audit(
        by.name,
        "person-changed",
        {
          name: before.name,
          role: after.role,
          disabled: after.disabledTs !== null,
          password: news.password !== undefined,
          totp: after.totp !== null,
        },
        from.address,
      );
      return after;
    },
    /** One's own; other sessions end. Throws LOGIN_FAILED where the old one is wrong. */
    async changePassword(id: number, old: string, fresh: string, from: From): Promise<void> {
      const person = known(id);
      if (!(await needs.fitsPassword(old, person.password))) throw new Refused("LOGIN_FAILED", "The old password is wrong.");
      strong(fresh);
      changeAndEnd({ ...person, password: await needs.hashPassword(fresh) });
      needs.audit(person.name, "password-changed", { name: person.name }, from.address);
    },

    recoveryLeft: store.recoveryLeft,
    sessions: (id: number) => store.sessionsOf(id, clock.now()),
    endSession(id: number, session: string, from: From): void {
      if (!store.endSession(session, id)) throw new Refused("NOT_FOUND", "There is no such session of yours.");
      needs.audit(known(id).name, "session-ended", { session }, from.address);
    },

    tokens: (id: number) => store.tokensOf(id),
    /** Gives the token, which is shown this once. */
    addToken(
      id: number,
      name: string,
      scopes: readonly Scope[],
      days: number,
      from: From,
    ): { readonly secret: string; readonly token: Token } {
      if (store.tokensOf(id).length >= MOST_TOKENS)
        throw new Refused("REQUEST_INVALID", `${MOST_TOKENS} tokens are the most; end one first.`);
      const nowTs = clock.now();
      const secret = `rtw_${needs.secret()}`;
      const token: Token = {
        hash: digest(secret),
        id: needs.secret().slice(0, 12),
        person: id,
        name,
        scopes,
        createdTs: nowTs,
        untilTs: nowTs + Math.min(days, MOST_TOKEN_DAYS) * DAY_MS,
        usedTs: null,
      };
      store.addToken(token);
      needs.audit(known(id).name, "token-added", { name, scopes, days }, from.address);
      return { secret, token };
    },
    endToken(id: number, token: string, from: From): void {
      if (!store.endToken(token, id)) throw new Refused("NOT_FOUND", "There is no such token of yours.");
      needs.audit(known(id).name, "token-ended", { token }, from.address);
    },

    /** A secret for an authenticator app; it counts once a code of it was given. */
    startTotp(id: number): { readonly secret: string; readonly uri: string } {
      const made = needs.newTotp(known(id).name);
      pendingTotp.set(id, made.secret);
      return made;
    },
    /** Gives recovery codes, which are shown this once. */
    confirmTotp(id: number, code: string, from: From): readonly string[] {
      const person = known(id);
      const secret = pendingTotp.get(id);
      const step = secret === undefined ? null : needs.totpStep(secret, code, clock.now(), 0);
      if (secret === undefined || step === null) throw new Refused("LOGIN_FAILED", "That is not the code the app shows now.");
      pendingTotp.delete(id);
      const recovery = Array.from({ length: RECOVERY_CODES }, needs.newRecovery);
      store.setPerson({ ...person, totp: secret, totpStep: step });
      store.setRecovery(id, recovery.map(digest));
      needs.audit(person.name, "totp-on", {}, from.address);
      return recovery;
    },
    async endTotp(id: number, password: string, from: From): Promise<void> {
      const person = known(id);
      if (!(await needs.fitsPassword(password, person.password))) throw new Refused("LOGIN_FAILED", WRONG);
      store.setPerson({ ...person, totp: null });
      store.setRecovery(id, []);
      needs.audit(person.name, "totp-off", {}, from.address);
    },
  };
};
