/**
 * The path of a notification: an incident in the folded farm → planned → journal (the outbox) → sent → journal. Each channel has a lane of
 * its own: one that hangs delays no other, and nothing else.
 */
import type { Farm } from "../twin/farm.ts";
import type { Notice, NotifyNews } from "../twin/notify/book.ts";
import { planNotices } from "../twin/notify/plan.ts";
import type { Channel, NotifySettings } from "../twin/notify/shapes.ts";
import { OWN } from "../twin/wire.ts";
import { journalNow, type Clock } from "./clock.ts";

/** What came of one try; `detail` is the far end's own answer, or what stood in the way, without secrets. */
export interface Delivery {
  /** `unknown`: it was given away and nothing was heard; it may have arrived. */
  readonly outcome: "sent" | "failed" | "unknown";
  readonly detail: string;
  /** The far end asks to be left alone for so long. */
  readonly afterS?: number;
}
export interface NotifyNeeds {
  readonly clock: Clock;
  readonly farm: () => Farm;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly settings: () => NotifySettings;
  /** Never rejects for what the far end does; ends within its own time limit. */
  readonly send: (channel: Channel, notice: Notice) => Promise<Delivery>;
  readonly onState: (away: string | null, detail: string) => void;
  readonly onError: (what: string, error: unknown) => void;
}
const PUMP_MS = 1_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Tried for a day; what still stands then is told again by its repeat. */
const GIVE_UP_MS = 86_400_000;
/** People must not be shown the same thing over and over: of two tries nobody knows what became, none follows. */
const MOST_UNKNOWN = 2;

const bytesOf = (news: NotifyNews): Uint8Array => new TextEncoder().encode(JSON.stringify(news));

/** When to try again, ms UTC; null: not any more. A webhook's receiver drops what it has by its id, so it may be asked on and on. */
export const nextTry = (notice: Notice, kind: Channel["kind"], { outcome, afterS = 0 }: Delivery, nowTs: number): number | null => {
  const unknown = notice.unknown + (outcome === "unknown" ? 1 : 0);
  if (unknown >= MOST_UNKNOWN && kind !== "webhook") return null;
  if (nowTs - notice.queuedTs >= GIVE_UP_MS) return null;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * (1 << Math.min(10, Math.max(0, notice.tries - 1))));
  return nowTs + Math.max(waitMs, Math.min(afterS * 1_000, GIVE_UP_MS));
};

export const createNotify = (needs: NotifyNeeds) => {
  const { clock, farm, settings } = needs;
  /** Channels whose lane is at work. */
  const busy = new Set<string>();
  /** Set anew: what waits is tried at once. */
  const poked = new Set<string>();
  let planning = false;
  let stopEvery: (() => void) | null = null;
  const now = (): number => journalNow(clock, farm());

  const write = (news: NotifyNews): Promise<unknown> => needs.write(OWN.notify, bytesOf(news));

  const tryOne = async (notice: Notice, channel: Channel | undefined): Promise<void> => {
    const { id } = notice;
    if (channel === undefined || !channel.isOn) {
      if (channel === undefined) await write({ what: "failed", id, detail: "The channel is gone.", isUnknown: false, nextTs: null });
      return;
    }
    // Before the far end hears of it, it is on disk that it may: a server that is killed now knows that it does not know.
    await write({ what: "trying", id });
    const tried = farm().notify.notices.get(id) ?? notice;
    const delivery = await needs.send(channel, tried).catch((error: unknown): Delivery => ({
      outcome: "failed",
      detail: error instanceof Error ? error.message : "It could not be sent.",
    }));
    if (delivery.outcome === "sent") return void (await write({ what: "sent", id, detail: delivery.detail }));
    const nextTs = nextTry(tried, channel.kind, delivery, now());
    await write({ what: "failed", id, detail: delivery.detail, isUnknown: delivery.outcome === "unknown", nextTs });
  };

  const lane = async (channelId: string): Promise<void> => {
    const nowTs = now();
    const isPoked = poked.delete(channelId);
    const due = [...farm().notify.notices.values()].filter(
      ({ channel, state, nextTs }) => channel === channelId && state === "waiting" && (isPoked || nextTs <= nowTs),
    );
    for (const notice of due) {
      if (stopEvery === null) return;
      await tryOne(
        notice,
        settings().channels.find(({ id }) => id === channelId),
      );
    }
  };

  const runLane = (channel: string): void => {
    if (busy.has(channel)) return;
    busy.add(channel);
    lane(channel)
      .catch((error: unknown) => needs.onError(`notifications by ${channel} wait`, error))
      .finally(() => busy.delete(channel));
  };

  /** A server that was killed between sending and noting it does not know what became of it. */
  const afterStart = async (): Promise<void> => {
    for (const notice of farm().notify.notices.values()) {
      if (notice.state !== "trying") continue;
      const kind = settings().channels.find(({ id }) => id === notice.channel)?.kind ?? "email";
      const delivery: Delivery = { outcome: "unknown", detail: "The server stopped while it was being sent." };
      const nextTs = nextTry(notice, kind, delivery, now());
      // At once: it was late before.
      await write({
        what: "failed",
        id: notice.id,
        detail: delivery.detail,
        isUnknown: true,
        nextTs: nextTs === null ? null : now(),
      });
    }
  };

  const tell = (): void => {
    const { channels } = settings();
    const on = channels.filter(({ isOn }) => isOn);
    const failing = on.flatMap(({ id, label }) => {
      const last = farm().notify.results.get(id);
      return last === undefined || last.isOk ? [] : [`${label}: ${last.detail}`];
    });
    const waiting = [...farm().notify.notices.values()].filter(({ state }) => state === "waiting").length;
    needs.onState(
      failing.length === 0 ? null : failing.join("; "),
      on.length === 0 ? "no channel is set up" : `${on.length} ${on.length === 1 ? "channel" : "channels"}, ${waiting} waiting`,
    );
  };

  const pump = async (): Promise<void> => {
    tell();
    if (!planning) {
      planning = true;
      try {
        const notices = planNotices(farm().notify, farm().alarms, settings(), now());
        if (notices.length > 0) await write({ what: "queued", notices });
      } finally {
        planning = false;
      }
    }
    const waiting = new Set<string>();
    for (const { channel, state } of farm().notify.notices.values()) if (state === "waiting") waiting.add(channel);
    waiting.forEach(runLane);
  };

  return {
    /** What waits for that channel is tried at once. */
    poke: (channel: string): void => void poked.add(channel),
    async start(): Promise<void> {
      await afterStart();
      stopEvery = clock.every(PUMP_MS, () => pump().catch((error: unknown) => needs.onError("notifications wait", error)));
    },
    stop(): void {
      stopEvery?.();
      stopEvery = null;
    },
  };
};
