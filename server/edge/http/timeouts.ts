/** How long a connection may take, ms: a caller that sends one byte a second must not hold it for ever. */
export interface Timeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly idleMs: number;
  /** To the first piece of an answer that leaves in pieces: until then it is the caller that waits. */
  readonly beginMs: number;
  readonly keepAliveMs: number;
  readonly checkMs: number;
}
export const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 120_000,
  beginMs: 900_000,
  keepAliveMs: 15_000,
  checkMs: 2_000,
};
