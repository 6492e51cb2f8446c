/**
 * What is under way to one viewer. At most FRAME_WINDOW numbered messages are unacknowledged; what the viewer misses meanwhile is
 * not kept for it: when it has caught up, it gets the whole.
 */
import { FRAME_WINDOW } from "../../twin/wire.ts";

export interface Lane {
  /** Numbers sent and not yet acknowledged, rising. */
  readonly unacknowledged: readonly number[];
  /** A frame was passed over, or none was ever sent: only the whole helps. */
  readonly behind: boolean;
}

export const NEW_LANE: Lane = { unacknowledged: [], behind: true };

/** May the next frame be sent? */
export const isOpen = ({ unacknowledged, behind }: Lane): boolean => !behind && unacknowledged.length < FRAME_WINDOW;

/** Is it time for the whole? Not before everything sent has been drawn: a slow line would get nothing but wholes. */
export const wantsWhole = ({ unacknowledged, behind }: Lane): boolean => behind && unacknowledged.length === 0;

export const afterFrame = (lane: Lane, n: number): Lane => ({ ...lane, unacknowledged: [...lane.unacknowledged, n] });
export const afterMiss = (lane: Lane): Lane => ({ ...lane, behind: true });
export const afterWhole = (n: number): Lane => ({ unacknowledged: [n], behind: false });

/** A number that was never sent, or is acknowledged already, changes nothing: it may belong to the view before. */
export const afterAck = (lane: Lane, n: number): Lane =>
  lane.unacknowledged.includes(n) ? { ...lane, unacknowledged: lane.unacknowledged.filter((sent) => sent > n) } : lane;
