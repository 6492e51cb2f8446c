import { useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { memo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { Link } from "wouter";
import { RIG_STATES } from "../../server/twin/twin.ts";
import { asShown, celsius, fixed, hashrate, lasting, power } from "../format.ts";
import "../look/picks.css";
import { useFarm, useNow } from "../site.tsx";
import type { Farm } from "../state.ts";
import { pickText } from "../texts-pick.ts";
import { say } from "../texts.ts";
import { cellOf } from "./rig-cell.tsx";
import type { Column } from "./rig-columns.ts";
import { StateMark, Value } from "./value.tsx";
import { showRow, useRowWindow } from "./window-rows.ts";

const ROW_H = 33;
const CARD_H = 58;
const HEAD_H = 34;
const SPARE = 8;
const BOX_W = "22px";
const addressOf = (rig: string): string => `/rigs/${encodeURIComponent(rig)}`;

interface RowProps {
  readonly farm: Farm;
  readonly index: number;
  readonly rev: number;
  readonly columns: readonly Column[];
  readonly now: number;
}
const Cells = memo(({ farm, index, columns, now }: RowProps): ReactNode =>
  columns.map((column) => (
    <span key={column.key} role="gridcell" className={column.numeric ? "cell num" : "cell ellipsis"}>
      {column.key === "rig" ? (
        <Link to={addressOf(farm.roster[index]?.rig ?? "")} tabIndex={-1} className="rig-link">
          {farm.roster[index]?.rig}
        </Link>
      ) : (
        cellOf(column, farm, index, now)
      )}
    </span>
  )),
);
const Card = memo(({ farm, index, now }: RowProps): ReactNode => {
  const seen = now - (farm.lastSeenTs[index] ?? Number.NaN);
  const numbers = farm.numbers;
  return (
    <span role="gridcell" className="card">
      <span className="row apart">
        <Link to={addressOf(farm.roster[index]?.rig ?? "")} tabIndex={-1} className="rig-link">
          {farm.roster[index]?.rig}
        </Link>
        <StateMark state={RIG_STATES[farm.state[index] ?? 0] ?? "new"} />
      </span>
      <span className="row apart quiet">
        <span>
          <Value shown={hashrate(numbers.hashrateThs[index])} />
        </span>
        <span>
          <Value shown={celsius(numbers.boardC[index])} />
        </span>
        <span>
          <Value shown={power(numbers.powerW[index])} />
        </span>
        <span className="age" data-old={seen > 60_000}>
          {Number.isFinite(seen) ? say.ago(lasting(seen)) : say.never}
        </span>
      </span>
    </span>
  );
});

interface TableProps {
  readonly order: readonly number[];
  readonly columns: readonly Column[];
  readonly sort: { readonly key: string; readonly descending: boolean };
  readonly onSort: (key: string) => void;
  readonly onOpen: (index: number) => void;
  /** The hand is on the table: rows must stay where they are. */
  readonly onHeld: (held: boolean) => void;
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (selected: ReadonlySet<number>) => void;
}

/** Ten thousand rows of which only the visible ones exist. */
export const RigTable = ({ order, columns, sort, onSort, onOpen, onHeld, selected, onSelect }: TableProps): ReactNode => {
  const { farm } = useFarm();
  const now = useNow() ?? 0;
  const narrow = useMediaQuery("(max-width: 47.99em)", false, { getInitialValueInEffect: false });
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const height = narrow ? CARD_H : ROW_H;
  const { first, end } = useRowWindow(box, order.length, height, SPARE);
  // The pointer's way; the keyboard opens the active row.
  const onClick = (event: MouseEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-at]") : null;
    if (event.target instanceof Element && event.target.closest(".pick") !== null) return;
    if (row !== null && !event.defaultPrevented && !event.ctrlKey && !event.metaKey) onOpen(Number(row.dataset["at"]));
  };
  const template = [BOX_W, ...columns.map(({ width }) => width)].join(" ");
  const pivot = useRef(-1);
  /** One row, or with Shift all from the one before to it. */
  const select = (at: number, isRange: boolean): void => {
    const next = new Set(selected);
    const from = isRange && pivot.current >= 0 ? Math.min(pivot.current, order.length - 1) : at;
    const on = !selected.has(order[at] ?? -1);
    for (const index of order.slice(Math.min(from, at), Math.max(from, at) + 1)) {
      if (on) next.add(index);
      else next.delete(index);
    }
    pivot.current = at;
    onSelect(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.target !== box.current) return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / height) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -order.length,
      End: order.length,
    };
    const step = steps[event.key];
    if (event.key === "Enter" && active >= 0) return onOpen(order[active] ?? -1);
    if (event.key === "Escape" && selected.size > 0) return onSelect(new Set());
    if (event.key === " " && active >= 0) {
      event.preventDefault();
      return select(active, event.shiftKey);
    }
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(order.length - 1, Math.max(0, active + step));
    setActive(next);
    if (box.current !== null) showRow(box.current, next, height, narrow ? 0 : HEAD_H);
  };
  const least = columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)?.[0] ?? 80), 0) + columns.length * 12 + 24 + 34;
  return (
    <div
      ref={box}
      className="rig-table"
      role="grid"
      aria-label={say.rigs.table}
      aria-rowcount={order.length + 1}
      aria-multiselectable
      aria-colcount={narrow ? 2 : columns.length + 1}
      tabIndex={0}
      aria-activedescendant={active >= 0 ? `rig-row-${active}` : undefined}
      onClick={onClick}
      onKeyDown={onKey}
      onPointerEnter={() => onHeld(true)}
      onPointerLeave={() => onHeld(false)}
      onFocus={() => onHeld(true)}
      onBlur={() => onHeld(false)}
    >
      <div role="rowgroup" className="rig-head-group" style={narrow ? {} : { minInlineSize: least }}>
        <div role="row" aria-rowindex={1} className={narrow ? "unseen" : "rig-head"} style={{ gridTemplateColumns: template }}>
          <span role="columnheader" className="pick">
            <span className="unseen">{pickText.bar}</span>
          </span>
          {narrow ? (
            <span role="columnheader">{say.columns.rig}</span>
          ) : (
            columns.map((column) => {
              const on = sort.key === column.key;
              return (
                <span
                  key={column.key}
                  role="columnheader"
                  aria-sort={on ? (sort.descending ? "descending" : "ascending") : "none"}
                  className={column.numeric ? "cell num" : "cell"}
                >
                  <button type="button" className="sort" onClick={() => onSort(column.key)}>
                    {on ? sort.descending ? <IconArrowDown size={13} aria-hidden /> : <IconArrowUp size={13} aria-hidden /> : null}
                    {column.label}
                    {column.unit === "" ? null : <span className="unit">{asShown(column.unit).unit}</span>}
                  </button>
                </span>
              );
            })
          )}
        </div>
      </div>
      <div role="rowgroup" style={{ position: "relative", height: order.length * height, ...(narrow ? {} : { minInlineSize: least }) }}>
        {order.slice(first, end).map((index, k) => {
          const at = first + k;
          const props: RowProps = { farm, index, rev: farm.rev[index] ?? 0, columns, now };
          return (
            <div
              key={index}
              id={`rig-row-${at}`}
              role="row"
              aria-rowindex={at + 2}
              aria-selected={selected.has(index)}
              className="rig-row"
              data-active={at === active}
              data-odd={at % 2 === 1}
              data-alarm={farm.alarm[index] ?? 0}
              style={{ transform: `translateY(${at * height}px)`, height, gridTemplateColumns: narrow ? `${BOX_W} 1fr` : template }}
              data-at={index}
            >
              <span role="gridcell" className="pick">
                <input
                  type="checkbox"
                  tabIndex={-1}
                  aria-label={pickText.row(farm.roster[index]?.rig ?? "")}
                  checked={selected.has(index)}
                  onChange={(event) => select(at, (event.nativeEvent as globalThis.MouseEvent).shiftKey === true)}
                />
              </span>
              {narrow ? <Card {...props} /> : <Cells {...props} />}
            </div>
          );
        })}
      </div>
      {order.length === 0 ? (
        <p className="empty">
          {fixed(0, 0)} {say.rigs.noneFound}
        </p>
      ) : null}
    </div>
  );
};
