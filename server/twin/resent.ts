/**
 * Which measurements of senders that number nothing are sent again because nobody heard the acknowledgement (MQTT 3.3.1.1, DUP). A broker sends again,
 * in their order, all that it had in flight; of these some were journaled, and those behind them were not. So what is sent again is told by where it
 * stands among the topic's last messages, and not by its bytes alone: what a sensor says anew is often what it has said before.
 */

export interface Resent {
  /** By topic: hashes of its last messages, oldest first. */
  readonly recent: Map<string, number[]>;
  readonly resent: {
    /** Of how many topics' messages hashes came in since they were thinned. */
    readonly young: Map<string, number>;
    /** The sum of those. */
    n: number;
    /** Of topics whose messages are being sent again: where among the hashes that may have got to, and when. */
    readonly runs: Map<string, { readonly ts: number; readonly places: readonly number[] }>;
  };
}

/** So many of each topic's last messages are known, however much came of others … */
const EACH = 8;
const MOST_TOPICS = 20_000;
/** … and so many of all: a little more than a broker may have in flight to us (RECEIVE_MAXIMUM in edge/mqtt/client.ts), as it may all be of one topic. */
const ALL = 4_500;
/** Hardly anybody is back from a lost connection sooner, and what is sent again comes in one go. */
const RECONNECT_MS = 500;

export const nothingResent = (): Resent["resent"] => ({ young: new Map(), n: 0, runs: new Map() });

const placesOf = (hashes: readonly number[], hash: number): number[] => {
  const places: number[] = [];
  for (let at = hashes.indexOf(hash); at >= 0; at = hashes.indexOf(hash, at + 1)) places.push(at);
  return places;
};

/** Where the runs at `places` are with one more message; none where it fits none of them. */
const stepped = (hashes: readonly number[], places: readonly number[], hash: number): number[] => {
  const next: number[] = [];
  for (const at of places) if (hashes[at + 1] === hash) next.push(at + 1);
  return next;
};

/** Whether a message with DUP was journaled before; notes how far its topic has got with sending again. */
export const isSentAgain = ({ recent, resent }: Resent, topic: string, hash: number, ts: number): boolean => {
  const hashes = recent.get(topic);
  if (hashes === undefined) return false;
  let run = resent.runs.get(topic);
  if (run !== undefined && ts - run.ts >= RECONNECT_MS) run = undefined;
  let places = run === undefined ? [] : stepped(hashes, run.places, hash);
  if (places.length === 0) {
    // All that was journaled has come again: from here on it is what was not.
    if (run?.places.at(-1) === hashes.length - 1) return false;
    places = placesOf(hashes, hash);
  }
  if (places.length === 0) return false;
  resent.runs.set(topic, { ts, places });
  return true;
};

/** Lets go of what is neither among the newest of its topic nor among the newest of all. */
const thin = ({ recent, resent }: Resent): void => {
  for (const [topic, hashes] of recent) {
    const cut = hashes.length - Math.max(EACH, resent.young.get(topic) ?? 0);
    if (cut <= 0) continue;
    hashes.splice(0, cut);
    const run = resent.runs.get(topic);
    if (run !== undefined) resent.runs.set(topic, { ts: run.ts, places: run.places.map((at) => at - cut).filter((at) => at >= 0) });
  }
  resent.young.clear();
  resent.n = 0;
};

/** Notes a message in which something was measured. */
export const noteSent = (of: Resent, topic: string, hash: number, ts: number, dup: boolean): void => {
  const { recent, resent } = of;
  let hashes = recent.get(topic);
  if (hashes === undefined) {
    if (recent.size >= MOST_TOPICS) {
      recent.clear();
      resent.runs.clear();
    }
    hashes = [];
    recent.set(topic, hashes);
  }
  hashes.push(hash);
  if (dup) resent.runs.set(topic, { ts, places: [hashes.length - 1] });
  else resent.runs.delete(topic);
  resent.young.set(topic, (resent.young.get(topic) ?? 0) + 1);
  resent.n += 1;
  if (resent.n >= ALL) thin(of);
};
