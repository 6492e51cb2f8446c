import { IconArrowUpRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Shown } from "../format.ts";
import { Value } from "./value.tsx";

interface TileProps {
  readonly name: string;
  readonly shown?: Shown | undefined;
  readonly side?: ReactNode;
  readonly foot: ReactNode;
  readonly to: string;
  /** Columns of twelve on a wide screen. */
  readonly span: number;
  readonly children?: ReactNode;
}
/** One figure with what it means, where it comes from and how old it is; leads to its page. */
export const Tile = ({ name, shown, side, foot, to, span, children }: TileProps): ReactNode => (
  <Link to={to} className="tile" data-span={span}>
    <span className="tile-name">
      {name}
      <IconArrowUpRight size={14} aria-hidden />
    </span>
    {shown === undefined ? null : (
      <span className="tile-value">
        <Value shown={shown} />
      </span>
    )}
    {side === undefined ? null : <span className="tile-side">{side}</span>}
    {children}
    <span className="tile-foot">{foot}</span>
  </Link>
);
