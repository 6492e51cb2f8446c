/** The mock's sealed records: real hashes over real RFC 8785 bytes, so that a check in the browser is a real check. */
import { createHash } from "node:crypto";
import canonicalizeModule from "canonicalize";
import { RECORD_CONTEXT, type RecordBody, type RecordStatus, type TwinRecord } from "../../../server/twin/record.ts";
import { SITE } from "./plant.ts";

const canonicalize = canonicalizeModule as unknown as (value: unknown) => string;
const DAY = 86_400_000;
export const hashOf = (text: string): `0x${string}` => `0x${createHash("sha256").update(text, "utf8").digest("hex")}`;
const txOf = (hash: string): `0x${string}` => hashOf(`tx ${hash}`);

/** Seals one more record after `before`. */
export const seal = (
  before: readonly TwinRecord[],
  tokenId: number | null,
  status: RecordStatus,
  body: Omit<RecordBody, "v" | "context" | "site" | "number" | "prev">,
): TwinRecord => {
  const full: RecordBody = {
    v: 1,
    context: RECORD_CONTEXT,
    site: SITE,
    number: before.length + 1,
    prev: before.at(-1)?.hash ?? null,
    ...body,
  };
  const bytes = canonicalize(full);
  const hash = hashOf(bytes);
  const out = status === "sealed" || status === "refused" ? null : txOf(hash);
  return {
    hash,
    bytes,
    body: full,
    signature: null,
    status,
    txHash: out,
    blockNumber: status === "final" ? 100 + full.number : null,
    tokenId,
    reason: null,
  };
};

/** A few years of service of one rig. */
export const historyOf = (rig: string, serial: string, tokenId: number, now: number): TwinRecord[] => {
  const records: TwinRecord[] = [];
  const add = (daysAgo: number, kind: RecordBody["kind"], technician: string, summary: string, parts: RecordBody["parts"] = []): void => {
    const performedTs = Math.floor((now - daysAgo * DAY) / 60_000) * 60_000;
    records.push(
      seal(records, tokenId, "final", { rig, serial, kind, performedTs, sealedTs: performedTs + 420_000, technician, summary, parts }),
    );
  };
  add(412, "registration", "registrar", "Registered with three boards, one PSU and one control board as read from the machine.");
  add(411, "installation", "badge-04", "Installed and connected to PDU 3, socket 12. Burn-in 24 h without errors.");
  add(203, "cleaning", "badge-17", "Dust blown out, intake filter replaced. Board temperature fell by 4 °C.");
  add(88, "part-replaced", "badge-17", "Fan 3 stood still and was replaced.", [
    { part: "fan", index: 2, oldSerial: "F7-20931", newSerial: "F7-33870" },
  ]);
  add(20, "firmware", "badge-04", "Firmware brought to the release approved for this container.");
  return records;
};
