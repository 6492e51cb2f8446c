/** What the API answers, read from the folded farm. */
import { activeAlarms } from "../twin/alarms/book.ts";
import { newestFirst, pageOf, type PastAlarms } from "../twin/alarms/history.ts";
import type { AlarmsQuery, PartChanges, PartChangesQuery, RefusalLine, RigLine, RigsQuery } from "../twin/api.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import type { Rejected } from "./rejected.ts";
import type { Alarm, Twin } from "../twin/twin.ts";

/** The twin of a rig. Throws Refused RIG_UNKNOWN. */
export const twinOf = (farm: Farm, rig: string): Twin => {
  const twin = farm.twins.get(rig);
  if (twin === undefined) throw new Refused("RIG_UNKNOWN", `No rig "${rig.slice(0, 64)}" has been seen on site "${farm.site}".`);
  return twin;
};

/** The twin that carries a token. Throws Refused TOKEN_UNKNOWN. */
export const twinOfToken = (farm: Farm, tokenId: number): Twin => {
  for (const twin of farm.twins.values()) if (twin.tokenId === tokenId) return twin;
  throw new Refused("TOKEN_UNKNOWN", `No rig carries token ${tokenId}.`);
};

const lineOf = (twin: Twin): RigLine => ({
  rig: twin.rig,
  state: twin.state,
  make: twin.identity.make,
  model: twin.identity.model,
  position: twin.position,
  tokenId: twin.tokenId,
  hashrateThs: twin.state === "offline" ? 0 : twin.latest.hashrateThs,
  nameplateThs: twin.nameplate?.hashrateThs ?? null,
  powerW: twin.state === "offline" ? null : twin.latest.powerW,
  boardC: twin.state === "offline" ? null : twin.latest.boardC,
  chipC: twin.state === "offline" ? null : twin.latest.chipC,
  lastSeenTs: twin.lastSeenTs,
});

const matches = (twin: Twin, needle: string): boolean =>
  [twin.rig, twin.identity.model, twin.identity.serial].some((text) => text !== null && text.toLowerCase().includes(needle));

export const rigsAnswer = (farm: Farm, { state, search, limit, offset }: RigsQuery): { total: number; rigs: RigLine[] } => {
  const needle = search?.toLowerCase();
  const found = [...farm.twins.values()].filter(
    (twin) => (state === undefined || twin.state === state) && (needle === undefined || matches(twin, needle)),
  );
  return { total: found.length, rigs: found.slice(offset, offset + limit).map(lineOf) };
};

/** Newest first. */
export const alarmsAnswer = (
  farm: Farm,
  past: PastAlarms,
  { state, after, limit, ...filter }: AlarmsQuery,
): { total: number; alarms: Alarm[]; next: string | null } => {
  const active = pageOf(state === "cleared" ? [] : activeAlarms(farm.alarms), filter, after, limit + 1);
  const cleared = state === "active" ? pageOf([], filter, after, 0) : past.page(filter, after, limit + 1);
  const found = [...active.alarms, ...cleared.alarms].toSorted(newestFirst);
  const alarms = found.slice(0, limit);
  return { total: active.total + cleared.total, alarms, next: found.length > limit ? (alarms.at(-1)?.id ?? null) : null };
};

/** Parts that changed, newest first. */
export const partChangesAnswer = (farm: Farm, { rig, state, limit }: PartChangesQuery): PartChanges => {
  const found = [...farm.parts.changes]
    .filter(([of]) => rig === undefined || of === rig)
    .flatMap(([of, changes]) =>
      changes.filter(({ explained }) => state === "all" || explained === null).map((change) => ({ ...change, rig: of })),
    )
    .toSorted((a, b) => b.seenTs - a.seenTs || b.number - a.number);
  return { total: found.length, changes: found.slice(0, limit) };
};

/** Newest first: messages that were not accepted, and points that the store did not take. */
export const refusalsAnswer = (
  farm: Farm,
  rejected: Pick<Rejected, "total" | "lines">,
  limit: number,
): { total: number; byCode: Record<string, number>; refusals: RefusalLine[] } => {
  const fromStore = rejected.total();
  return {
    total: [...farm.refusedByCode.values()].reduce((sum, n) => sum + n, fromStore),
    byCode: { ...Object.fromEntries(farm.refusedByCode), ...(fromStore > 0 ? { STORE_REJECTED: fromStore } : {}) },
    refusals: [...farm.inbox, ...rejected.lines()]
      .toSorted((a, b) => a.receivedTs - b.receivedTs)
      .slice(-limit)
      .toReversed(),
  };
};
