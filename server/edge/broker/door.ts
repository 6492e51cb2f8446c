/** Who may connect to the embedded broker, under which id, and what a connection may publish and hear. */
import type { AedesPublishPacket, AuthenticateError, Client, PreConnectHandler, Subscription } from "aedes";

/** A device that proved who it is; null: one without a credential, where that is allowed. */
export interface Admitted {
  readonly name: string;
}

export interface DoorOptions<D extends Admitted> {
  /** Whether devices without a credential come in, and may do everything. */
  readonly anonymous: boolean;
  readonly admit: (name: string, password: string) => D | null;
  /** Name in a client certificate that the listener has verified, null where there is none. */
  readonly certified: (name: string) => D | null;
  readonly mayPublish: (device: D, topic: string, retain: boolean) => boolean;
  readonly maySubscribe: (device: D, filter: string) => boolean;
  /** Told what was turned away, for the status page. */
  readonly onDenied: (what: "connection" | "publish" | "subscribe") => void;
}

/** Bits of an aedes client that its typings leave out. */
type Known<D> = Client & {
  device?: D | null;
  revoked?: boolean;
  conn: { getPeerCertificate?: () => { subject?: { CN?: string } }; authorized?: boolean };
};

const UNAUTHORISED = 5;
const BAD_CREDENTIALS = 4;
const BAD_ID = 2;
const MOST_ID = 256;

const refused = (message: string, returnCode: number): AuthenticateError =>
  Object.assign(new Error(message), { returnCode }) as AuthenticateError;

/** The hooks of aedes. A closed connection is MQTT 3.1.1's only way to say no to a publish (§3.3.5). */
export const createDoor = <D extends Admitted>(options: DoorOptions<D>) => {
  const deviceOf = (client: Client | null): D | null => (client as Known<D> | null)?.device ?? null;
  const deny = (what: "connection" | "publish" | "subscribe", message: string, code: number): AuthenticateError => {
    options.onDenied(what);
    return refused(message, code);
  };

  const certifiedName = ({ conn }: Known<D>): string | null =>
    conn.authorized === true ? (conn.getPeerCertificate?.().subject?.CN ?? null) : null;

  return {
    /**
     * Client ids are each user's own: `gw-1`'s `a` is not `gw-2`'s `a`, so that nobody can take over another's session or its queue.
     * Wildcards in an id or a name would be read as such by whatever builds a topic of them (CVE-2017-7650).
     */
    preConnect: ((client, packet, done) => {
      const { username, clientId } = packet as { username?: string; clientId: string };
      const owner = certifiedName(client as Known<D>) ?? username ?? null;
      if (/[+#/\u0000]/.test(clientId) || clientId.length > MOST_ID || /[+#/\u0000]/.test(owner ?? "")) {
        options.onDenied("connection");
        return done(refused("wildcards and slashes are not for ids", BAD_ID), false);
      }
      if (owner !== null && clientId !== "") (packet as { clientId: string }).clientId = `${owner}/${clientId}`;
      done(null, true);
    }) satisfies PreConnectHandler,

    authenticate(
      client: Client,
      username: Readonly<string | undefined>,
      password: Readonly<Buffer | undefined>,
      done: (error: AuthenticateError | null, ok: boolean | null) => void,
    ): void {
      const known = client as Known<D>;
      const byCertificate = certifiedName(known);
      const device =
        byCertificate !== null
          ? options.certified(byCertificate)
          : username === undefined || username === ""
            ? null
            : options.admit(username, password?.toString() ?? "");
      if (device === null && (byCertificate !== null || (username !== undefined && username !== "")))
        return done(deny("connection", "the device's name or password is wrong", BAD_CREDENTIALS), false);
      if (device === null && !options.anonymous) return done(deny("connection", "a device needs its credential here", UNAUTHORISED), false);
      // Its Will is published when it can no longer be asked: it is judged now.
      const { _will: will } = client as unknown as { _will?: { topic: string; retain: boolean } };
      if (device !== null && will !== undefined && !options.mayPublish(device, will.topic, will.retain))
        return done(deny("connection", "its Will is not its own", UNAUTHORISED), false);
      known.device = device;
      done(null, true);
    },

    /** Why a message is not taken, null where it is. */
    publishRefusal(client: Client | null, packet: Pick<AedesPublishPacket, "topic" | "retain">): Error | null {
      if (packet.topic.startsWith("$")) return deny("publish", "topics that start with $ are the broker's own", UNAUTHORISED);
      const device = deviceOf(client);
      if ((client as Known<D> | null)?.revoked === true) return deny("publish", "the device's credential was taken back", UNAUTHORISED);
      if (client === null || device === null || options.mayPublish(device, packet.topic, packet.retain)) return null;
      return deny("publish", "that topic is not the device's own", UNAUTHORISED);
    },

    authorizeSubscribe(
      client: Client | null,
      subscription: Subscription,
      done: (error: Error | null, granted?: Subscription | null) => void,
    ): void {
      const device = deviceOf(client);
      const { topic } = subscription;
      // Without a credential one may listen to devices, as they to each other's commands, but not to the broker itself.
      const allowed = !topic.startsWith("$") && (device === null || options.maySubscribe(device, topic));
      if (!allowed) options.onDenied("subscribe");
      // null: SUBACK with 0x80, failure (MQTT 3.1.1 §3.9.3).
      done(null, allowed ? subscription : null);
    },

    /** Asked again for every message that goes out: a right that was taken back holds nothing. */
    mayHear(client: Client, topic: string): boolean {
      const device = deviceOf(client);
      return device === null || options.maySubscribe(device, topic);
    },

    nameOf: (client: Client): string | null => deviceOf(client)?.name ?? null,
    isOf: (client: Client, name: string): boolean => deviceOf(client)?.name === name,
    /** From now on it may nothing, its Will included. */
    revoke: (client: Client): void => void ((client as Known<D>).revoked = true),
  };
};
