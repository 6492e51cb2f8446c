/** One line a day: what was delivered, how sure it is, and where it is anchored. */
import { useState, type ReactNode } from "react";
import type { DayLine } from "../../server/twin/bundle.ts";
import { count, energyKwh, fixed, lasting, MISSING, percent, short, together } from "../format.ts";
import { say } from "../texts.ts";
import { twinText as text } from "../texts-twin.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { hashes, percentOf, type CalendarDay } from "../twin-days.ts";
import { Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { toned } from "./value.tsx";

const FEW = 14;
const TONES = { sealed: "state-paused", anchored: "state-hashing", corrected: "state-tuning", pending: "state-low" } as const;

const Late = ({ line }: { readonly line: DayLine }): ReactNode => {
  if (line.anchoredTs === null) return MISSING;
  const lateMs = line.anchoredTs - (line.day + 1) * DAY_MS;
  return (
    <span className={lateMs > DAY_MS ? "warm" : ""} title={text.lateMeans}>
      {lasting(lateMs)}
    </span>
  );
};

const Line = ({ line }: { readonly line: DayLine }): ReactNode => {
  const { totals } = line;
  return (
    <tr>
      <th scope="row">{line.date}</th>
      <td className={line.n === 0 ? "num warm" : "num"}>{line.n === 0 ? text.silent : together(hashes(totals.deliveredThH))}</td>
      <td className="num">{line.n === 0 ? MISSING : percent(totals.deliveredThH, totals.nameplateThH)}</td>
      <td className="num">{line.n === 0 ? MISSING : together(energyKwh(totals.energyKwh))}</td>
      <td className="num">{totals.efficiencyJTh === null ? MISSING : `${fixed(totals.efficiencyJTh, 1)}\u202fJ/TH`}</td>
      <td className="num">{percentOf(totals.uptimePct)}</td>
      <td className="num">{percentOf(totals.uptimeExcusedPct)}</td>
      <td className="num">
        {count(line.n)} <span className="faint">/ {count(line.expected)}</span>
      </td>
      <td className={line.gaps > 0 ? "num warm" : "num"}>{count(line.gaps)}</td>
      <td title={say.tierMeans[line.tier]}>{say.tiers[line.tier]}</td>
      <td>
        <span className="mark" style={toned(TONES[line.state])} title={text.stateMeans[line.state]}>
          <i className={line.state === "sealed" ? "dot round hollow" : "dot round"} aria-hidden />
          {text.states[line.state]}
        </span>
      </td>
      <td className="mono" title={line.root ?? ""}>
        {line.root === null ? MISSING : short(line.root, 6)}
      </td>
      <td className="num">{line.blockNumber === null ? MISSING : count(line.blockNumber)}</td>
      <td className="num">
        <Late line={line} />
      </td>
    </tr>
  );
};

export const DayTable = ({ calendar }: { readonly calendar: readonly CalendarDay[] }): ReactNode => {
  const [all, setAll] = useState(false);
  const newest = [...calendar].reverse();
  const { columns } = text;
  return (
    <Panel
      title={text.days}
      note={text.daysNote}
      flush
      foot={
        calendar.length <= FEW ? undefined : (
          <button type="button" className="text-button" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? text.showFew : text.showAll(calendar.length)}
          </button>
        )
      }
    >
      <ScrollX label={text.days}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{text.day}</th>
              {[
                columns.delivered,
                columns.share,
                columns.energy,
                columns.efficiency,
                columns.uptime,
                columns.excused,
                columns.readings,
                columns.gaps,
              ].map((name) => (
                <th key={name} scope="col" className="num">
                  {name}
                </th>
              ))}
              <th scope="col">{columns.tier}</th>
              <th scope="col">{columns.anchor}</th>
              <th scope="col">{columns.root}</th>
              <th scope="col" className="num">
                {columns.block}
              </th>
              <th scope="col" className="num">
                {columns.late}
              </th>
            </tr>
          </thead>
          <tbody>
            {newest.slice(0, all ? newest.length : FEW).map(({ day, date, line }) =>
              line === null ? (
                <tr key={day} className="no-rows">
                  <th scope="row">{date}</th>
                  <td colSpan={13} className="warm">
                    {text.noRows}
                  </td>
                </tr>
              ) : (
                <Line key={day} line={line} />
              ),
            )}
          </tbody>
        </table>
      </ScrollX>
    </Panel>
  );
};
