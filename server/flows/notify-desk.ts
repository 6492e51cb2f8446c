/** What people see of notifications and how they set them up. Secrets go in and never come out. */
import type { Farm } from "../twin/farm.ts";
import type { Notice } from "../twin/notify/book.ts";
import {
  SECRETS,
  type Channel,
  type ChannelLine,
  type NewChannel,
  type Notifications,
  type NotifyRules,
  type NotifySettings,
  type Secrets,
} from "../twin/notify/shapes.ts";
import { Refused } from "../twin/refusal.ts";
import type { Delivery } from "./notify.ts";

export interface NotifyDeskNeeds {
  readonly now: () => number;
  readonly farm: () => Farm;
  readonly store: {
    readonly settings: () => NotifySettings;
    readonly secrets: (channel: string) => Secrets;
    /** Durable when it resolves. */
    readonly save: (settings: NotifySettings, secrets: ReadonlyMap<string, Secrets>) => Promise<void>;
  };
  readonly send: (channel: Channel, notice: Notice) => Promise<Delivery>;
  readonly poke: (channel: string) => void;
}
const RECENT = 100;

const hostOf = (channel: Channel, secrets: Secrets): string | null => {
  if (channel.kind === "email") return `${channel.host}:${channel.port}`;
  const address = channel.kind === "telegram" ? channel.server : secrets["url"];
  return address === undefined ? null : new URL(address).host;
};
const NEEDED = { email: [], telegram: ["token"], slack: ["url"], discord: ["url"], webhook: ["url"], push: [] } as const satisfies Record<
  Channel["kind"],
  readonly string[]
>;

export const createNotifyDesk = (needs: NotifyDeskNeeds) => {
  const { store, farm, now } = needs;
  let turn: Promise<unknown> = Promise.resolve();
  /** One change after the other, so that none undoes another. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  const lineOf = (channel: Channel): ChannelLine => {
    const secrets = store.secrets(channel.id);
    const last = farm().notify.results.get(channel.id);
    const lacking = (NEEDED[channel.kind] as readonly string[]).filter((name) => secrets[name] === undefined);
    const waiting = [...farm().notify.notices.values()].filter((each) => each.channel === channel.id && each.state === "waiting").length;
    return {
      channel,
      secrets: Object.fromEntries(SECRETS[channel.kind].map((name) => [name, secrets[name] === undefined ? "not set" : "set"])),
      host: hostOf(channel, secrets),
      state: !channel.isOn ? "off" : lacking.length > 0 ? "incomplete" : last === undefined ? "untried" : last.isOk ? "ok" : "failing",
      says: lacking.length > 0 ? `Not set: ${lacking.join(", ")}` : (last?.detail ?? ""),
      lastOkTs: last?.lastOkTs ?? null,
      lastFailTs: last?.lastFailTs ?? null,
      waiting,
    };
  };
  const answer = (): Notifications => ({
    rules: store.settings().rules,
    channels: store.settings().channels.map(lineOf),
    recent: [...farm().notify.notices.values()]
      .toReversed()
      .slice(0, RECENT)
      .map(({ id, channel, event, severity, title, lines, queuedTs, state, stateTs, tries, nextTs, detail }) => ({
        id,
        channel,
        event,
        severity,
        title,
        lines: [...lines],
        queuedTs,
        state,
        stateTs,
        tries,
        nextTs,
        detail,
      })),
  });
  const channelOf = (id: string): Channel => {
    const found = store.settings().channels.find((each) => each.id === id);
    if (found === undefined) throw new Refused("NOT_FOUND", `There is no channel "${id}".`);
    return found;
  };
  const allSecrets = (): Map<string, Secrets> => new Map(store.settings().channels.map(({ id }) => [id, store.secrets(id)]));

  return {
    notifications: answer,
    /** Makes a channel or changes it; secrets that are left out stay. Throws Refused REQUEST_INVALID, DISK_FULL, JOURNAL_UNAVAILABLE. */
    setChannel: (told: NewChannel): Promise<Notifications> =>
      inTurn(async () => {
        const { secrets, ...channel } = told;
        const before = store.settings();
        const known = before.channels.find(({ id }) => id === told.id);
        if (known !== undefined && known.kind !== told.kind)
          throw new Refused("REQUEST_INVALID", `body.kind: "${told.id}" is of the kind ${known.kind}; make another channel.`);
        if (known === undefined && before.channels.length >= 50)
          throw new Refused("REQUEST_INVALID", "There are 50 channels; that is the most.");
        const given = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== undefined)) as Secrets;
        const all = allSecrets();
        all.set(told.id, { ...(known === undefined ? {} : store.secrets(told.id)), ...given });
        const channels =
          known === undefined ? [...before.channels, channel] : before.channels.map((each) => (each.id === told.id ? channel : each));
        await store.save({ ...before, channels }, all);
        needs.poke(told.id);
        return answer();
      }),
    /** Throws Refused NOT_FOUND. */
    endChannel: (id: string): Promise<Notifications> =>
      inTurn(async () => {
        channelOf(id);
        const before = store.settings();
        const all = allSecrets();
        all.delete(id);
        const channels = before.channels.filter((each) => each.id !== id);
        const routes = before.rules.routes.filter(({ channel }) => channel !== id);
        await store.save({ ...before, channels, rules: { ...before.rules, routes } }, all);
        return answer();
      }),
    /** Who is told what and when. Throws Refused NOT_FOUND where a route names no channel. */
    setNotifyRules: (rules: NotifyRules): Promise<Notifications> =>
      inTurn(async () => {
        for (const { channel } of rules.routes) channelOf(channel);
        await store.save({ ...store.settings(), rules, sinceTs: now() }, allSecrets());
        return answer();
      }),
    /** Sends a message now and says what the far end answered. Throws Refused NOT_FOUND. */
    testChannel: async (id: string): Promise<{ ok: boolean; says: string; tookMs: number }> => {
      const channel = channelOf(id);
      const beganTs = now();
      const notice: Notice = {
        id: `${id}/test/${beganTs}`,
        channel: id,
        event: "opened",
        severity: "info",
        title: "Info: a test by Rigtwin, nothing is wrong",
        lines: [`Site ${farm().site}, channel ${channel.label}`],
        about: [],
        queuedTs: beganTs,
        state: "trying",
        stateTs: beganTs,
        tries: 1,
        unknown: 0,
        nextTs: beganTs,
        detail: "",
      };
      const { outcome, detail } = await needs.send(channel, notice);
      return { ok: outcome === "sent", says: detail, tookMs: now() - beganTs };
    },
  };
};
