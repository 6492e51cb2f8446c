/**
 * Why something was not accepted. A closed list: every code is documented in docs/codes.md (a test compares them).
 * `retry` says whether sending the same thing again can help.
 */
export const CODES = {
  // messages
  PAYLOAD_TOO_LARGE: { retry: false, status: 413, says: "The payload is larger than the limit." },
  PAYLOAD_NOT_UTF8: { retry: false, status: 400, says: "The payload is not UTF-8." },
  PAYLOAD_NOT_JSON: { retry: false, status: 400, says: "The payload is not JSON." },
  PAYLOAD_INVALID: { retry: false, status: 400, says: "The payload has a missing or wrong field." },
  TOPIC_UNKNOWN: { retry: false, status: 404, says: "No format reads this topic." },
  TOPIC_INVALID: { retry: false, status: 400, says: "A name in the topic is empty, too long or has a forbidden character." },
  VERSION_UNKNOWN: { retry: false, status: 400, says: "The payload's version is not known here." },
  NUMBER_NOT_FINITE: { retry: false, status: 400, says: "A number is NaN or infinite." },
  CLOCK_IN_FUTURE: { retry: false, status: 400, says: "The device's clock is more than five minutes ahead." },
  CLOCK_IMPLAUSIBLE: { retry: false, status: 400, says: "The device's clock is before 2020." },
  ANSWERS_UNRECOGNISED: { retry: false, status: 400, says: "No format recognises these answers." },
  SIGNATURE_INVALID: { retry: false, status: 400, says: "The signature does not fit the bytes." },
  COMMAND_UNKNOWN: { retry: false, status: 404, says: "No command of that name is known here." },
  STORE_REJECTED: { retry: false, status: 400, says: "The series store refused this point." },
  // requests
  REQUEST_INVALID: { retry: false, status: 400, says: "The request has a missing or wrong field." },
  RANGE_INVALID: { retry: false, status: 400, says: "The time range is empty, reversed or too long." },
  FORMAT_UNSUPPORTED: { retry: false, status: 406, says: "The series store cannot give this format." },
  NOT_FOUND: { retry: false, status: 404, says: "There is no such thing here." },
  RIG_UNKNOWN: { retry: false, status: 404, says: "No rig of that name has been seen." },
  TOKEN_UNKNOWN: { retry: false, status: 404, says: "No token of that number exists." },
  ORDER_UNKNOWN: { retry: false, status: 404, says: "No work order of that number exists." },
  ORDER_CHANGED: { retry: false, status: 409, says: "Somebody else changed this work order first." },
  IMAGE_INVALID: { retry: false, status: 400, says: "The picture is not a JPEG, PNG or WebP that can be read." },
  SIGNER_UNKNOWN: { retry: false, status: 403, says: "This key is not registered as the technician's." },
  RECORD_OUTDATED: { retry: false, status: 409, says: "The record that was signed is no longer the rig's next one." },
  METHOD_NOT_ALLOWED: { retry: false, status: 405, says: "This address does not take that method." },
  LOGIN_REQUIRED: { retry: false, status: 401, says: "Log in first; this is not open to whoever comes." },
  LOGIN_FAILED: { retry: false, status: 401, says: "Name, password, code or token is wrong." },
  FORBIDDEN: { retry: false, status: 403, says: "This caller may not do that." },
  ORIGIN_REFUSED: { retry: false, status: 403, says: "The request comes from another site." },
  TOO_MANY_REQUESTS: { retry: true, status: 429, says: "Too many requests; wait a little." },
  // the system itself
  JOURNAL_UNAVAILABLE: { retry: true, status: 503, says: "The journal cannot be written, so nothing is acknowledged." },
  DISK_FULL: { retry: true, status: 503, says: "The disk is full, so nothing is acknowledged." },
  STORE_UNAVAILABLE: { retry: true, status: 503, says: "The series store is away." },
  CHAIN_UNAVAILABLE: { retry: true, status: 503, says: "The chain is away; the record is sealed and will be sent." },
  CHAIN_REFUSED: { retry: false, status: 502, says: "The contract refused the transaction." },
  DATA_DIR_IN_USE: { retry: false, status: 500, says: "Another server is using this data folder." },
  PORT_IN_USE: { retry: false, status: 500, says: "Another program is listening on this port." },
  CONFIG_INVALID: { retry: false, status: 500, says: "A setting is wrong." },
  JOURNAL_DAMAGED: { retry: false, status: 500, says: "A chunk of the journal does not fit its hash." },
  DATA_DAMAGED: { retry: false, status: 500, says: "A file of the data folder is damaged and cannot be made anew." },
  INTERNAL: { retry: true, status: 500, says: "Something went wrong in the server." },
} as const;

export type Code = keyof typeof CODES;

/** A message or request that was not accepted, with the reason in words that name the field. */
export interface Refusal {
  readonly code: Code;
  readonly detail: string;
}

/** The one error class that crosses rooms; `code` is from the closed list. */
export class Refused extends Error {
  readonly code: Code;
  readonly detail: string;
  constructor(code: Code, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "Refused";
    this.code = code;
    this.detail = detail;
  }
}

/** Gives a Refusal as plain data. */
export const refusal = (code: Code, detail: string): Refusal => ({ code, detail });
