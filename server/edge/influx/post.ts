/** Lines to `/write` over plain HTTP; done means InfluxDB has said 204, or has refused the points that are given back. */
import { Refused } from "../../twin/refusal.ts";
import type { RejectedPoint } from "../../twin/series.ts";
import type { Address } from "./address.ts";
import { away, messageOf } from "./ask.ts";
import type { Line } from "./lines.ts";

/** Rejects where a line of our own is refused: what it says must not pass for kept. */
export type Post = (lines: readonly Line[]) => Promise<readonly RejectedPoint[]>;
export interface PostOptions {
  readonly address: Address;
  readonly timeoutMs: number;
}

const MOST_LINES = 5_000;

/** InfluxDB's own words. */
const reasonOf = (body: string): string => {
  try {
    const { error } = JSON.parse(body) as { error?: string };
    return typeof error === "string" ? error : body;
  } catch {
    return body;
  }
};

/** What the owner's retention would drop at once is his to decide about, and nothing to try again; in the words of 1.x, and of later versions. */
const isBeyondRetention = (reason: string): boolean =>
  /(beyond|outside) retention policy|Retention Policy (Lower|Upper) Bound/i.test(reason);

interface OwnLine {
  readonly ownLine: string;
}
/** InfluxDB's reason, where a line of our own was refused; null for any other error. */
export const ownRefusal = (error: unknown): string | null =>
  error instanceof Refused && typeof error.cause === "object" && error.cause !== null && "ownLine" in error.cause
    ? (error.cause as OwnLine).ownLine
    : null;

export const createPost = (options: PostOptions): Post => {
  const { address } = options;
  const url = `${address.base}/write?${new URLSearchParams({ db: address.database, precision: "ms" }).toString()}`;
  const headers: Record<string, string> = { "content-type": "text/plain; charset=utf-8" };
  if (address.username !== null)
    headers["authorization"] = `Basic ${Buffer.from(`${address.username}:${address.password}`).toString("base64")}`;

  const send = async (lines: readonly Line[]): Promise<{ status: number; body: string }> => {
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers,
        body: lines.map(({ text }) => text).join("\n"),
        signal: AbortSignal.timeout(options.timeoutMs),
      });
      const body = await answer.text();
      const kept = answer.status >= 200 && answer.status < 300;
      if (!kept && answer.status !== 400 && answer.status !== 413 && answer.status !== 422)
        throw away(
          address,
          answer.status === 401 || answer.status === 403
            ? `refuses the credentials in INFLUX_URL (${answer.status}).`
            : `answered a write with ${answer.status}: ${reasonOf(body).slice(0, 300)}`,
        );
      return { status: answer.status, body };
    } catch (cause) {
      throw cause instanceof Refused ? cause : away(address, `cannot be written to: ${messageOf(cause)}`, cause);
    }
  };

  /** InfluxDB keeps the good lines of a batch with bad ones but does not say reliably which were bad: halves until they are alone. */
  const sorted = async (lines: readonly Line[]): Promise<RejectedPoint[]> => {
    const { status, body } = await send(lines);
    if (status >= 200 && status < 300) return [];
    const reason = reasonOf(body).slice(0, 500);
    const allDropped = Number(/dropped=(\d+)\s*$/.exec(reason)?.[1] ?? -1) === lines.length;
    if (lines.length === 1 || (allDropped && status !== 413)) {
      const own = isBeyondRetention(reason) ? undefined : lines.find(({ label }) => label === null);
      if (own !== undefined)
        throw away(address, `refused a line of our own (${own.text.slice(0, 120)}): ${reason}`, { ownLine: reason } satisfies OwnLine);
      return lines.flatMap(({ label }) => (label === null ? [] : [{ point: label, reason }]));
    }
    const middle = lines.length >> 1;
    return [...(await sorted(lines.slice(0, middle))), ...(await sorted(lines.slice(middle)))];
  };

  return async (lines) => {
    const rejected: RejectedPoint[] = [];
    for (let from = 0; from < lines.length; from += MOST_LINES) rejected.push(...(await sorted(lines.slice(from, from + MOST_LINES))));
    return rejected;
  };
};
