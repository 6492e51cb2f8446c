import { Button, NativeSelect } from "@mantine/core";
import { IconClipboardList, IconPhoto, IconPlus } from "@tabler/icons-react";
import { useState, type DragEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { OrderLine } from "../../server/twin/orders/lines.ts";
import { LIVE_STATES, PRIORITIES, type OrderState } from "../../server/twin/orders/words.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { day, iso } from "../format.ts";
import "../look/orders.css";
import { useAddress } from "../parts/address.ts";
import { useBadge } from "../parts/badge.ts";
import { MaintenancePages } from "../parts/maintenance-pages.tsx";
import { Due, isOverdue, isUnderWay, PriorityMark, StateOfOrder } from "../parts/order-marks.tsx";
import { Empty, Loading } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { Segments } from "../parts/segments.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { failureOf, useNow, useOrders, useSite, useTotals, useViewClock } from "../site.tsx";
import { workText as text } from "../texts-work.ts";
import { say } from "../texts.ts";

const VIEWS = ["board", "list"] as const;
const COLUMNS = [...LIVE_STATES, "closed"] as const;
type Column = (typeof COLUMNS)[number];
const CLOSED_SHOWN = 20;
const columnOf = (order: OrderLine): Column => (isUnderWay(order) ? (order.state as Column) : "closed");
const nameOf = (column: Column): string => (column === "closed" ? text.closed : text.states[column]);
/** The most pressing first, then what is due first, then the oldest. */
const pressing = (a: OrderLine, b: OrderLine): number =>
  PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) || (a.dueTs ?? Infinity) - (b.dueTs ?? Infinity) || a.number - b.number;
const byClosing = (a: OrderLine, b: OrderLine): number => (b.closedTs ?? 0) - (a.closedTs ?? 0);

interface CardProps {
  readonly order: OrderLine;
  readonly now: number;
  readonly onMove: ((order: OrderLine, state: OrderState) => void) | null;
}
const Card = ({ order, now, onMove }: CardProps): ReactNode => (
  <li className="order-card" data-priority={order.priority}>
    <div className="row apart">
      <Link to={`/maintenance/${order.id}`} className="plain-link">
        <b>{order.id}</b>
      </Link>
      <PriorityMark priority={order.priority} />
    </div>
    <Link to={`/maintenance/${order.id}`} className="plain-link order-title">
      {order.title}
    </Link>
    <span className="quiet">
      {say.kinds[order.kind]} · {text.moreRigs(order.rigs[0] ?? "", order.rigs.length - 1)}
    </span>
    {order.waitingFor === "" ? null : <span className="warm">{order.waitingFor}</span>}
    <div className="row apart order-foot">
      <span className="faint">
        {order.assignee ?? text.nobody}
        {order.items === 0 ? "" : ` · ${text.items(order.itemsDone, order.items)}`}
        {order.photos === 0 ? null : (
          <>
            {" · "}
            <IconPhoto size={12} aria-hidden /> {order.photos}
          </>
        )}
      </span>
      <Due order={order} now={now} />
    </div>
    {onMove === null || !isUnderWay(order) ? (
      isUnderWay(order) ? null : (
        <StateOfOrder state={order.state} />
      )
    ) : (
      <NativeSelect
        size="xs"
        aria-label={text.moveTo(order.id)}
        value={order.state}
        data={LIVE_STATES.map((state) => ({ value: state, label: text.states[state] }))}
        onChange={(event) => onMove(order, event.currentTarget.value as OrderState)}
      />
    )}
  </li>
);

const Board = ({
  orders,
  now,
  shown,
  onMove,
}: Omit<CardProps, "order"> & { readonly orders: readonly OrderLine[]; readonly shown: Column }): ReactNode => (
  <div className="order-board" data-shown={shown}>
    {COLUMNS.map((column) => {
      const own = orders.filter((order) => columnOf(order) === column).sort(column === "closed" ? byClosing : pressing);
      const drop = (event: DragEvent): void => {
        event.preventDefault();
        // What is dragged is the card's own link.
        const dragged = /WO-\d+$/.exec(event.dataTransfer.getData("text/uri-list"))?.[0];
        const order = orders.find(({ id }) => id === dragged);
        if (order !== undefined && order.state !== column) onMove?.(order, column as OrderState);
      };
      return (
        <section
          key={column}
          className="order-column"
          data-column={column}
          aria-label={nameOf(column)}
          {...(column === "closed" ? {} : { onDragOver: (event: DragEvent) => event.preventDefault(), onDrop: drop })}
        >
          <h2>
            {nameOf(column)} <span className="faint">{own.length}</span>
          </h2>
          {own.length === 0 ? (
            <p className="faint order-none">{text.columnEmpty}</p>
          ) : (
            <ul>
              {own.slice(0, column === "closed" ? CLOSED_SHOWN : own.length).map((order) => (
                <Card key={order.id} order={order} now={now} onMove={onMove} />
              ))}
            </ul>
          )}
        </section>
      );
    })}
  </div>
);

