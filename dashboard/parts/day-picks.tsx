import type { ReactNode } from "react";
import { alarmText } from "../texts-alarms.ts";

const text = alarmText.notify;
/** A week begins on Monday here. */
const DAYS = [1, 2, 3, 4, 5, 6, 0] as const;

/** Days of the week, 0 is Sunday; one at least stays. */
export const DayPicks = ({
  days,
  onChange,
}: {
  readonly days: readonly number[];
  readonly onChange: (days: number[]) => void;
}): ReactNode => (
  <div className="day-picks wide" role="group" aria-label={text.days}>
    {DAYS.map((day) => (
      <button
        key={day}
        type="button"
        aria-pressed={days.includes(day)}
        onClick={() => {
          const next = days.includes(day) ? days.filter((each) => each !== day) : [...days, day];
          if (next.length > 0) onChange(next);
        }}
      >
        {text.dayNames[day]}
      </button>
    ))}
  </div>
);
