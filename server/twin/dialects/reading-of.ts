import type { Read } from "../formats/draft.ts";
import { NO_IDENTITY, type Reading } from "../reading.ts";
import type { Told } from "./dialect.ts";

/** A reading of a device that counts nothing: known by its time alone. */
export const readingOf = (site: string, rig: string, format: string, ts: number, receivedTs: number, read: Read): Told => {
  const identity = Object.entries(read.identity).some(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== null))
    ? read.identity
    : null;
  const reading: Reading = {
    site,
    rig,
    deviceTs: ts,
    receivedTs,
    seq: null,
    boot: null,
    tier: "self-reported",
    format,
    measured: read.measured,
    quality: read.quality,
    identity: identity === null ? null : { ...NO_IDENTITY, ...identity },
  };
  return { kind: "reading", reading };
};
