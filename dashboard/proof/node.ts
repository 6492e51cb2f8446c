/** A chain's node of the reader's own choice, asked by address or through a wallet. Nothing of the farm's server is in between. */

/** The node said nothing, or nothing of use. The message is a sentence for the reader. */
export class NodeFault extends Error {
  /** Data of a revert, where the node gave it. */
  readonly data: string | null;
  /** True where nobody answered: asking the next question is no use either. */
  readonly isAway: boolean;
  constructor(message: string, { data = null, isAway = false }: { readonly data?: string | null; readonly isAway?: boolean } = {}) {
    super(message);
    this.name = "NodeFault";
    this.data = data;
    this.isAway = isAway;
  }
}
export interface ChainNode {
  /** What the reader is told was asked: an address or a wallet's name. */
  readonly name: string;
  readonly call: (method: string, parameters: readonly unknown[]) => Promise<unknown>;
}
/** EIP-1193. */
export interface WalletProvider {
  readonly request: (asked: { readonly method: string; readonly params?: readonly unknown[] }) => Promise<unknown>;
}

const TIMEOUT_MS = 12_000;
const MOST_IN_BATCH = 20;
const MOST_UNDER_WAY = 4;
const MOST_WALLET_CALLS = 8;
const TRIES = 3;
const WAIT_MS = 1_000;

/** Why an address cannot be asked from this page, or null. A page's rules let it speak https, and plain http to its own machine only. */
export const addressFault = (address: string, isOwnPage: boolean): string | null => {
  if (isOwnPage && address.startsWith("/")) return null;
  if (!URL.canParse(address)) return "This is not an address. It begins with https:// or http://.";
  const { protocol, hostname } = new URL(address);
  if (protocol !== "http:" && protocol !== "https:") return "This is not an address of a node. It begins with https:// or http://.";
  if (isOwnPage && protocol === "http:" && hostname !== "localhost" && hostname !== "127.0.0.1")
    return "This page may ask https:// addresses, and http:// on your own machine only. The verifier saved to your disk may ask any.";
  return null;
};

interface Waiting {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (fault: Error) => void;
}
interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message?: unknown; readonly data?: unknown } | null;
}

const settle = ({ resolve, reject }: Waiting, answer: Answer | undefined): void => {
  if (typeof answer !== "object" || answer === null) return reject(new NodeFault("The node left a question out of its answer."));
  const { error } = answer;
  if (error === undefined || error === null) return resolve(answer.result);
  const data = typeof error.data === "string" ? error.data : null;
  reject(
    new NodeFault(`The node says: ${(typeof error.message === "string" ? error.message : "an error without words").slice(0, 200)}`, {
      data,
    }),
  );
};

/**
 * Asks a node over HTTP. Questions that come together go together; a node that takes no batches is asked one by one. Once nobody answers,
 * every further question fails at once. `signal` ends all.
 */
export const nodeAt = (address: string, signal: AbortSignal): ChainNode => {
  const queue: Waiting[] = [];
  let underWay = 0;
  let inBatch = MOST_IN_BATCH;
  let id = 0;
  let away: NodeFault | null = null;
  let planned = false;

  const post = async (body: unknown): Promise<unknown> => {
    for (let tried = 1; ; tried++) {
      signal.throwIfAborted();
      let response: Response;
      try {
        response = await fetch(address, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
          credentials: address.startsWith("/") ? "same-origin" : "omit",
          referrerPolicy: "no-referrer",
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
      } catch (error) {
        signal.throwIfAborted();
        const slow = error instanceof DOMException && error.name === "TimeoutError";
        throw new NodeFault(
          slow ? `The node at ${address} did not answer in time.` : `The node at ${address} does not answer, or not to pages.`,
          { isAway: true },
        );
      }
      if (response.status === 429 && tried < TRIES) {
        await new Promise((resolve) => setTimeout(resolve, tried * WAIT_MS));
        continue;
      }
      const text = await response.text();
      try {
        return JSON.parse(text);
      } catch {
        throw new NodeFault(`What is at ${address} answers with HTTP ${response.status} and is no JSON-RPC node.`, { isAway: true });
      }
    }
  };

  const send = async (few: readonly Waiting[]): Promise<void> => {
    const asked = few.map(({ method, params }) => ({ jsonrpc: "2.0", id: ++id, method, params }));
    const answer = await post(asked.length === 1 ? asked[0] : asked);
    if (Array.isArray(answer)) {
      const byId = new Map((answer as Answer[]).map((each) => [each?.id, each]));
      return few.forEach((each, i) => settle(each, byId.get(asked[i]?.id)));
    }
    const [first] = few;
    if (few.length === 1 && first !== undefined) {
      if (typeof answer === "object" && answer !== null && "jsonrpc" in answer) return settle(first, answer as Answer);
      const problem = answer as { readonly detail?: unknown } | null;
      throw new NodeFault(`What is at ${address} is no JSON-RPC node${typeof problem?.detail === "string" ? `: ${problem.detail}` : "."}`, {
        isAway: true,
      });
    }
    inBatch = 1;
    queue.unshift(...few);
  };

  const pump = (): void => {
    planned = false;
    while (queue.length > 0 && underWay < MOST_UNDER_WAY) {
      const few = queue.splice(0, inBatch);
      if (away !== null) {
        for (const { reject } of few) reject(away);
        continue;
      }
      underWay += 1;
      send(few)
        .catch((fault: unknown) => {
          if (fault instanceof NodeFault && fault.isAway) away = fault;
          for (const { reject } of few) reject(fault as Error);
        })
        .finally(() => {
          underWay -= 1;
          pump();
        });
    }
  };

  return {
    name: address,
    call: (method, params) =>
      new Promise((resolve, reject) => {
        queue.push({ method, params, resolve, reject });
        if (planned) return;
        planned = true;
        queueMicrotask(pump);
      }),
  };
};

/** Asks through a wallet's own connection. A few questions at a time: wallets have no batches. */
export const nodeOf = (name: string, provider: WalletProvider, signal: AbortSignal): ChainNode => {
  let underWay = 0;
  const queue: (() => void)[] = [];
  const next = (): void => {
    underWay -= 1;
    queue.shift()?.();
  };
  return {
    name,
    async call(method, params) {
      if (underWay >= MOST_WALLET_CALLS) await new Promise<void>((resolve) => queue.push(resolve));
      underWay += 1;
      try {
        signal.throwIfAborted();
        return await provider.request({ method, params });
      } catch (error) {
        signal.throwIfAborted();
        const { message, data } = (error ?? {}) as { readonly message?: unknown; readonly data?: unknown };
        const inner = (data as { readonly data?: unknown } | undefined)?.data ?? data;
        throw new NodeFault(`${name} says: ${(typeof message === "string" ? message : "it could not be asked").slice(0, 200)}`, {
          data: typeof inner === "string" ? inner : null,
        });
      } finally {
        next();
      }
    },
  };
};
