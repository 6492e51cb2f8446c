/** Looks for machines: through the given addresses, many at a time, again every few minutes; and wherever mDNS hears of one. */
import type { Driver } from "./drivers/driver.ts";
import { driverOf } from "./drivers/index.ts";
import { UNREAD, type Found } from "./identify.ts";
import type { Listed } from "./ranges.ts";

export interface DiscoveryNeeds {
  /** Addresses looked at, at the same time. */
  readonly concurrency: number;
  readonly identify: (host: string, first: Driver | null) => Promise<Found | typeof UNREAD | null>;
  readonly knows: (host: string) => boolean;
  readonly onFound: (found: Found, listed: Listed | null) => void;
}

/** A machine that is busy, or loses an answer, is asked so often in one search. */
const ATTEMPTS = 3;

export const createDiscovery = (needs: DiscoveryNeeds) => {
  const looking = new Set<string>();

  const look = async (host: string, listed: Listed | null): Promise<boolean> => {
    if (needs.knows(host) || looking.has(host)) return false;
    looking.add(host);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await needs.identify(host, listed?.format === null || listed === null ? null : driverOf(listed.format));
        if (found === null) return false;
        if (found === UNREAD) continue;
        needs.onFound(found, listed);
        return true;
      }
      return false;
    } finally {
      looking.delete(host);
    }
  };

  return {
    /** One pass over what is listed and the addresses; gives how many were found that were not known. `stopped` ends it early. */
    async pass(listed: readonly Listed[], addresses: readonly string[], stopped: () => boolean = () => false): Promise<number> {
      const named = new Set(listed.map(({ host }) => host));
      const work = [
        ...listed.map((line) => [line.host, line] as const),
        ...addresses.filter((host) => !named.has(host)).map((host) => [host, null] as const),
      ].values();
      let found = 0;
      const worker = async (): Promise<void> => {
        for (const [host, line] of work) {
          if (stopped()) return;
          if (await look(host, line)) found += 1;
        }
      };
      await Promise.all(Array.from({ length: needs.concurrency }, worker));
      return found;
    },
    /** One address that somebody else named. */
    heard: (host: string, listed: Listed | null = null): Promise<boolean> => look(host, listed),
  };
};
