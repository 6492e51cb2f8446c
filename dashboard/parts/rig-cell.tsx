import type { ReactNode } from "react";
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import { asShown, fixed, lasting, MISSING } from "../format.ts";
import type { Farm } from "../state.ts";
import { say } from "../texts.ts";
import { isMissing, type Column } from "./rig-columns.ts";
import { SeverityMark, StateMark } from "./value.tsx";

const OLD_MS = 60_000;

/** What a cell of the rig table shows. */
export const cellOf = (column: Column, farm: Farm, index: number, now: number): ReactNode => {
  const value = column.value(farm, index, now);
  if (column.key === "state") return <StateMark state={RIG_STATES[farm.state[index] ?? 0] ?? "new"} />;
  if (column.key === "alarm") {
    const severity = SEVERITIES[(farm.alarm[index] ?? 0) - 1];
    return severity === undefined ? null : <SeverityMark severity={severity} />;
  }
  if (isMissing(value)) return <span className="faint">{column.key === "seen" ? say.never : MISSING}</span>;
  if (column.key === "seen")
    return (
      <span className="age" data-old={Number(value) > OLD_MS}>
        {lasting(Number(value))}
      </span>
    );
  if (column.key === "tier") return say.tiers[farm.roster[index]?.tier ?? "self-reported"];
  return typeof value === "number" ? fixed(asShown(column.unit).of(value), column.digits) : value;
};
