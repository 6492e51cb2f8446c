import type { ReactNode } from "react";
import { celsius, fixed, hashrate, lasting, percent, power } from "../format.ts";
import type { RigNow } from "../state.ts";
import { say } from "../texts.ts";
import { StateMark, Value } from "./value.tsx";

const TIP_W = 236;

/** What stands under the pointer or the keyboard's ring. */
export const FloorTip = ({
  rig,
  now,
  x,
  y,
  width,
}: {
  readonly rig: RigNow;
  readonly now: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}): ReactNode => {
  const { numbers, roster } = rig;
  const jth =
    numbers.powerW !== null && numbers.hashrateThs !== null && numbers.hashrateThs > 0 ? numbers.powerW / numbers.hashrateThs : null;
  return (
    <div className="tip" style={{ left: Math.max(0, Math.min(x + 14, width - TIP_W)), top: y + 16, width: TIP_W }} aria-hidden>
      <div className="row apart">
        <strong>{roster.rig}</strong>
        <StateMark state={rig.state} />
      </div>
      <div className="faint">
        {[roster.model, roster.position === null ? say.unplaced : say.place(roster.position)].filter(Boolean).join(" · ")}
      </div>
      <div className="pairs">
        <span>{say.columns.hashrate}</span>
        <span>
          <Value shown={hashrate(numbers.hashrateThs)} />{" "}
          <span className="faint">{percent(numbers.hashrateThs, roster.nameplateThs, 0)}</span>
        </span>
        <span>{say.columns.boardC}</span>
        <span>
          <Value shown={celsius(numbers.boardC)} />
        </span>
        <span>{say.columns.chipC}</span>
        <span>
          <Value shown={celsius(numbers.chipC)} />
        </span>
        <span>{say.columns.intakeC}</span>
        <span>
          <Value shown={celsius(numbers.intakeC)} />
        </span>
        <span>{say.columns.power}</span>
        <span>
          <Value shown={power(numbers.powerW)} />
        </span>
        <span>{say.columns.efficiency}</span>
        <span>
          <Value shown={{ text: fixed(jth, 1), unit: "J/TH" }} />
        </span>
        <span>{say.columns.seen}</span>
        <span>{rig.lastSeenTs === null ? say.never : say.ago(lasting(now - rig.lastSeenTs))}</span>
        <span>{say.columns.source}</span>
        <span>{say.tiers[roster.tier]}</span>
      </div>
    </div>
  );
};
