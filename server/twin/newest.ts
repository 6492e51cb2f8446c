/**
 * Which of a rig's readings says what it does now, whatever the order in which they come and however its clock was set. A machine does not
 * return to a boot that it left, and within a boot the sequence number alone counts. Of two boots the one seen first is the older, unless all
 * that is known of the other was made before all that is known of the first: then it is one of which a gateway's store tells late. So the
 * same readings end in the same twin, told in whatever order, as long as of each boot something came before the next began.
 */
import type { Reading } from "./reading.ts";
import { OFFLINE_MS } from "./fold.ts";
import { lowestTs, placeOf, type Seen } from "./seen.ts";
import type { Twin } from "./twin.ts";

type Now = Pick<Twin, "boot" | "lastSeq" | "lastDeviceTs" | "lastSeenTs">;

/** What a clock that agrees with ours may differ, with the way to us. */
const LIVE_MS = 30_000;
/** Over so long at least a pace is measured. */
const PACE_MS = 5_000;
/** Part of it by which a device's clock and ours may differ. */
const PACE_PART = 0.25;

/** Whether a reading was made just now, after the last that counted came: nothing stored looks so, and its machine runs in that boot. */
const isLive = ({ receivedTs, deviceTs }: Reading, { lastSeenTs }: Now): boolean =>
  Math.abs(receivedTs - deviceTs) <= LIVE_MS && deviceTs >= (lastSeenTs ?? 0);

/**
 * Whether a boot goes on, reading after reading, as fast as its own clock, when nothing else has been heard for as long as makes a rig
 * offline: its machine runs in it, however wrong that clock is. A store that is emptied is told much faster. Changes `seen`.
 */
const goesOn = (seen: Seen, reading: Reading, { lastSeenTs }: Now): boolean => {
  const { boot, deviceTs, receivedTs } = reading;
  const { pace } = seen;
  const passedMs = pace?.boot === boot ? receivedTs - pace.receivedTs : Infinity;
  if (passedMs < PACE_MS) return false;
  seen.pace = { boot, deviceTs, receivedTs };
  if (pace?.boot !== boot || receivedTs - (lastSeenTs ?? 0) < OFFLINE_MS) return false;
  return Math.abs(deviceTs - pace.deviceTs - passedMs) <= PACE_PART * passedMs;
};

const isHighest = ({ boots }: Seen, { boot, seq }: Reading): boolean => boots[placeOf(boots, boot)]?.[1].at(-1)?.[1] === seq;

const putLast = (seen: Seen, boot: string | null): void => {
  seen.boots.push(...seen.boots.splice(placeOf(seen.boots, boot), 1));
  seen.waiting = undefined;
  seen.pace = undefined;
};

const wait = (seen: Seen, reading: Reading): void => {
  const waiting = (seen.waiting ??= []);
  const known = waiting.find((other) => other.reading.boot === reading.boot);
  if (known === undefined) waiting.push({ reading, highTs: reading.deviceTs });
  else {
    known.highTs = Math.max(known.highTs, reading.deviceTs);
    if ((reading.seq ?? 0) > (known.reading.seq ?? 0)) known.reading = reading;
  }
};

/** The newest boot among the present one and those that wait; what it leaves behind waits no more. */
const takeWaiting = (seen: Seen, { boot, lastDeviceTs }: Now): Reading | null => {
  // They were put there when they were first seen: in the order of boots.
  const inOrder = (seen.waiting ?? [])
    .map((one) => ({ ...one, place: placeOf(seen.boots, one.reading.boot) }))
    .filter(({ place }) => place >= 0);
  let place = placeOf(seen.boots, boot);
  let lowTs = lowestTs(seen.boots, boot) ?? lastDeviceTs ?? 0;
  let newest: Reading | null = null;
  for (const one of inOrder) {
    if (one.highTs < lowTs) continue;
    newest = one.reading;
    place = one.place;
    lowTs = lowestTs(seen.boots, newest.boot) ?? newest.deviceTs;
  }
  const left = inOrder.filter((one) => one.place > place).map(({ reading, highTs }) => ({ reading, highTs }));
  seen.waiting = left.length === 0 ? undefined : left;
  return newest;
};

/**
 * The reading that from here on says what the rig does: the one given, one that waited, or null where nothing changes. `reading` is noted
 * in `seen` and new; `now` is the twin as it was before. Changes `seen`.
 */
export const newestOf = (seen: Seen, now: Now, reading: Reading): Reading | null => {
  const { boot, lastSeq, lastDeviceTs } = now;
  if (lastDeviceTs === null) return reading;
  const { seq } = reading;
  if (seq === null || lastSeq === null) return reading.deviceTs < lastDeviceTs ? null : reading;
  if (reading.boot === boot) {
    const newer = seq < lastSeq ? null : reading;
    if (seen.waiting === undefined) return newer;
    if (newer !== null && isLive(newer, now)) {
      putLast(seen, boot);
      return newer;
    }
    return takeWaiting(seen, now) ?? newer;
  }
  if (isHighest(seen, reading) && (isLive(reading, now) || goesOn(seen, reading, now))) {
    putLast(seen, reading.boot);
    return reading;
  }
  if (placeOf(seen.boots, reading.boot) < placeOf(seen.boots, boot)) return null;
  wait(seen, reading);
  return takeWaiting(seen, now);
};
