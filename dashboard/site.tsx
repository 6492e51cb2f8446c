/** What views see of the store and the link: hooks only. `main.tsx` hands in the real ones. */
import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Alarm, SiteTotals } from "../server/twin/twin.ts";
import type { ViewClock } from "../server/twin/delta.ts";
import type { OrderLine } from "../server/twin/orders/lines.ts";
import { nowOf } from "./clock.ts";
import { rigAt, type Connection, type Farm, type RigNow, type Store, type Topic } from "./state.ts";

export interface Question {
  readonly route: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}
/** What went wrong, in the server's code and words; status 0 where nothing answered. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}
export interface Site {
  readonly store: Store;
  readonly ask: {
    readonly get: <T>(question: Question, signal?: AbortSignal) => Promise<T>;
    readonly post: <T>(question: Question, body: unknown) => Promise<T>;
    readonly patch: <T>(question: Question, body: unknown) => Promise<T>;
    readonly remove: (question: Question) => Promise<unknown>;
    readonly text: (question: Question) => Promise<string>;
    readonly send: <T>(question: Question, file: Blob) => Promise<T>;
    readonly rpc: (address: string, method: string, parameters: readonly unknown[]) => Promise<unknown>;
  };
  readonly addressOf: (question: Question) => string;
  readonly watchLive: () => void;
  /** `at`: stand still at that moment. */
  readonly watchReplay: (from: number, to: number, speed: number, at?: number) => void;
  /** Tells the others which page is shown. */
  readonly here: (page: string) => void;
  readonly control: (control: { readonly playing?: boolean; readonly speed?: number; readonly at?: number }) => void;
  readonly again: () => void;
  /** Asks for a name and a password. */
  readonly lock: () => void;
}

const SiteContext = createContext<Site | null>(null);
export const SiteProvider = SiteContext.Provider;
export const useSite = (): Site => {
  const site = useContext(SiteContext);
  if (site === null) throw new Error("no site above this component");
  return site;
};

const useTopic = (topic: Topic): number => {
  const { store } = useSite();
  const subscribe = useCallback((listener: () => void) => store.subscribe(topic, listener), [store, topic]);
  return useSyncExternalStore(subscribe, () => store.version(topic));
};

export const useTotals = (): SiteTotals | null => (useTopic("totals"), useSite().store.totals());
/** The site's figures, a moment before all the rest is there. */
export const useGist = (): SiteTotals | null => (useTopic("totals"), useSite().store.gist());
export const useAlarms = (): readonly Alarm[] => (useTopic("alarms"), useSite().store.alarms());
/** Work orders, newest first; redraws when one is opened or changed. */
export const useOrders = (): readonly OrderLine[] => (useTopic("orders"), useSite().store.orders());
/** Who is here, null while that is not known. */
export const usePeople = (): ReturnType<Store["people"]> => (useTopic("people"), useSite().store.people());
export const useConnection = (): Connection => (useTopic("connection"), useSite().store.connection());
export const useViewClock = (): ViewClock | null => (useTopic("clock"), useSite().store.clock()?.clock ?? null);
/** The columns; redraws with every frame that changed rows. */
export const useFarm = (): { readonly farm: Farm; readonly version: number } => ({ version: useTopic("rows"), farm: useSite().store.farm });
/** Redraws only when rigs appear or are renamed. */
export const useRoster = (): Farm["roster"] => (useTopic("roster"), useSite().store.farm.roster);

/** One rig by name; redraws only when its row changes. */
export const useRig = (name: string): RigNow | null => {
  const { store } = useSite();
  const subscribe = useCallback((listener: () => void) => store.subscribe("rows", listener), [store]);
  const at = (): number => store.farm.byName.get(name) ?? -1;
  useSyncExternalStore(subscribe, () => (at() < 0 ? -1 : (store.farm.rev[at()] ?? 0)));
  return at() < 0 ? null : rigAt(store.farm, at());
};

const beats = new Set<() => void>();
let beating: ReturnType<typeof setInterval> | null = null;
const onBeat = (listener: () => void): (() => void) => {
  beats.add(listener);
  beating ??= setInterval(() => beats.forEach((each) => each()), 1_000);
  return () => {
    beats.delete(listener);
    if (beats.size === 0 && beating !== null) {
      clearInterval(beating);
      beating = null;
    }
  };
};
/** "Now" of the view in ms UTC, once a second and whenever the clock is turned, or null before the first snapshot. */
export const useNow = (): number | null => {
  const { store } = useSite();
  const turned = useTopic("clock");
  const read = useCallback((): { readonly turned: number; readonly now: number | null } => {
    const running = store.clock();
    return { turned: store.version("clock"), now: running === null ? null : nowOf(running, performance.now()) };
  }, [store]);
  const [beat, setBeat] = useState(read);
  useEffect(() => onBeat(() => setBeat(read())), [read]);
  return beat.turned === turned ? beat.now : read().now;
};

