import { useComputedColorScheme } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import type { BoardReading, ChipReading } from "../../server/twin/reading.ts";
import { asShown, fixed } from "../format.ts";
import { say } from "../texts.ts";
import { judged } from "./chip-outliers.ts";
import { rampOf } from "./scales.ts";

const COLUMNS = 18;

interface Metric {
  readonly label: string;
  readonly unit: string;
  readonly digits: number;
  readonly read: (chip: ChipReading) => number | null;
}
const METRICS: readonly Metric[] = [
  { label: say.chips.temp, unit: "°C", digits: 1, read: ({ tempC }) => tempC },
  { label: say.chips.hashrate, unit: "GH/s", digits: 1, read: ({ hashrateGhs }) => hashrateGhs },
  { label: say.chips.frequency, unit: "MHz", digits: 0, read: ({ frequencyMhz }) => frequencyMhz },
  { label: say.chips.errors, unit: "", digits: 0, read: ({ errors }) => errors },
];

interface ChipsProps {
  readonly board: BoardReading;
  /** The other boards of the same machine. */
  readonly sisters: readonly BoardReading[];
}
/** One board's chips where they sit, those that differ from the same place on its sisters marked and named. */
export const Chips = ({ board, sisters }: ChipsProps): ReactNode => {
  const scheme = useComputedColorScheme("dark");
  const ramp = useMemo(() => rampOf(scheme), [scheme]);
  const metric = METRICS.find(({ read }) => board.chipMap.some((chip) => read(chip) !== null)) ?? METRICS[0];
  if (metric === undefined) return null;
  const { unit, of, by: per } = asShown(metric.unit);
  const told = (value: number): string => `${fixed(of(value), metric.digits)} ${unit}`;
  const values = board.chipMap.flatMap((chip) => metric.read(chip) ?? []);
  const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const compared = sisters.filter(({ chipMap }) => chipMap.some((chip) => metric.read(chip) !== null));
  const verdicts = new Map(
    judged(
      board.chipMap,
      compared.map(({ chipMap }) => chipMap),
      metric.read,
    ).map((each) => [each.index, each]),
  );
  const odd = (chip: ChipReading): boolean => verdicts.get(chip.index)?.isOdd === true;
  const outliers = board.chipMap.filter(odd);
  const silent = outliers.filter(({ working }) => working === false);
  const columns = board.chipMap.every(({ column }) => column !== null)
    ? board.chipMap.reduce((most, { column }) => Math.max(most, (column ?? 0) + 1), 1)
    : COLUMNS;
  const named = outliers
    .filter(({ working }) => working !== false)
    .slice(0, 6)
    .map((chip) => {
      const off = verdicts.get(chip.index)?.off ?? 0;
      const by = `${off > 0 ? "+" : ""}${fixed(off * per, metric.digits)}`;
      return `${say.chips.chip(chip.index + 1)} ${told(metric.read(chip) ?? Number.NaN)} (${by})`;
    });
  return (
    <figure className="chips">
      <figcaption>
        <b>{say.boards.board(board.index + 1)}</b>{" "}
        <span className="faint">
          {metric.label} {fixed(of(low), metric.digits)}–{told(high)}, {say.chips.mean} {told(mean)}
        </span>
      </figcaption>
      <div
        className="chip-grid"
        role="img"
        aria-label={say.chips.summary(board.chipMap.length, outliers.length)}
        style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}
      >
        {board.chipMap.map((chip) => {
          const value = metric.read(chip);
          const step = value === null || !(high > low) ? -1 : Math.round(((value - low) / (high - low)) * (ramp.fill.length - 1));
          return (
            <i
              key={chip.index}
              data-odd={odd(chip)}
              data-dead={chip.working === false}
              title={`${say.chips.chip(chip.index + 1)}: ${value === null ? say.missing : told(value)}`}
              style={step < 0 ? {} : { background: ramp.fill[step] }}
            />
          );
        })}
      </div>
      <p className={outliers.length === 0 ? "faint" : "warm"}>
        {outliers.length === 0
          ? say.chips.even(compared.length)
          : [
              compared.length === 0 ? say.chips.againstOwn : say.chips.againstSisters,
              named.join(", "),
              silent.length === 0 ? "" : say.chips.silent(silent.length),
            ]
              .filter(Boolean)
              .join(" · ")}
      </p>
    </figure>
  );
};
