/** Credentials of devices at the broker: given, renewed, taken away, and asked for at each connection. */
import { emqxRules, mosquittoRules, type Device } from "../twin/device-rules.ts";
import { Refused } from "../twin/refusal.ts";
import type { Clock } from "./clock.ts";
import type { From } from "./people.ts";

export interface KnownDevice extends Device {
  readonly hash: string;
  readonly createdTs: number;
  readonly rotatedTs: number | null;
  readonly seenTs: number | null;
}

export interface DevicesNeeds {
  readonly site: string;
  readonly clock: Pick<Clock, "now">;
  readonly store: {
    readonly device: (name: string) => KnownDevice | null;
    readonly devices: () => readonly KnownDevice[];
    readonly putDevice: (device: KnownDevice) => void;
    readonly endDevice: (name: string) => boolean;
    readonly seeDevice: (name: string, nowTs: number) => void;
  };
  readonly newPassword: () => string;
  readonly hash: (password: string) => string;
  readonly fits: (password: string, kept: string) => boolean;
  /** Names of all rigs known now. */
  readonly rigs: () => readonly string[];
  /** Ends the connections of a device. */
  readonly disconnect: (name: string) => void;
  readonly connected: (name: string) => boolean;
  readonly audit: (who: string, what: string, detail: Readonly<Record<string, unknown>>, address: string) => void;
  readonly onError: (what: string, error: unknown) => void;
}

/** The simulated farm's own; made anew at each start and never listed. */
export const SIMULATOR = "simulator";
/** A device that comes and goes all the time costs a write this often. */
const SEEN_MS = 60_000;

export const createDevices = (needs: DevicesNeeds) => {
  const { store, clock } = needs;
  /** Of this run only. */
  const own = new Map<string, KnownDevice>();
  const seen = new Map<string, number>();

  const shown = ({ name, topics, createdTs, rotatedTs, seenTs }: KnownDevice) => ({
    name,
    topics,
    createdTs,
    rotatedTs,
    seenTs: seen.get(name) ?? seenTs,
    connected: needs.connected(name),
  });
  const known = (name: string): KnownDevice => {
    const device = store.device(name);
    if (device === null) throw new Refused("NOT_FOUND", "There is no device of that name.");
    return device;
  };
  const make = (name: string, topics: readonly string[]): { readonly password: string; readonly device: KnownDevice } => {
    const password = needs.newPassword();
    return { password, device: { name, topics, hash: needs.hash(password), createdTs: clock.now(), rotatedTs: null, seenTs: null } };
  };

  return {
    /** Who connects with this name and password; null: nobody known. */
    admit(name: string, password: string): Device | null {
      const device = own.get(name) ?? store.device(name);
      return device !== null && needs.fits(password, device.hash) ? device : null;
    },
    /** Whose certificate names it; the listener has verified that. */
    certified: (name: string): Device | null => store.device(name),
    /** It came, or left. */
    see(name: string): void {
      if (own.has(name)) return;
      const nowTs = clock.now();
      const isDue = nowTs - (seen.get(name) ?? 0) > SEEN_MS;
      seen.set(name, nowTs);
      try {
        if (isDue) store.seeDevice(name, nowTs);
      } catch (error) {
        // A full disk: when it was seen is known until the next start, and is no reason to refuse it.
        needs.onError("when a device was seen is not on disk", error);
      }
    },
    /** A credential for this run. */
    forNow(name: string, topics: readonly string[]): string {
      const { password, device } = make(name, topics);
      own.set(name, device);
      return password;
    },
    list: () => store.devices().map(shown),
    add(by: string, name: string, topics: readonly string[], from: From) {
      if (own.has(name) || store.device(name) !== null) throw new Refused("REQUEST_INVALID", `There is a device called ${name} already.`);
      const { password, device } = make(name, topics);
      store.putDevice(device);
      needs.audit(by, "device-added", { name, topics }, from.address);
      return { ...shown(device), password };
    },
    rotate(by: string, name: string, from: From) {
      const before = known(name);
      const { password, device } = make(name, before.topics);
      const after = { ...device, createdTs: before.createdTs, rotatedTs: device.createdTs, seenTs: before.seenTs };
      store.putDevice(after);
      needs.disconnect(name);
      needs.audit(by, "device-rotated", { name }, from.address);
      return { ...shown(after), password };
    },
    end(by: string, name: string, from: From): void {
      known(name);
      store.endDevice(name);
      needs.disconnect(name);
      seen.delete(name);
      needs.audit(by, "device-ended", { name }, from.address);
    },
    /** For `acl_file` or `acl.conf`, and with `passwords` for Mosquitto's `password_file`. */
    rules(broker: "mosquitto" | "emqx", file: "acl" | "passwords"): string {
      const devices = store.devices();
      if (file === "passwords") return devices.map(({ name, hash }) => `${name}:${hash}\n`).join("");
      return (broker === "mosquitto" ? mosquittoRules : emqxRules)(devices, needs.site, needs.rigs());
    },
  };
};
export type Devices = ReturnType<typeof createDevices>;
