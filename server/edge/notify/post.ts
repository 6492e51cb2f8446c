/** One POST to an address that was judged: pinned, no redirect followed, a limit of time and of what is read. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { pin, Unreachable, type Allowed } from "./guard.ts";

export interface Wire {
  readonly allowed: Allowed;
  /** For the whole of it. */
  readonly timeoutMs: number;
}
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly retryAfterS: number;
}
/** It was given away and nothing was heard. */
export class Unheard extends Error {}

const MOST_READ = 4_096;

/** Gives the far end's answer, whatever its status. Throws Unreachable where nothing arrived there, Unheard where that is not known. */
export const post = async (
  address: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
  wire: Wire,
): Promise<Answered> => {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new Unreachable("Only http and https are spoken.");
  const beganMs = performance.now();
  const late = `${url.host} did not answer within ${Math.round(wire.timeoutMs / 1_000)} s.`;
  const resolved = await Promise.race([
    pin(url.hostname, wire.allowed),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Unreachable(`The name ${url.hostname} is not resolved in time.`)), wire.timeoutMs).unref();
    }),
  ]);
  return new Promise((done, fail) => {
    let isGiven = false;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const auth = url.username === "" ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` };
    const request = (url.protocol === "https:" ? secure : plain)({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json; charset=utf-8", "content-length": bytes.length, "user-agent": "Rigtwin", ...headers },
      // Whatever the name says by now, it is called where it was judged.
      lookup: (_host, options, found) => {
        if (options.all === true) found(null, [resolved]);
        else found(null, resolved.address, resolved.family);
      },
      ...auth,
    });
    const end = (error: Error): void => {
      clearTimeout(timer);
      request.destroy();
      fail(error);
    };
    const timer = setTimeout(
      () => end(isGiven ? new Unheard(late) : new Unreachable(late)),
      Math.max(1, wire.timeoutMs - (performance.now() - beganMs)),
    );
    request.on("finish", () => {
      isGiven = request.socket?.connecting === false;
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const says = `${url.host}: ${error.code ?? error.message}`;
      end(isGiven && error.code !== "ECONNREFUSED" ? new Unheard(says) : new Unreachable(says));
    });
    request.on("response", (response) => {
      const pieces: Buffer[] = [];
      let read = 0;
      const answer = (): void => {
        clearTimeout(timer);
        response.destroy();
        const after = Number(response.headers["retry-after"]);
        const location = response.headers.location === undefined ? "" : ` to ${response.headers.location}`;
        const status = response.statusCode ?? 0;
        const text = status >= 300 && status < 400 ? `redirects${location}; that is not followed` : Buffer.concat(pieces).toString("utf8");
        done({ status, text: text.slice(0, MOST_READ), retryAfterS: Number.isFinite(after) && after > 0 ? after : 0 });
      };
      response.on("data", (piece: Buffer) => {
        pieces.push(piece);
        read += piece.length;
        if (read >= MOST_READ) answer();
      });
      response.on("end", answer);
      // The status is an answer, even where the rest breaks off.
      response.on("error", answer);
    });
    request.end(bytes);
  });
};
