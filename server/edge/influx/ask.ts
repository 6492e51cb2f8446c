/** InfluxQL through the `influx` package. Text comes in as bound parameters only: the package's own escaping can be broken out of. */
import { InfluxDB } from "influx";
import { Refused } from "../../twin/refusal.ts";
import type { Address } from "./address.ts";

export type Cell = number | string | null;
export interface Table {
  readonly tags: Readonly<Record<string, string>>;
  /** The first is time, ms. */
  readonly columns: readonly string[];
  readonly values: readonly (readonly Cell[])[];
}
/** One list of tables for each statement; `bound` fills `$name`. */
export type Ask = (statements: readonly string[], bound?: Readonly<Record<string, string>>) => Promise<readonly (readonly Table[])[]>;

interface Answer {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly { tags?: Record<string, string>; columns: string[]; values: Cell[][] }[];
  }[];
}

/** Message of whatever was thrown, with the cause that fetch hides. */
export const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause.message || (cause.cause as NodeJS.ErrnoException).code : null;
  return `${cause.message || cause.name}${typeof inner === "string" ? `: ${inner}` : ""}`;
};

export const away = (address: Address, what: string, cause?: unknown): Refused =>
  new Refused("STORE_UNAVAILABLE", `InfluxDB at ${address.base} ${what}`, cause === undefined ? undefined : { cause });

export const createAsk = (address: Address, timeoutMs: number): Ask => {
  const influx = new InfluxDB({
    database: address.database,
    ...(address.username === null ? {} : { username: address.username, password: address.password }),
    hosts: [{ host: address.host, port: address.port, protocol: address.protocol, path: address.path }],
    // The caller retries: a failure is said at once, and does not lock the next question out.
    pool: { maxRetries: 0, requestTimeout: timeoutMs, backoff: steady(0) },
  });
  return async (statements, bound = {}) => {
    let answer: Answer;
    const stopped = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      // The package never settles where the connection breaks within an answer, so the time limit is ours.
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      });
      const asked = influx.queryRaw(statements.join("; "), {
        placeholders: { ...bound },
        precision: "ms",
        method: "POST",
        signal: stopped.signal,
      } as Parameters<typeof influx.queryRaw>[1]);
      answer = (await Promise.race([asked, late])) as Answer;
    } catch (cause) {
      throw away(address, `did not answer: ${messageOf(cause)}`, cause);
    } finally {
      clearTimeout(timer);
      stopped.abort();
    }
    const results = answer.results ?? [];
    const fault = answer.error ?? results.find(({ error }) => error !== undefined)?.error;
    if (fault !== undefined) throw away(address, `refused a query: ${fault}`);
    return statements.map((_, i) => (results[i]?.series ?? []).map(({ tags, columns, values }) => ({ tags: tags ?? {}, columns, values })));
  };
};

const steady = (delayMs: number) => {
  const strategy = { getDelay: () => delayMs, next: () => strategy, reset: () => strategy };
  return strategy;
};
