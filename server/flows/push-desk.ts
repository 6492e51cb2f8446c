/** Browsers that want to be told: who may add and take away which, and the channel by which routes reach them. */
import type { Channel, NotifySettings, Secrets } from "../twin/notify/shapes.ts";
import { notifyRoute } from "../twin/notify/shapes.ts";
import type { NewPushDevice, PushAnswer } from "../twin/notify/push.ts";
import { Refused } from "../twin/refusal.ts";

export interface PushDeskNeeds {
  readonly now: () => number;
  readonly push: {
    readonly keys: () => { readonly publicKey: string };
    readonly devices: () => readonly { readonly id: string; readonly by: string; readonly endpoint: string; readonly addedTs: number }[];
    readonly add: (device: NewPushDevice, by: string, nowTs: number) => Promise<void>;
    readonly drop: (id: string) => Promise<void>;
  };
  readonly store: {
    readonly settings: () => NotifySettings;
    readonly secrets: (channel: string) => Secrets;
    readonly save: (settings: NotifySettings, secrets: ReadonlyMap<string, Secrets>) => Promise<void>;
  };
}
/** As it comes with the first browser: critical incidents, at any hour. Whoever sets routes may change it like any other. */
const CHANNEL: Channel = { id: "browsers", label: "Browsers", isOn: true, kind: "push" };
const ROUTE = notifyRoute.parse({ channel: CHANNEL.id, least: "critical" });

export const createPushDesk = ({ now, push, store }: PushDeskNeeds) => {
  const channel = (): Channel | undefined => store.settings().channels.find(({ kind }) => kind === "push");
  const answer = (): PushAnswer => ({
    key: push.keys().publicKey,
    devices: push.devices().map(({ id, by, endpoint, addedTs }) => ({ id, by, host: new URL(endpoint).host, addedTs })),
    channel: channel()?.id ?? null,
  });
  const ensureChannel = async (): Promise<void> => {
    if (channel() !== undefined) return;
    const { channels, rules, ...rest } = store.settings();
    if (channels.some(({ id }) => id === CHANNEL.id)) return;
    const secrets = new Map(channels.map(({ id }) => [id, store.secrets(id)]));
    await store.save(
      { ...rest, channels: [...channels, CHANNEL], rules: { ...rules, routes: [...rules.routes, ROUTE] }, sinceTs: now() },
      secrets,
    );
  };
  return {
    pushDevices: answer,
    /** With the first browser comes a channel that tells critical incidents. Throws Refused REQUEST_INVALID, DISK_FULL, JOURNAL_UNAVAILABLE. */
    addPushDevice: async (by: string, device: NewPushDevice): Promise<PushAnswer> => {
      await push.add(device, by, now());
      await ensureChannel();
      return answer();
    },
    /** One's own; an admin's hand reaches all. Throws Refused NOT_FOUND, FORBIDDEN, DISK_FULL, JOURNAL_UNAVAILABLE. */
    endPushDevice: async (by: string, isAdmin: boolean, id: string): Promise<PushAnswer> => {
      const device = push.devices().find((each) => each.id === id);
      if (device === undefined) throw new Refused("NOT_FOUND", "There is no such browser.");
      if (device.by !== by && !isAdmin) throw new Refused("FORBIDDEN", "It belongs to somebody else.");
      await push.drop(id);
      return answer();
    },
  };
};
