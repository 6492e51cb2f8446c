/** What stands behind the door's routes: people, devices and audit as the API shows them, without anything that opens a door. */
import type { z } from "zod";
import type * as access from "../twin/access.ts";
import type { AuditLine } from "../twin/audit.ts";
import { Refused } from "../twin/refusal.ts";
import { may, RIGHTS, type Principal } from "../twin/rights.ts";
import type { Devices } from "./devices.ts";
import type { From, People, Person, Token } from "./people.ts";

export interface AccessNeeds {
  readonly people: People;
  readonly devices: Devices;
  readonly audit: {
    readonly newest: (most: number) => readonly AuditLine[];
    readonly all: () => Iterable<readonly { readonly bytes: string; readonly hash: string }[]>;
  };
  /** Tokens a wallet holds, as the chain says now. */
  readonly ownedBy: (wallet: string) => Promise<readonly { readonly tokenId: number; readonly rig: string }[]>;
}
type Said<T extends z.ZodType> = z.infer<T>;

const personShown = ({ id, name, role, wallet, password, totp, createdTs, disabledTs }: Person) => ({
  id,
  name,
  role,
  wallet,
  password: password !== null,
  totp: totp !== null,
  createdTs,
  disabledTs,
});
const tokenShown = ({ id, name, scopes, createdTs, untilTs, usedTs }: Token) => ({
  id,
  name,
  scopes: [...scopes],
  createdTs,
  untilTs,
  usedTs,
});

/** Whoever has an account; a caller that is let in only because it is on this machine has none. */
const accountOf = ({ person }: Principal): number => {
  if (person === null) throw new Refused("LOGIN_REQUIRED", "That belongs to an account: log in first.");
  return person;
};

export const accessHandlers = ({ people, devices, audit, ownedBy }: AccessNeeds) => ({
  login: ({ name, password, code }: Said<typeof access.login>, from: From) => people.login(name, password, code ?? null, from),
  logout: people.logout,
  nonce: people.nonce,
  walletLogin: ({ message, signature }: Said<typeof access.walletLogin>, domain: string, from: From) =>
    people.walletLogin(message, signature as `0x${string}`, domain, from),
  me: (who: Principal | null) => {
    const person = who === null || who.person === null ? null : people.person(who.person);
    return {
      name: who?.name ?? null,
      role: who?.role ?? ("public" as const),
      rights: Object.keys(RIGHTS).filter((right) => may(who, right, true) || may(who, right, false)),
      wallet: person?.wallet ?? null,
      totp: person !== null && person.totp !== null,
      recoveryLeft: person === null ? 0 : people.recoveryLeft(person.id),
      local: who !== null && who.person === null,
    };
  },
  ownTwins: async (who: Principal) => {
    const wallet = who.person === null ? null : people.person(who.person).wallet;
    return { wallet, twins: wallet === null ? [] : [...(await ownedBy(wallet))] };
  },
  changePassword: (who: Principal, { old, fresh }: Said<typeof access.newPassword>, from: From) =>
    people.changePassword(accountOf(who), old, fresh, from),
  sessions: (who: Principal) => ({
    sessions: people.sessions(accountOf(who)).map(({ id, createdTs, seenTs, untilTs, address, agent }) => ({
      id,
      createdTs,
      seenTs,
      untilTs,
      address,
      agent,
      current: id === who.key,
    })),
  }),
  endSession: (who: Principal, id: string, from: From) => people.endSession(accountOf(who), id, from),
  tokens: (who: Principal) => ({ tokens: people.tokens(accountOf(who)).map(tokenShown) }),
  addToken: (who: Principal, { name, scopes, days }: Said<typeof access.newToken>, from: From) => {
    // A token that makes tokens would outlive its own end.
    if (who.scopes !== null) throw new Refused("FORBIDDEN", "A token does not make tokens.");
    const { secret, token } = people.addToken(accountOf(who), name, scopes, days, from);
    return { ...tokenShown(token), secret };
  },
  endToken: (who: Principal, id: string, from: From) => people.endToken(accountOf(who), id, from),
  startTotp: (who: Principal) => people.startTotp(accountOf(who)),
  confirmTotp: (who: Principal, code: string, from: From) => ({ recovery: [...people.confirmTotp(accountOf(who), code, from)] }),
  endTotp: (who: Principal, password: string, from: From) => people.endTotp(accountOf(who), password, from),
  people: () => ({ people: people.people().map(personShown) }),
  addPerson: async (who: Principal, { name, role, password, wallet }: Said<typeof access.newPerson>, from: From) =>
    personShown(await people.add(who, name, role, password ?? null, wallet ?? null, from)),
  changePerson: async (who: Principal, person: number, news: Said<typeof access.personNews>, from: From) =>
    personShown(await people.change(who, person, news, from)),
  devices: () => ({ devices: devices.list().map((device) => ({ ...device, topics: [...device.topics] })) }),
  addDevice: (who: Principal, { name, topics }: Said<typeof access.newDevice>, from: From) => {
    const device = devices.add(who.name, name, topics, from);
    return { ...device, topics: [...device.topics] };
  },
  rotateDevice: (who: Principal, name: string, from: From) => {
    const device = devices.rotate(who.name, name, from);
    return { ...device, topics: [...device.topics] };
  },
  endDevice: (who: Principal, name: string, from: From) => devices.end(who.name, name, from),
  deviceRules: ({ broker, file }: Said<typeof access.rulesQuery>) => devices.rules(broker, file),
  audit: (limit: number) => ({ lines: audit.newest(limit).map((line) => ({ ...line })) }),
  auditLines: audit.all,
});
