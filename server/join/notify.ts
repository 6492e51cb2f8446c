/** Notifications: the settings on disk, the services, the outbox in the journal. */
import { readAllowed } from "../edge/notify/guard.ts";
import { createSender } from "../edge/notify/send.ts";
import { openPushStore } from "../edge/notify/push-store.ts";
import { openNotifyStore } from "../edge/notify/store.ts";
import type { NotifyHandlers } from "../edge/http/handlers.ts";
import { createNotify } from "../flows/notify.ts";
import { createPushDesk } from "../flows/push-desk.ts";
import { createNotifyDesk } from "../flows/notify-desk.ts";
import { Refused } from "../twin/refusal.ts";
import type { Fold } from "./fold.ts";
import { complain, type House } from "./house.ts";
import type { Door } from "./people.ts";

/** Starts them; gives what the API offers. Throws Refused CONFIG_INVALID. */
export const startNotify = async (
  { config, clock, status, runs }: House,
  { farm }: Fold,
  write: (topic: string, payload: Uint8Array) => Promise<unknown>,
  { audit }: Door,
): Promise<NotifyHandlers> => {
  const allowed = readAllowed(config.notifyAllow);
  if (allowed === null)
    throw new Refused("CONFIG_INVALID", "NOTIFY_ALLOW must be addresses, networks like 10.0.0.0/8 and names, with commas");
  const store = openNotifyStore(config.dataDir);
  const push = openPushStore(config.dataDir);
  const send = createSender({ site: config.site, publicUrl: config.publicUrl, allowed, secrets: store.secrets, push, now: clock.now });
  const notify = createNotify({
    clock,
    farm,
    write,
    settings: store.settings,
    send,
    onState: (away, detail) => status.say("notifications", "channels", detail, away),
    onError: complain,
  });
  const desk = createNotifyDesk({ now: clock.now, farm, store, send, poke: notify.poke });
  const pushDesk = createPushDesk({ now: clock.now, push, store });
  await notify.start();
  runs("the notifications", notify.stop);
  return {
    notifications: desk.notifications,
    async setNotifyRules({ name }, rules, { address }) {
      const answer = await desk.setNotifyRules(rules);
      audit.add(name, "notify-rules", { routes: rules.routes.length, zone: rules.zone }, address);
      return answer;
    },
    async setChannel({ name }, channel, { address }) {
      const answer = await desk.setChannel(channel);
      audit.add(name, "channel-set", { channel: channel.id, kind: channel.kind, secrets: Object.keys(channel.secrets) }, address);
      return answer;
    },
    async endChannel({ name }, channel, { address }) {
      const answer = await desk.endChannel(channel);
      audit.add(name, "channel-end", { channel }, address);
      return answer;
    },
    pushDevices: pushDesk.pushDevices,
    async addPushDevice({ name }, device, { address }) {
      const answer = await pushDesk.addPushDevice(name, device);
      audit.add(name, "browser-told", { host: new URL(device.endpoint).host }, address);
      return answer;
    },
    async endPushDevice({ name, role }, device, { address }) {
      const answer = await pushDesk.endPushDevice(name, role === "admin", device);
      audit.add(name, "browser-told-end", { device }, address);
      return answer;
    },
    async testChannel({ name }, channel, { address }) {
      const answer = await desk.testChannel(channel);
      audit.add(name, "channel-test", { channel, ok: answer.ok }, address);
      return answer;
    },
  };
};
