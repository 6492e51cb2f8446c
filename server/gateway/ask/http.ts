/** One question over HTTP to a machine's own web server, with Digest where it asks for it. No redirects are followed, no proxy is used. */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { authorizationOf, challengeOf, type Challenge } from "./digest.ts";
import { NoAnswer } from "./tcp.ts";

export interface HttpQuestion {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const MOST_BYTES = 2_000_000;

/** Asks once. Throws NoAnswer. */
export const askHttp = (host: string, port: number, question: HttpQuestion, timeoutMs: number): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const body = question.json === undefined ? null : Buffer.from(JSON.stringify(question.json));
    let connected = false;
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      asking.destroy();
      reject(new NoAnswer(`${host}:${port}${question.path}: ${why}`, connected, { cause }));
    };
    const asking = request(
      {
        host,
        port,
        path: question.path,
        method: question.method ?? "GET",
        agent: false,
        headers: {
          connection: "close",
          accept: "*/*",
          ...(body === null ? {} : { "content-type": "application/json", "content-length": body.length }),
          ...question.headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > MOST_BYTES) fail("answers without end");
        });
        answer.once("end", () => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks, length).toString("utf8") });
        });
        answer.once("error", (error) => fail(error.message, error));
      },
    );
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    asking.once("socket", (socket) => socket.once("connect", () => (connected = true)));
    asking.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error));
    asking.end(body ?? undefined);
  });

/** Asks as somebody: the machine's challenge is kept, so that only the first question costs two. */
export const createDigest = (
  ask: (question: HttpQuestion) => Promise<HttpAnswer>,
  credentials: Credentials,
): ((question: HttpQuestion) => Promise<HttpAnswer>) => {
  let challenge: Challenge | null = null;
  let uses = 0;
  const authorised = (question: HttpQuestion, known: Challenge): HttpQuestion => {
    uses += 1;
    const method = question.method ?? "GET";
    const authorization = authorizationOf(known, { method, uri: question.path, ...credentials }, uses, randomBytes(8).toString("hex"));
    return { ...question, headers: { ...question.headers, authorization } };
  };
  return async (question) => {
    const first = await ask(challenge === null ? question : authorised(question, challenge));
    if (first.status !== 401) return first;
    const header = first.headers["www-authenticate"];
    challenge = challengeOf(typeof header === "string" ? header : undefined);
    uses = 0;
    return challenge === null ? first : ask(authorised(question, challenge));
  };
};
