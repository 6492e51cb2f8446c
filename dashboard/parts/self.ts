import { useEffect } from "react";
import type { Mentions } from "../../server/twin/notes/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { useAnswer, usePeople, useViewClock, type Answer } from "../site.tsx";
import { useBadge } from "./badge.ts";

interface Me {
  readonly name: string | null;
  readonly rights: readonly string[];
  readonly local: boolean;
}
export interface Self {
  /** Of the account; null for a caller of this machine without one. */
  readonly account: string | null;
  /** Under which one acts: the account's, otherwise the badge this browser keeps; "" where neither is known. */
  readonly name: string;
  readonly setBadge: (badge: string) => void;
  /** Whether one may do that, by the names of rights.ts; never in a replay. */
  readonly may: (right: string) => boolean;
  /** The same, also while one looks at a replay: for what is of the present anyway. */
  readonly mayNow: (right: string) => boolean;
}

export const useSelf = (): Self => {
  const { data } = useAnswer<Me>({ route: ROUTES.me }, null, "me");
  const [badge, setBadge] = useBadge();
  const replay = useViewClock()?.view === "replay";
  const account = data === null || data.local ? null : data.name;
  const mayNow = (right: string): boolean => data?.rights.includes(right) ?? false;
  return { account, name: account ?? badge, setBadge, mayNow, may: (right) => !replay && mayNow(right) };
};

/** Asks anew whenever somebody has said something. */
export const useHeard = <T>(answer: Answer<T>): Answer<T> => {
  const notes = usePeople()?.notes ?? 0;
  const { refresh } = answer;
  useEffect(() => refresh(), [notes, refresh]);
  return answer;
};

/** What mentions whoever looks at it. */
export const useMentions = (): Answer<Mentions> => {
  const { name } = useSelf();
  return useHeard(useAnswer<Mentions>(name === "" ? null : { route: ROUTES.mentions, query: { name } }, null, `mentions ${name}`));
};
