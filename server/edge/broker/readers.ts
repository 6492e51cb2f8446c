/**
 * What goes out to subscribers. aedes has a publisher wait until each of its hearers has room for the message: one that stops reading would so
 * stop whoever it hears. Here nobody waits for a reader; one for whom too much waits is sent away, and finds what its session is owed when it
 * comes back. test/edge/broker-readers.test.ts holds the pinned library to this.
 */

/** Waiting for one reader at most: eight seconds of all that ten thousand rigs say. */
const MOST_WAITING_BYTES = 8 << 20;
/** A short message takes many times its bytes while it waits. */
const MOST_WAITING_MESSAGES = 20_000;

interface Outgoing {
  readonly brokerId: string | null;
}
type Deliver = (packet: Outgoing, done: () => void) => void;

/** The inside of aedes' client: what writes packets onto its connection. */
export interface Reader {
  readonly conn: { readonly writableLength: number; readonly destroyed: boolean; destroy(error: Error): unknown };
  /** Of each message that was written since there was no room any more. */
  readonly _pendingDrains: readonly unknown[];
  _handleDrainTimeout(): void;
  deliver0: Deliver;
  deliverQoS: Deliver;
}

const ignore = (): void => undefined;

/** Lets no publisher wait for this reader. `onTooSlow` is told once, when it is sent away. Changes `reader`, before it subscribes to anything. */
export const waitForNone = (reader: Reader, onTooSlow: () => void): void => {
  const { conn } = reader;
  const unwaited =
    (deliver: Deliver): Deliver =>
    (packet, done) => {
      // Retained messages come out of a stream, as fast as they are read; aedes marks them so.
      if (packet.brokerId === null) return deliver(packet, done);
      if (conn.writableLength > MOST_WAITING_BYTES || reader._pendingDrains.length > MOST_WAITING_MESSAGES) {
        if (!conn.destroyed) {
          onTooSlow();
          conn.destroy(new Error("too much waits for this reader"));
        }
      } else deliver(packet, ignore);
      done();
    };
  reader.deliver0 = unwaited(reader.deliver0);
  reader.deliverQoS = unwaited(reader.deliverQoS);
  const timedOut = reader._handleDrainTimeout.bind(reader);
  reader._handleDrainTimeout = () => {
    onTooSlow();
    timedOut();
  };
};
