/** Faults as RFC 9457 problem details, and what becomes of the errors of express and body-parser. */
import type { Response } from "express";
import { problemOf } from "../../twin/problem.ts";
import { CODES, Refused, type Code } from "../../twin/refusal.ts";

const RETRY_S = 5;

/** Has `told` know of every refusal that goes out by this response. */
export const tellRefusals = (response: Response, told: (code: Code) => void): void => {
  response.locals["refused"] = told;
};

/** Sends a refusal with the headers its status asks for (RFC 9110: 401 needs WWW-Authenticate). */
export const sendProblem = (response: Response, code: Code, detail: string): void => {
  const problem = problemOf(code, detail, response.req.path);
  (response.locals["refused"] as ((code: Code) => void) | undefined)?.(code);
  if (problem.status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="rigtwin"');
  if (CODES[code].retry && !response.hasHeader("Retry-After")) response.setHeader("Retry-After", String(RETRY_S));
  response.setHeader("Cache-Control", "no-store");
  response.status(problem.status).type("application/problem+json").send(JSON.stringify(problem));
};

interface HttpError {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly limit?: unknown;
}

/** The refusal behind an error, or null where it is a fault of our own. */
export const refusedOf = (error: unknown): Refused | null => {
  if (error instanceof Refused) return error;
  const { type, status, message, limit } = (error ?? {}) as HttpError;
  const says = typeof message === "string" ? message : "";
  switch (type) {
    case "entity.parse.failed":
      return new Refused("REQUEST_INVALID", `The body is not JSON: ${says}.`);
    case "entity.too.large":
      return new Refused("PAYLOAD_TOO_LARGE", `The body is larger than ${String(limit)} bytes.`);
    case "encoding.unsupported":
      return new Refused("REQUEST_INVALID", "The body must be sent as it is, without Content-Encoding.");
    case "charset.unsupported":
      return new Refused("REQUEST_INVALID", "The body must be UTF-8.");
    case "request.aborted":
    case "request.size.invalid":
      return new Refused("REQUEST_INVALID", "The body is shorter than its Content-Length.");
  }
  if (error instanceof URIError) return new Refused("REQUEST_INVALID", "The address has a wrong percent escape.");
  return typeof status === "number" && status >= 400 && status < 500 ? new Refused("REQUEST_INVALID", `${says}.`) : null;
};
