/** Who is at an address: what answers there says which firmware it may be, and reading it says whether it is. */
import { readAnswers, type Read } from "../twin/formats/index.ts";
import { createLink, type Ports } from "./ask/link.ts";
import { knock } from "./ask/tcp.ts";
import type { Credentials } from "./ask/http.ts";
import type { Answers, Driver, Evidence, Link, Session } from "./drivers/driver.ts";
import { DRIVERS, driverOf } from "./drivers/index.ts";

export interface IdentifyNeeds {
  readonly ports: Ports;
  /** For a connection, ms. */
  readonly connectMs: number;
  /** For a question, ms. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly credentialsOf: (driver: Driver, host: string) => Credentials;
}

export interface Found {
  readonly host: string;
  readonly driver: Driver;
  readonly session: Session;
  readonly answers: Answers;
  readonly read: Read & { readonly format: string };
}

const evidenceAt = async (link: Link, { ports, connectMs }: IdentifyNeeds): Promise<Evidence | null> => {
  const [rpc, framed, web] = await Promise.all([ports.rpc, ports.framed, ports.web].map((port) => knock(link.host, port, connectMs)));
  const [rpcOpen, framedOpen, webOpen] = [rpc === "open", framed === "open", web === "open"];
  if (!rpcOpen && !framedOpen && !webOpen) return null;
  const [version, page] = await Promise.all([
    rpcOpen ? link.rpc("version").catch(() => "") : "",
    webOpen ? link.http({ path: "/" }).catch(() => null) : null,
  ]);
  return { rpcOpen, framedOpen, webOpen, version, web: page };
};

/** Who it is stands in one answer of several: where that one was lost it is asked again. */
const readWhole = async (session: Session): Promise<Answers | null> => {
  const all: Record<string, unknown> = {};
  for (let attempt = 0; attempt < 3; attempt++) {
    const told = await session.read("whole").catch(() => null);
    if (told === null) continue;
    Object.assign(all, told);
    const read = readAnswers(all);
    if ("code" in read || read.identity.mac !== null || read.format === "cgminer") break;
  }
  return Object.keys(all).length === 0 ? null : all;
};

/** So many drivers are tried at one address; more would be guessing. */
const MOST_TRIES = 5;

/** Something listens there that could not be read. */
export const UNREAD = "unread";

/**
 * Finds out what stands at `host`: gives null where nothing listens, UNREAD where nothing could be read of what does. `first`: the driver that was
 * right last time. Never throws.
 */
export const identify = async (host: string, needs: IdentifyNeeds, first: Driver | null = null): Promise<Found | typeof UNREAD | null> => {
  const link = createLink(host, needs.ports, needs.timeoutMs, needs.now);
  const seen = await evidenceAt(link, needs);
  if (seen === null) return null;
  const claims = DRIVERS.map((driver) => ({ driver, points: driver.claims(seen) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points);
  const queue = [...new Set([...(first === null ? [] : [first]), ...claims.map(({ driver }) => driver)])].slice(0, MOST_TRIES);
  const tried = new Set<Driver>();
  let second: Found | null = null;
  for (let driver = queue.shift(); driver !== undefined; driver = queue.shift()) {
    if (tried.has(driver)) continue;
    tried.add(driver);
    const session = driver.open(link, needs.credentialsOf(driver, host));
    const answers = await readWhole(session);
    if (answers === null) continue;
    const read = readAnswers(answers);
    if ("code" in read) continue;
    const found: Found = { host, driver, session, answers, read };
    if (read.format === driver.format) return found;
    second ??= found;
    const right = driverOf(read.format);
    if (right !== null && !tried.has(right)) queue.unshift(right);
  }
  return second ?? UNREAD;
};
