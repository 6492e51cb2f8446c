/** A refusal as RFC 9457 problem details, the same over HTTP and over the live feed. */
import type { Problem } from "./api.ts";
import { CODES, type Code } from "./refusal.ts";
import { ROUTES } from "./wire.ts";

/** Gives the problem of a code; `type` is where the reference explains it, `instance` the path that was asked for. */
export const problemOf = (code: Code, detail: string, instance?: string): Problem => ({
  type: `${ROUTES.reference}#${code}`,
  title: CODES[code].says,
  status: CODES[code].status,
  code,
  detail,
  ...(instance === undefined ? {} : { instance }),
});
