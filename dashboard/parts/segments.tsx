import type { ReactNode } from "react";

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}
/** A choice of one of a few, as buttons in a row. */
export const Segments = <T extends string>({ label, value, options, onChange }: SegmentsProps<T>): ReactNode => (
  <div className="segments" role="group" aria-label={label}>
    {options.map((option) => (
      <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
        {option.label}
      </button>
    ))}
  </div>
);

const HOUR = 3_600_000;
export const RANGES = { "1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR } as const;
export type RangeName = keyof typeof RANGES;
export const isRange = (name: string | null): name is RangeName => name !== null && Object.hasOwn(RANGES, name);
export const RANGE_OPTIONS = (["1h", "6h", "24h", "7d"] as const).map((value) => ({
  value,
  label: value.replace(/(\d+)(\w)/, "$1\u202f$2"),
}));
