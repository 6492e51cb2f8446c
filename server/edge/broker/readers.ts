/**
 * What goes out to subscribers. aedes has a publisher wait until each of its hearers has room for the message: one that stops reading would so
 * stop whoever it hears. Here nobody waits for a reader; one for whom too much waits is sent away, and finds what its session is owed when it
 * comes back. test/edge/broker-readers.test.ts holds the pinned library to this.
 */

/** Waiting for one reader at most: some seconds of all that ten thousand rigs say. */
const MOST_FOR_ONE = 16 << 20;
/** However many do not read. */
const MOST_FOR_ALL = 64 << 20;
/** What a message takes beside its bytes while it waits, as measured. */
const EACH = 800;

interface Outgoing {
  readonly brokerId: string | null;
}
type Deliver = (packet: Outgoing, done: () => void) => void;

/** The inside of aedes' client: what writes packets onto its connection. */
export interface Reader {
  readonly conn: {
    readonly writableLength: number;
    readonly destroyed: boolean;
    destroy(error: Error): unknown;
    once(event: "close", listener: () => void): unknown;
  };
  /** Of each message that was written since there was no room any more. */
  readonly _pendingDrains: readonly unknown[];
  _handleDrainTimeout(): void;
  deliver0: Deliver;
  deliverQoS: Deliver;
}

const ignore = (): void => undefined;
const waitingFor = ({ conn, _pendingDrains }: Reader): number => conn.writableLength + EACH * _pendingDrains.length;

/**
 * Gives a function that lets no publisher wait for a reader; it changes the reader, and must before that subscribes to anything. `onTooSlow` is
 * told once of each that is sent away.
 */
export const createReaders = (onTooSlow: () => void): ((reader: Reader) => void) => {
  /** Of those for whom something waits, how much it was when they were looked at last. */
  const behind = new Map<Reader, number>();
  let total = 0;
  const note = (reader: Reader, bytes: number): void => {
    const known = behind.get(reader) ?? 0;
    if (known === bytes) return;
    total += bytes - known;
    if (bytes === 0) behind.delete(reader);
    else behind.set(reader, bytes);
  };
  const sendAway = (reader: Reader): void => {
    note(reader, 0);
    onTooSlow();
    reader.conn.destroy(new Error("too much waits for this reader"));
  };
  /** Some may have read in the meantime. */
  const makeRoom = (): void => {
    for (const reader of behind.keys()) note(reader, waitingFor(reader));
    if (total <= MOST_FOR_ALL) return;
    const [worst] = [...behind].reduce((one, other) => (other[1] > one[1] ? other : one));
    sendAway(worst);
  };

  return (reader) => {
    const { conn } = reader;
    const unwaited =
      (deliver: Deliver): Deliver =>
      (packet, done) => {
        // Retained messages come out of a stream, as fast as they are read; aedes marks them so.
        if (packet.brokerId === null) return deliver(packet, done);
        if (conn.destroyed) return done();
        // As long as there was room for all so far there is nothing to count.
        const bytes = reader._pendingDrains.length === 0 ? 0 : waitingFor(reader);
        if (bytes > 0) note(reader, bytes);
        if (bytes > MOST_FOR_ONE) sendAway(reader);
        else {
          deliver(packet, ignore);
          if (total > MOST_FOR_ALL) makeRoom();
        }
        done();
      };
    reader.deliver0 = unwaited(reader.deliver0);
    reader.deliverQoS = unwaited(reader.deliverQoS);
    conn.once("close", () => note(reader, 0));
    const timedOut = reader._handleDrainTimeout.bind(reader);
    reader._handleDrainTimeout = () => {
      onTooSlow();
      timedOut();
    };
  };
};
