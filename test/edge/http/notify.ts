/** Notifications of the fixed farm: one channel, one route. */
import { NO_SETTINGS, channel } from "../../../server/twin/notify/shapes.ts";
import type { NotifyHandlers } from "../../../server/edge/http/handlers.ts";
import { Refused } from "../../../server/twin/refusal.ts";

const answer: ReturnType<NotifyHandlers["notifications"]> = {
  rules: NO_SETTINGS.rules,
  channels: [
    {
      channel: channel.parse({ id: "night-shift", label: "Night shift", kind: "webhook" }),
      secrets: { url: "set", key: "not set" },
      host: "example.org",
      state: "ok",
      says: "HTTP 204",
      lastOkTs: 1_762_862_400_000,
      lastFailTs: null,
      waiting: 0,
    },
  ],
  recent: [],
};
const browsers: ReturnType<NotifyHandlers["pushDevices"]> = {
  key: "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
  devices: [{ id: "0123456789abcdef", by: "badge-17", host: "push.example.org", addedTs: 1_762_862_400_000 }],
  channel: "browsers",
};
const known = (id: string): void => {
  if (id !== "night-shift") throw new Refused("NOT_FOUND", `There is no channel "${id}".`);
};
export const NOTIFY: NotifyHandlers = {
  notifications: () => answer,
  pushDevices: () => browsers,
  addPushDevice: () => Promise.resolve(browsers),
  endPushDevice: async (_who, id) => {
    if (id !== "0123456789abcdef") throw new Refused("NOT_FOUND", "There is no such browser.");
    return browsers;
  },
  setNotifyRules: () => Promise.resolve(answer),
  setChannel: () => Promise.resolve(answer),
  endChannel: async (_who, id) => {
    known(id);
    return answer;
  },
  testChannel: async (_who, id) => {
    known(id);
    return { ok: true, says: "HTTP 204", tookMs: 12 };
  },
};