const List = ({ orders, now }: { readonly orders: readonly OrderLine[]; readonly now: number }): ReactNode => (
  <ScrollX className="panel" label={text.list}>
    <table className="table order-list">
      <thead>
        <tr>
          {Object.entries(text.head).map(([key, label]) => (
            <th key={key} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <tr key={order.id}>
            <th scope="row">
              <Link to={`/maintenance/${order.id}`}>{order.id}</Link>
            </th>
            <td>{order.title}</td>
            <td>{text.moreRigs(order.rigs[0] ?? "", order.rigs.length - 1)}</td>
            <td>
              <StateOfOrder state={order.state} />
            </td>
            <td>
              <PriorityMark priority={order.priority} />
            </td>
            <td>{order.assignee ?? <span className="faint">{text.nobody}</span>}</td>
            <td>
              <Due order={order} now={now} />
            </td>
            <td>
              <time dateTime={iso(order.openedTs)} title={iso(order.openedTs)}>
                {day(order.openedTs)}
              </time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const MaintenanceView = (): ReactNode => {
  const { ask } = useSite();
  const totals = useTotals();
  const orders = useOrders();
  const now = useNow() ?? 0;
  const live = useViewClock()?.view !== "replay";
  const address = useAddress();
  const { put } = address;
  const [badge] = useBadge();
  const [trouble, setTrouble] = useState<string | null>(null);
  const view = VIEWS.find((each) => each === address.get("view")) ?? "board";
  const column = COLUMNS.find((each) => each === address.get("column")) ?? "open";
  const query = address.get("q");
  const only = address.get("only");
  const wanted = query.trim().toLowerCase();
  const found = orders.filter(
    (order) =>
      (only !== "mine" || order.assignee === badge) &&
      (only !== "overdue" || isOverdue(order, now)) &&
      (wanted === "" || `${order.id} ${order.title} ${order.assignee ?? ""} ${order.rigs.join(" ")}`.toLowerCase().includes(wanted)),
  );
  const move = async (order: OrderLine, state: OrderState): Promise<void> => {
    setTrouble(null);
    try {
      await ask.post(
        { route: ROUTES.order, parameters: { order: order.id } },
        { what: "move", rev: order.rev, by: badge === "" ? "board" : badge, state, waitingFor: "" },
      );
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
  };
  if (totals === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={420} />
      </div>
    );
  const underWay = orders.filter(isUnderWay);
  const onMove = live ? (order: OrderLine, state: OrderState): void => void move(order, state) : null;
  return (
    <div className="page">
      <MaintenancePages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead" role="status">
          {text.lead(underWay.length, underWay.filter((order) => isOverdue(order, now)).length)}
        </span>
        <div className="tools">
          <SearchField label={text.find} value={query} onChange={(q) => put({ q })} />
          {(["mine", "overdue"] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={only === each}
              onClick={() => put({ only: only === each ? "" : each })}
            >
              {each === "mine" ? text.mine : text.overdueOnly}
            </button>
          ))}
          <Segments
            label={text.viewLabel}
            value={view}
            options={VIEWS.map((value) => ({ value, label: text[value] }))}
            onChange={(value) => put({ view: value === "board" ? "" : value })}
          />
          {live ? (
            <Button component={Link} to="/maintenance/new" size="xs" leftSection={<IconPlus size={14} />}>
              {text.open}
            </Button>
          ) : null}
        </div>
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {orders.length === 0 ? (
        <div className="panel">
          <Empty icon={<IconClipboardList size={28} />} title={text.noneYet}>
            {live ? text.noneYetHow : text.noneThen}
          </Empty>
        </div>
      ) : view === "list" ? (
        found.length === 0 ? (
          <div className="panel">
            <Empty title={text.none} />
          </div>
        ) : (
          <List orders={found} now={now} />
        )
      ) : (
        <>
          <div className="phone-only">
            <Segments
              label={text.column}
              value={column}
              options={COLUMNS.map((value) => ({
                value,
                label: `${nameOf(value)} ${found.filter((order) => columnOf(order) === value).length}`,
              }))}
              onChange={(value) => put({ column: value === "open" ? "" : value })}
            />
          </div>
          <Board orders={found} now={now} shown={column} onMove={onMove} />
        </>
      )}
    </div>
  );
};
export default MaintenanceView;
