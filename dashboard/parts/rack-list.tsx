import { useEffect, useState, type ReactNode } from "react";
import { RIG_STATES } from "../../server/twin/twin.ts";
import { fixed, hashrate, together } from "../format.ts";
import { useRoster, useSite } from "../site.tsx";
import { say } from "../texts.ts";
import { racksOf, type RackNow } from "./racks.ts";
import { SeverityMark } from "./value.tsx";

const RESORT_MS = 5_000;

/** Racks, weakest first; they change places every five seconds at most. */
export const useRacks = (): readonly RackNow[] => {
  const { store } = useSite();
  const roster = useRoster();
  const [racks, setRacks] = useState(() => racksOf(store.farm));
  useEffect(() => {
    setRacks(racksOf(store.farm));
    const timer = setInterval(() => setRacks(racksOf(store.farm)), RESORT_MS);
    return () => clearInterval(timer);
  }, [store, roster]);
  return racks;
};

const troubled = ({ states }: RackNow): string =>
  RIG_STATES.filter((state) => state !== "hashing" && (states[state] ?? 0) > 0)
    .map((state) => `${states[state]} ${say.states[state].toLowerCase()}`)
    .join(", ");

/** One rack in a line, as a button or a link around it. */
export const RackLine = ({ rack }: { readonly rack: RackNow }): ReactNode => (
  <span className="rack-line">
    <b>{rack.name}</b>
    <span className="meter" aria-hidden>
      <i style={{ inlineSize: `${Math.min(100, Math.max(0, rack.pct ?? 0))}%` }} />
    </span>
    <span className="num">{rack.pct === null ? together(hashrate(rack.hashrateThs)) : `${fixed(rack.pct, 1)}\u202f%`}</span>
    <span className="quiet ellipsis">{troubled(rack)}</span>
    <span>{rack.alarm === null ? null : <SeverityMark severity={rack.alarm} />}</span>
  </span>
);
