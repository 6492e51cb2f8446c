/** The steps of a check: what was looked at, how it ended, in one sentence each. */
import { IconCircleCheck, IconCircleX, IconHelpCircle, IconQuote } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { Result, Step } from "../../server/twin/verify.ts";
import { countOf, groupsOf, type Group } from "../proof/groups.ts";
import { proofText as text } from "../proof/texts.ts";

const ICONS = { passed: IconCircleCheck, failed: IconCircleX, "not-checked": IconHelpCircle, stated: IconQuote } as const;

export const ResultMark = ({ result, size = 16 }: { readonly result: Result; readonly size?: number }): ReactNode => {
  const Icon = ICONS[result];
  return <Icon size={size} className="step-mark" data-result={result} aria-label={text.results[result]} role="img" />;
};

const Lines = ({ steps }: { readonly steps: readonly Step[] }): ReactNode => (
  <ul className="steps">
    {steps.map((step, k) => (
      <li key={k} data-result={step.result}>
        <ResultMark result={step.result} />
        <span>{step.says}</span>
      </li>
    ))}
  </ul>
);

const countsOf = (steps: readonly Step[]): string =>
  text.counts(countOf(steps, "passed"), countOf(steps, "failed"), countOf(steps, "not-checked"), countOf(steps, "stated"));

const Day = ({ group, open }: { readonly group: Group; readonly open: boolean }): ReactNode => {
  const [isOpen, setOpen] = useState(open);
  return (
    <details className="step-day" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <ResultMark result={group.result} /> <b>{group.subject}</b> <span className="faint">{countsOf(group.steps)}</span>
      </summary>
      {isOpen ? <Lines steps={group.steps} /> : null}
    </details>
  );
};

/** One square a day, in the order of the days. */
export const DayMap = ({ results, of }: { readonly results: readonly Result[]; readonly of: number }): ReactNode => {
  const few = results.map((result) => ({ result }));
  return (
    <div
      className="day-map"
      role="img"
      aria-label={text.dayMap(countOf(few, "passed"), countOf(few, "failed"), countOf(few, "not-checked"))}
    >
      {Array.from({ length: of }, (_, k) => (
        <i key={k} data-result={results[k] ?? "waiting"} />
      ))}
    </div>
  );
};

const MOST_OPEN = 12;

export const Steps = ({ steps }: { readonly steps: readonly Step[] }): ReactNode => {
  const [all, setAll] = useState(false);
  const groups = groupsOf(steps);
  const days = groups.filter(({ isDay }) => isDay).toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
  const wrong = [...days.filter(({ result }) => result === "failed"), ...days.filter(({ result }) => result === "not-checked")];
  return (
    <div className="step-groups">
      {groups
        .filter(({ isDay }) => !isDay)
        .map((group) => (
          <section key={group.subject} aria-label={text.groups[group.subject] ?? group.subject}>
            <h3>{text.groups[group.subject] ?? group.subject}</h3>
            <Lines steps={group.steps} />
          </section>
        ))}
      {days.length === 0 ? null : (
        <section className="of-days" aria-label={text.days(days.length)}>
          <h3>{text.days(days.length)}</h3>
          <DayMap results={days.map(({ result }) => result)} of={days.length} />
          {wrong.slice(0, MOST_OPEN).map((group) => (
            <Day key={group.subject} group={group} open />
          ))}
          {wrong.length > MOST_OPEN ? <p className="quiet">{text.moreDays(wrong.length - MOST_OPEN)}</p> : null}
          <details className="step-day" onToggle={(event) => setAll(event.currentTarget.open)}>
            <summary>{text.allDays(days.length)}</summary>
            {all ? days.map((group) => <Day key={group.subject} group={group} open={false} />) : null}
          </details>
        </section>
      )}
    </div>
  );
};
