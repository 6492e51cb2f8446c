import { useComputedColorScheme } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import { asShown, count, fixed } from "../format.ts";
import { useTotals } from "../site.tsx";
import { say } from "../texts.ts";
import { isNamed, MEASURES, rampOf, type MapMode } from "./scales.ts";
import { SeverityMark, StateMark, toned } from "./value.tsx";

const TICKS = 5;

/** What the colours mean, with units. */
export const FloorLegend = ({ mode }: { readonly mode: MapMode }): ReactNode => {
  const scheme = useComputedColorScheme("dark");
  const totals = useTotals();
  const ramp = useMemo(() => rampOf(scheme), [scheme]);
  if (mode === "state")
    return (
      <div className="legend">
        {RIG_STATES.map((state) => (
          <span key={state} className="mark" title={say.stateMeans[state]}>
            {state === "hashing" ? (
              <>
                <i className="dot" style={toned("cell-hashing")} aria-hidden />
                {say.states[state]}
              </>
            ) : (
              <StateMark state={state} />
            )}{" "}
            <b>{count(totals?.byState[state] ?? 0)}</b>
          </span>
        ))}
        <AlarmCorner />
      </div>
    );
  if (isNamed(mode))
    return (
      <div className="legend">
        {SEVERITIES.toReversed().map((severity) => (
          <span key={severity} className="mark">
            <SeverityMark severity={severity} /> <b>{count(totals?.activeAlarms[severity] ?? 0)}</b>
          </span>
        ))}
        <span className="mark">
          <i className="dot" style={toned("cell-hashing")} aria-hidden />
          {say.map.noAlarm}
        </span>
      </div>
    );
  const { low, high, alarming } = MEASURES[mode];
  const { unit, of } = asShown(MEASURES[mode].unit);
  const colours = alarming === "high" ? ramp.fill : [...ramp.fill].reverse();
  return (
    <div className="legend">
      <span className="ramp" aria-hidden>
        <i
          style={{ background: `linear-gradient(90deg, ${colours.filter((_, k) => k % 9 === 0 || k === colours.length - 1).join(", ")})` }}
        />
        <span>
          {Array.from({ length: TICKS }, (_, k) => (
            <span key={k}>
              {k === TICKS - 1 ? "≥ " : k === 0 && low > 0 ? "≤ " : ""}
              {fixed(of(low + ((high - low) * k) / (TICKS - 1)), 0)}
            </span>
          ))}
        </span>
      </span>
      <b>
        {say.map.modes[mode]}, {unit}
      </b>
      <span className="mark">
        <i className="dot hollow" style={toned("cell-edge")} aria-hidden />
        {say.map.noValue}
      </span>
      <AlarmCorner />
      <span className="unseen">{say.map.rampSpoken(fixed(of(low), 0), fixed(of(high), 0), unit)}</span>
    </div>
  );
};

const AlarmCorner = (): ReactNode => (
  <span className="mark">
    <svg width="12" height="12" aria-hidden>
      <rect width="12" height="12" fill="var(--cell-edge)" opacity="0.5" />
      <path d="M5 0h7v7z" fill="var(--sev-critical)" />
    </svg>
    {say.map.alarmCorner}
  </span>
);