/** Words made of the view's now; redraws only when they change, so that hundreds of them on a page cost nothing. */
export const useNowText = (of: (now: number) => string): string => {
  const { store } = useSite();
  const subscribe = useCallback(
    (listener: () => void) => {
      const [beat, turn] = [onBeat(listener), store.subscribe("clock", listener)];
      return () => (beat(), turn());
    },
    [store],
  );
  return useSyncExternalStore(subscribe, () => {
    const running = store.clock();
    return running === null ? "" : of(nowOf(running, performance.now()));
  });
};

export interface Answer<T> {
  readonly data: T | null;
  /** The view's time of `data`, ms UTC. */
  readonly asOfTs: number | null;
  readonly failure: Failure | null;
  readonly loading: boolean;
  readonly refresh: () => void;
}
/** What was thrown, as something a person can read. */
export const failureOf = (error: unknown): Failure => {
  const { status = 0, code = "INTERNAL", message = String(error) } = error as Partial<Failure>;
  return { status, code, message };
};

// The last answers, so that going back to a page shows it at once while it asks anew.
const kept = new Map<string, { readonly data: unknown; readonly asOfTs: number | null }>();
const KEPT = 60;
const REPLAY_POLL_MS = 1_000;
const keep = (key: string, data: unknown, asOfTs: number | null): void => {
  kept.delete(key);
  kept.set(key, { data, asOfTs });
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
};

/**
 * Asks the server and keeps the answer. `slot` names what the answer is for: while only the range moves on, the old data stays until
 * the new is there. `everyMs`: ask again while the page is visible; null: once. In a replay the answers are of its moment: they are asked
 * anew when it jumps, and each second while it plays.
 */
export const useAnswer = <T,>(question: Question | null, everyMs: number | null, slot?: string): Answer<T> => {
  const { ask, addressOf, store } = useSite();
  useTopic("clock");
  const clock = store.clock()?.clock;
  const room = clock?.room ?? null;
  const moment = room === null || clock?.playing === true ? null : (clock?.nowTs ?? null);
  const key = question === null ? null : addressOf(question);
  const name = `${room ?? ""}${slot ?? key ?? ""}`;
  const [state, setState] = useState<{ name: string; data: T | null; asOfTs: number | null; failure: Failure | null }>(() => {
    const old = kept.get(name);
    return { name, data: (old?.data ?? null) as T | null, asOfTs: old?.asOfTs ?? null, failure: null };
  });
  const [round, setRound] = useState(0);
  const asked = useRef(question);
  asked.current = question;
  useEffect(() => {
    if (key === null || asked.current === null) return;
    const aborter = new AbortController();
    const viewNow = (): number | null => {
      const running = store.clock();
      return running === null ? null : nowOf(running, performance.now());
    };
    ask.get<T>(asked.current, aborter.signal).then(
      (data) => {
        if (aborter.signal.aborted) return;
        keep(name, data, viewNow());
        setState({ name, data, asOfTs: viewNow(), failure: null });
      },
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        setState((before) =>
          before.name === name ? { ...before, failure: failureOf(error) } : { name, data: null, asOfTs: null, failure: failureOf(error) },
        );
      },
    );
    return () => aborter.abort();
  }, [key, name, round, moment, ask, store]);
  const pollMs = everyMs === null ? null : room === null ? everyMs : Math.min(everyMs, REPLAY_POLL_MS);
  useEffect(() => {
    if (pollMs === null || moment !== null) return;
    const timer = setInterval(() => {
      if (!document.hidden) setRound((before) => before + 1);
    }, pollMs);
    return () => clearInterval(timer);
  }, [pollMs, moment]);
  const refresh = useCallback(() => setRound((before) => before + 1), []);
  const old =
    state.name === name
      ? state
      : { data: (kept.get(name)?.data ?? null) as T | null, asOfTs: kept.get(name)?.asOfTs ?? null, failure: null };
  return {
    data: old.data,
    asOfTs: old.asOfTs,
    failure: old.failure,
    loading: key !== null && old.data === null && old.failure === null,
    refresh,
  };
};

/** A range that ends at the view's now and moves on a bucket at a time, at most once in two seconds. */
export const useSpan = (lengthMs: number, points: number): { readonly from: number; readonly to: number } | null => {
  const now = useNow();
  const bucketMs = Math.max(1_000, Math.ceil(lengthMs / points));
  const held = useRef<{ from: number; to: number; lengthMs: number; atMs: number } | null>(null);
  if (now === null) return null;
  const to = Math.ceil(now / bucketMs) * bucketMs;
  const before = held.current;
  const atMs = performance.now();
  if (
    before === null ||
    before.lengthMs !== lengthMs ||
    (before.to !== to && (atMs - before.atMs >= 2_000 || Math.abs(to - before.to) > lengthMs))
  )
    held.current = { from: to - lengthMs, to, lengthMs, atMs };
  return held.current;
};
