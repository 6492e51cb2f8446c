/**
 * This server's key for push services, made once, and the browsers that asked to be told, in `push.json` of the data folder. A browser knows
 * the key it subscribed with: a new one would leave all of them deaf.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { newPushDevice, type NewPushDevice } from "../../twin/notify/push.ts";
import { Refused } from "../../twin/refusal.ts";
import { put, putAtOnce, textOf } from "./files.ts";
import { newPushKeys, type PushKeys } from "./web-push.ts";

const FILE = "push.json";
const MOST_DEVICES = 200;

const kept = z.object({
  keys: z.object({ publicKey: z.string(), privateKey: z.string() }),
  devices: z.array(newPushDevice.extend({ id: z.string(), by: z.string(), addedTs: z.number() })),
});
export type PushDevice = z.output<typeof kept>["devices"][number];

/** Stable for one endpoint, and tells nothing of it. */
export const deviceIdOf = (endpoint: string): string => createHash("sha256").update(endpoint).digest("hex").slice(0, 16);

/** Opens it. Throws Refused CONFIG_INVALID where the file cannot be read. */
export const openPushStore = (folder: string) => {
  const path = join(folder, FILE);
  let keys: PushKeys | null = null;
  let devices: readonly PushDevice[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  try {
    const text = textOf(path);
    if (text !== null) ({ keys, devices } = kept.parse(JSON.parse(text)));
  } catch (cause) {
    throw new Refused("CONFIG_INVALID", `${FILE} in the data folder cannot be read; move it away to begin anew.`, { cause });
  }
  const refusedOf = (cause: unknown): Refused => {
    const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    return new Refused(full ? "DISK_FULL" : "JOURNAL_UNAVAILABLE", "The browsers could not be written to the data folder.", { cause });
  };
  const ownKeys = (): PushKeys => {
    if (keys !== null) return keys;
    const made = newPushKeys();
    try {
      putAtOnce(path, JSON.stringify({ keys: made, devices }));
    } catch (cause) {
      throw refusedOf(cause);
    }
    return (keys = made);
  };
  /** One change after the other; durable when it resolves. */
  const change = (next: (before: readonly PushDevice[]) => readonly PushDevice[]): Promise<void> => {
    const mine = turn.then(async () => {
      const after = next(devices);
      const own = ownKeys();
      await put(path, JSON.stringify({ keys: own, devices: after })).catch((cause: unknown) => {
        throw refusedOf(cause);
      });
      devices = after;
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    /** Made and on disk at the first call: a browser may be asking its owner while this server ends. Throws Refused DISK_FULL, JOURNAL_UNAVAILABLE. */
    keys: ownKeys,
    devices: (): readonly PushDevice[] => devices,
    /** Keeps a browser, or what is new of it. Throws Refused REQUEST_INVALID, DISK_FULL, JOURNAL_UNAVAILABLE. */
    add: (device: NewPushDevice, by: string, nowTs: number): Promise<void> =>
      change((before) => {
        const id = deviceIdOf(device.endpoint);
        const others = before.filter((each) => each.id !== id);
        if (others.length >= MOST_DEVICES) throw new Refused("REQUEST_INVALID", `${MOST_DEVICES} browsers are told; that is the most.`);
        return [...others, { ...device, id, by, addedTs: nowTs }];
      }),
    drop: (id: string): Promise<void> => change((before) => before.filter((each) => each.id !== id)),
  };
};
export type PushStore = ReturnType<typeof openPushStore>;
