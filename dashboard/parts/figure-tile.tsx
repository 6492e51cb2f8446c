/** One figure of a board: its name, the value with its unit, and what it is of. */
import type { ReactNode } from "react";
import type { Shown } from "../format.ts";
import { Value } from "./value.tsx";

export const FigureTile = ({
  name,
  shown,
  side,
}: {
  readonly name: string;
  readonly shown: Shown;
  readonly side: ReactNode;
}): ReactNode => (
  <div className="tile">
    <span className="tile-name">{name}</span>
    <span className="tile-value small">
      <Value shown={shown} />
    </span>
    <span className="tile-side">{side}</span>
  </div>
);
