/**
 * What the broker owes sessions that outlive their connection: messages with QoS 1 and 2 until they are acknowledged. aedes' own memory keeps them
 * without end for a session that stays away or never acknowledges. Here a session that is owed too much is forgotten whole, so that whoever
 * comes back is told so (session present 0, MQTT 3.1.1, 3.2.2.2) instead of missing some in the middle.
 */
import { Readable } from "node:stream";
import persistence from "aedes-persistence";

interface Owed {
  readonly brokerCounter: number;
  readonly payload?: Uint8Array;
  messageId?: number | undefined;
}
type Client = { readonly id: string };

/** The package exports this; its typings do not say so. */
const { Packet } = persistence as unknown as { readonly Packet: new (original: Owed) => Owed };

/** Owed to one session at most: twice what may wait for a reader (readers.ts), so that one that only stops reading keeps its session. */
const MOST_FOR_ONE = 32 << 20;
/** However many there are. */
const MOST_FOR_ALL = 96 << 20;
/** What a message takes beside its payload, about. */
const EACH = 800;

interface Kept {
  packet: Owed;
  readonly bytes: number;
  /** By how many filters that overlap it is owed; aedes sends one, and clears each of the others. */
  copies: number;
}
interface Session {
  /** By the broker's count, oldest first: that is the order in which they are sent and acknowledged. */
  readonly packets: Map<number, Kept>;
  bytes: number;
}

/** The part of a persistence for aedes that keeps them. `forget` is told whose session is owed too much, once. */
export const createOwed = (forget: (clientId: string) => void) => {
  const sessions = new Map<string, Session>();
  let total = 0;

  const drop = (clientId: string): void => {
    total -= sessions.get(clientId)?.bytes ?? 0;
    sessions.delete(clientId);
    forget(clientId);
  };
  const makeRoom = (clientId: string, session: Session): void => {
    if (session.bytes > MOST_FOR_ONE) return drop(clientId);
    if (total <= MOST_FOR_ALL) return;
    const [worst] = [...sessions].reduce((one, other) => (other[1].bytes > one[1].bytes ? other : one));
    drop(worst);
  };
  const enqueue = (clientId: string, packet: Owed): void => {
    let session = sessions.get(clientId);
    if (session === undefined) sessions.set(clientId, (session = { packets: new Map(), bytes: 0 }));
    const known = session.packets.get(packet.brokerCounter);
    if (known !== undefined) {
      known.copies += 1;
      return;
    }
    const bytes = EACH + (packet.payload?.length ?? 0);
    session.packets.set(packet.brokerCounter, { packet: new Packet(packet), bytes, copies: 1 });
    session.bytes += bytes;
    total += bytes;
    makeRoom(clientId, session);
  };
  /** Where a message with this identifier stands; the oldest, which is acknowledged first. */
  const keyOf = (session: Session, messageId: number | undefined): number | null => {
    for (const [key, { packet }] of session.packets) if (packet.messageId === messageId) return key;
    return null;
  };
  const remove = (id: string, session: Session, key: number, { bytes }: Kept): void => {
    session.packets.delete(key);
    session.bytes -= bytes;
    total -= bytes;
    if (session.packets.size === 0) sessions.delete(id);
  };

  return {
    async outgoingEnqueue({ clientId }: { readonly clientId: string }, packet: Owed): Promise<void> {
      enqueue(clientId, packet);
    },
    async outgoingEnqueueCombi(subscriptions: readonly { readonly clientId: string }[], packet: Owed): Promise<void> {
      for (const { clientId } of subscriptions) enqueue(clientId, packet);
    },
    /** Notes the identifier under which a message is sent, or that its second half (PUBREL) is owed now. Throws where nothing is owed. */
    async outgoingUpdate({ id }: Client, packet: Owed): Promise<void> {
      const session = sessions.get(id);
      const sent = session?.packets.get(packet.brokerCounter);
      if (sent !== undefined) {
        sent.packet.messageId = packet.messageId;
        return;
      }
      const key = session === undefined ? null : keyOf(session, packet.messageId);
      const owed = key === null ? undefined : session?.packets.get(key);
      if (owed === undefined) throw new Error("no such packet");
      owed.packet = packet;
    },
    /** Gives the message that is acknowledged, or that is not to be sent (no identifier); undefined where nothing is owed of it. */
    async outgoingClearMessageId({ id }: Client, { messageId, brokerCounter }: Owed): Promise<Owed | undefined> {
      const session = sessions.get(id);
      if (session === undefined) return undefined;
      const key = messageId === undefined ? brokerCounter : keyOf(session, messageId);
      const gone = key === null ? undefined : session.packets.get(key);
      if (key === null || gone === undefined) return undefined;
      if (messageId === undefined && gone.copies > 1) gone.copies -= 1;
      // One with an identifier is on its way.
      else if (messageId !== undefined || gone.packet.messageId === undefined) remove(id, session, key, gone);
      return gone.packet;
    },
    outgoingStream: ({ id }: Client): Readable =>
      Readable.from([...(sessions.get(id)?.packets.values() ?? [])].map(({ packet }) => packet)),
  };
};
