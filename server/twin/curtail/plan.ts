/** Which rigs are told next: the worst J/TH pauses first, the best wakes first. */
import type { Commands } from "../commands.ts";
import { isOpen } from "../commands.ts";
import type { Twin } from "../twin.ts";
import { drawOf, limitOf, MOST_TRIES, type Event } from "./book.ts";

/** Rigs are woken only where it leaves room, so that one that is heavier than before does not have to pause again. */
const ROOM = 0.98;
/** Until a rig that was told shows it, others are not told in its place. */
const SETTLE_MS = 15_000;
const AGAIN_MS = 60_000;

const efficiencyOf = ({ latest }: Twin): number | null =>
  latest.powerW === null || latest.hashrateThs === null || latest.hashrateThs <= 0 ? null : latest.powerW / latest.hashrateThs;

/** Rigs that run and can be told to pause, the worst J/TH first; one that gives nothing for its power is the worst. */
export const worstFirst = (twins: Iterable<Twin>): Twin[] =>
  [...twins]
    .filter(
      ({ state, latest }) => state !== "offline" && (latest.mode === "mining" || latest.mode === "tuning") && (latest.powerW ?? 0) > 0,
    )
    .toSorted((a, b) => (efficiencyOf(b) ?? Infinity) - (efficiencyOf(a) ?? Infinity) || (a.rig < b.rig ? -1 : 1));

/** Chooses from rigs that run so that all together come below `limitW`; those that are named in any case. `expectedW`: of all, before. */
export const chooseDown = (
  candidates: readonly Twin[],
  expectedW: number,
  limitW: number,
  named: ReadonlySet<string>,
): { readonly rigs: Twin[]; readonly afterW: number } => {
  const rigs = candidates.filter(({ rig }) => named.has(rig));
  let afterW = rigs.reduce((left, twin) => left - drawOf(twin), expectedW);
  for (const twin of candidates) {
    if (afterW <= limitW) break;
    if (named.has(twin.rig)) continue;
    rigs.push(twin);
    afterW -= drawOf(twin);
  }
  return { rigs, afterW };
};

export interface Step {
  readonly way: "down" | "up";
  readonly rigs: readonly string[];
}

/** What to do now; null: nothing, or wait for what was told. */
export const nextStep = (event: Event, twins: ReadonlyMap<string, Twin>, commands: Commands, nowTs: number): Step | null => {
  const { members, batches } = event;
  if (nowTs - event.orderedTs < SETTLE_MS) return null;
  for (const command of commands.values()) if (batches.has(command.batch) && isOpen(command)) return null;
  const { limitW, named } = limitOf(event);
  let expectedW = 0;
  const candidates: Twin[] = [];
  for (const twin of twins.values()) {
    const state = members.get(twin.rig)?.state;
    // It was told and takes a moment.
    if (state === "ordered") continue;
    expectedW += state === "waking" ? Math.max(drawOf(twin), members.get(twin.rig)?.beforeW ?? 0) : drawOf(twin);
    if (state === undefined || state === "back" || state === "waking") candidates.push(twin);
  }
  const { rigs: down } = chooseDown(worstFirst(candidates), expectedW, limitW, named);
  if (down.length > 0) return { way: "down", rigs: down.map(({ rig }) => rig) };
  const up: string[] = [];
  const asleep = [...members.values()].filter(
    ({ rig, state, stateTs, tries }) =>
      !named.has(rig) &&
      (state === "paused" || (state === "ordered" && event.endTs !== null)
        ? true
        : // It was told to wake and still says that it is paused.
          state === "waking" && tries < MOST_TRIES && nowTs - stateTs > AGAIN_MS && twins.get(rig)?.latest.mode === "paused"),
  );
  const ratio = (ths: number, w: number): number => (ths > 0 ? w / ths : Infinity);
  for (const { rig, state, beforeW } of asleep.toSorted(
    (a, b) => ratio(a.beforeThs, a.beforeW) - ratio(b.beforeThs, b.beforeW) || (a.rig < b.rig ? -1 : 1),
  )) {
    const twin = twins.get(rig);
    if (twin === undefined || twin.state === "offline") continue;
    const more = state === "waking" ? 0 : Math.max(0, beforeW - drawOf(twin));
    if (expectedW + more > limitW * ROOM) break;
    expectedW += more;
    up.push(rig);
  }
  return up.length === 0 ? null : { way: "up", rigs: up };
};
