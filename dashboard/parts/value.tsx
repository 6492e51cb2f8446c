import type { CSSProperties, ReactNode } from "react";
import type { RigState, Severity } from "../../server/twin/twin.ts";
import { iso, lasting, MISSING, type Shown } from "../format.ts";
import { useNow, useNowText } from "../site.tsx";
import { say } from "../texts.ts";

/** Sets the custom property that dots, bars and tags take their colour from. */
export const toned = (token: string): CSSProperties => ({ "--tone": `var(--${token})` }) as CSSProperties;

/** A figure with its unit. */
export const Value = ({ shown: { text, unit } }: { readonly shown: Shown }): ReactNode => (
  <>
    {text === MISSING ? <span aria-label={say.missing}>{MISSING}</span> : text}
    <span className="unit">{unit}</span>
  </>
);

/** How long ago, in the view's time; marked in words and colour once it is older than `limitMs`. */
export const Age = ({
  ts,
  limitMs = 60_000,
  from,
}: {
  readonly ts: number | null;
  readonly limitMs?: number;
  readonly from?: string;
}): ReactNode => {
  const now = useNow();
  if (ts === null || now === null) return <span className="age">{from === undefined ? say.never : `${from}, ${say.never}`}</span>;
  const old = now - ts > limitMs;
  return (
    <span className="age" data-old={old} title={iso(ts)}>
      {from === undefined ? "" : `${from} · `}
      {say.ago(lasting(now - ts))}
      {old ? ` · ${say.old}` : ""}
    </span>
  );
};

/** How long since, in words around it. */
export const Since = ({ ts, says }: { readonly ts: number; readonly says: (length: string) => string }): ReactNode =>
  useNowText((now) => says(lasting(now - ts)));

export const StateMark = ({ state }: { readonly state: RigState }): ReactNode => (
  <span className="mark" style={toned(`state-${state}`)}>
    <i className={state === "offline" || state === "new" ? "dot hollow" : "dot"} aria-hidden />
    {say.states[state]}
  </span>
);

export const SeverityMark = ({ severity }: { readonly severity: Severity }): ReactNode => (
  <span className="mark" style={toned(`sev-${severity}`)}>
    <i className={severity === "info" || severity === "minor" ? "dot round hollow" : "dot round"} aria-hidden />
    {say.severities[severity]}
  </span>
);
