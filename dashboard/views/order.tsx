import { Button, Checkbox, TextInput } from "@mantine/core";
import { IconArrowLeft, IconPencil } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { Link } from "wouter";
import type { EditFields, Order, OrderChange } from "../../server/twin/orders/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import "../look/orders.css";
import { useBadge } from "../parts/badge.ts";
import { newKey, useOrderHand } from "../parts/order-change.ts";
import { OrderClose } from "../parts/order-close.tsx";
import { ClaimForm, CostsForm, DetailsForm, PartsForm } from "../parts/order-forms.tsx";
import { AddTime, ClaimShown, Costs, Details, Parts } from "../parts/order-facts.tsx";
import { OrderLog } from "../parts/order-log.tsx";
import { isUnderWay, PriorityMark, StateOfOrder } from "../parts/order-marks.tsx";
import { OrderPhotos } from "../parts/order-photos.tsx";
import { OrderRecord } from "../parts/order-record.tsx";
import { Empty, Loading, Panel, Trouble } from "../parts/panel.tsx";
import { useAnswer, useNow, useOrders, useTotals, useViewClock } from "../site.tsx";
import { workText } from "../texts-work.ts";

const text = workText.order;
type Editing = "details" | "parts" | "costs" | "claim" | "close" | null;

/** What a form changed of what it began from: the rest may have been changed by somebody else and is not sent. */
const changedOnly = (base: Order, fields: EditFields): EditFields => {
  const before: Readonly<Record<string, unknown>> = {
    ...base,
    checklist: base.checklist.map(({ id, text: words }) => ({ id, text: words })),
  };
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
};

const Open = ({ order: told, refresh }: { readonly order: Order; readonly refresh: () => void }): ReactNode => {
  const now = useNow() ?? 0;
  const totals = useTotals();
  const replay = useViewClock()?.view === "replay";
  const [badge, setBadge] = useBadge();
  const [editing, setEditing] = useState<Editing>(null);
  // What the form began from: an order that changes under it must not carry its revision over.
  const [base, setBase] = useState(told);
  const [newest, setNewest] = useState(told);
  const order = told.changes >= newest.changes ? told : newest;
  // Ticks on their way: a box answers the hand at once, and falls back where the server refuses.
  const [ticking, setTicking] = useState<Readonly<Record<number, boolean>>>({});
  const hand = useOrderHand(order.id, setNewest, refresh);
  const live = isUnderWay(order) && !replay;
  const by = badge === "" ? "" : badge;
  const begin = (what: Editing): void => {
    hand.clear();
    setBase(order);
    setEditing(what);
  };
  // After a refusal the next save is meant to go on top of what is there now.
  const rev = hand.conflict ? order.rev : base.rev;
  const send = async (change: OrderChange): Promise<void> => {
    if ((await hand.send(change)) !== null) setEditing(null);
  };
  const save = (all: EditFields): void => {
    const fields = changedOnly(base, all);
    if (Object.keys(fields).length === 0) return setEditing(null);
    void send({ what: "edit", rev, by, fields });
  };
  const tick = async (item: number, done: boolean): Promise<void> => {
    setTicking((before) => ({ ...before, [item]: done }));
    await hand.send({ what: "tick", by, item, done });
    setTicking((before) => Object.fromEntries(Object.entries(before).filter(([id]) => id !== String(item))));
  };
  const move = (state: "open" | "in-progress" | "waiting", waitingFor = ""): void =>
    void send({ what: "move", rev: order.rev, by, state, waitingFor });
  const edit = { order: base, busy: hand.busy, onSave: save, onCancel: () => setEditing(null) };
  const pencil = (what: Editing): ReactNode =>
    !live || by === "" ? undefined : (
      <Button size="compact-sm" variant="default" leftSection={<IconPencil size={14} />} onClick={() => begin(what)}>
        {workText.form.edit}
      </Button>
    );
  return (
    <>
      <div className="page-head">
        <h1>
          <span className="faint">{order.id}</span> {order.title}
        </h1>
        <span className="tag big">
          <StateOfOrder state={order.state} />
          {order.waitingFor === "" ? null : <span className="warm">{order.waitingFor}</span>}
        </span>
        <PriorityMark priority={order.priority} />
        {live ? (
          <div className="tools">
            <TextInput
              size="xs"
              aria-label={workText.form.by}
              placeholder={workText.form.by}
              title={workText.form.pseudonym}
              value={badge}
              maxLength={64}
              onChange={(event) => setBadge(event.currentTarget.value)}
            />
            {order.state === "open" ? (
              <Button size="xs" disabled={by === ""} loading={hand.busy} onClick={() => move("in-progress")}>
                {text.start}
              </Button>
            ) : null}
            {order.state === "in-progress" ? (
              <Button size="xs" variant="default" disabled={by === ""} onClick={() => move("waiting")}>
                {text.wait}
              </Button>
            ) : null}
            {order.state === "waiting" ? (
              <Button size="xs" disabled={by === ""} onClick={() => move("in-progress")}>
                {text.resume}
              </Button>
            ) : null}
            <Button
              size="xs"
              variant={order.state === "in-progress" ? "filled" : "default"}
              disabled={by === ""}
              onClick={() => begin("close")}
            >
              {text.close}
            </Button>
          </div>
        ) : isUnderWay(order) ? null : (
          <div className="tools">
            <Button component={Link} to={`/maintenance/new?rigs=${encodeURIComponent(order.rigs.join(","))}`} size="xs" variant="default">
              {text.follow}
            </Button>
          </div>
        )}
      </div>
      {hand.trouble === null ? null : (
        <div className="panel panel-body" role="alert">
          <b className="bad">{hand.conflict ? text.conflict : hand.trouble}</b>
          {hand.conflict ? <p className="quiet">{editing === null ? hand.trouble : text.conflictMore}</p> : null}
        </div>
      )}
      {editing === "close" ? (
        <OrderClose
          order={order}
          now={now}
          busy={hand.busy}
          onCancel={() => setEditing(null)}
          onClose={(outcome, performedTs, summary) => void send({ what: "close", rev: order.rev, by, outcome, performedTs, summary })}
        />
      ) : null}
      {order.state === "done" ? (
        <Panel title={text.records} note={text.recordsNote} flush>
          <p className="order-summary">
            {order.closing?.summary} <span className="faint">{order.closing?.by}</span>
          </p>
          <ul className="records">
            {order.rigs.map((rig) => (
              <OrderRecord key={rig} rig={rig} hash={order.records.find((record) => record.rig === rig)?.hash ?? null} />
            ))}
          </ul>
        </Panel>
      ) : null}
      <div className="order-columns">
        <div className="stack">
          <Panel
            title={text.checklist}
            note={workText.items(order.checklist.filter(({ doneTs }) => doneTs !== null).length, order.checklist.length)}
          >
            {order.checklist.length === 0 ? <Empty title={text.noItems} /> : null}
            <ul className="order-items">
              {order.checklist.map((item) => (
                <li key={item.id}>
                  <Checkbox
                    label={item.text}
                    description={item.doneBy === null ? undefined : item.doneBy}
                    checked={ticking[item.id] ?? item.doneTs !== null}
                    disabled={!live || by === ""}
                    onChange={(event) => void tick(item.id, event.currentTarget.checked)}
                  />
                </li>
              ))}
            </ul>
          </Panel>
          <OrderPhotos order={order} by={by} readOnly={!live || by === ""} onOrder={setNewest} />
          <OrderLog
            order={order}
            busy={hand.busy}
            onNote={replay || by === "" ? null : (note) => void hand.send({ what: "note", key: newKey(), by, text: note })}
          />
        </div>
        <div className="stack">
          <Panel
            title={text.details}
            tools={
              live && by !== "" ? (
                <>
                  <AddTime busy={hand.busy} onAdd={(minutes) => void hand.send({ what: "time", key: newKey(), by, minutes })} />
                  {pencil("details")}
                </>
              ) : undefined
            }
          >
            {editing === "details" ? <DetailsForm {...edit} /> : <Details order={order} now={now} />}
          </Panel>
          <Panel title={text.parts} note={text.partsNote} tools={pencil("parts")}>
            {editing === "parts" ? <PartsForm {...edit} /> : <Parts order={order} />}
          </Panel>
          <Panel title={text.costs} tools={pencil("costs")}>
            {editing === "costs" ? <CostsForm {...edit} currency={totals?.currency ?? "USD"} /> : <Costs order={order} />}
          </Panel>
          <Panel title={text.claim} tools={pencil("claim")}>
            {editing === "claim" ? <ClaimForm {...edit} /> : <ClaimShown order={order} />}
          </Panel>
        </div>
      </div>
    </>
  );
};

const OrderView = ({ id }: { readonly id: string }): ReactNode => {
  const line = useOrders().find((each) => each.id === id);
  const answer = useAnswer<Order>({ route: ROUTES.order, parameters: { order: id } }, null, `order ${id}`);
  const { refresh } = answer;
  const changes = line?.changes ?? 0;
  // The feed says that it changed; the whole of it is asked for.
  useEffect(() => {
    if (changes > 0) refresh();
  }, [changes, refresh]);
  return (
    <div className="page">
      <Link to="/maintenance" className="plain-link quiet order-back">
        <IconArrowLeft size={14} aria-hidden /> {text.back}
      </Link>
      {answer.data === null ? (
        <>
          <h1 className="unseen">{id}</h1>
          {answer.failure === null ? (
            <Loading height={420} />
          ) : answer.failure.status === 404 ? (
            <div className="panel">
              <Empty title={text.unknown(id)} />
            </div>
          ) : (
            <Trouble failure={answer.failure} retry={refresh} />
          )}
        </>
      ) : (
        <Open order={answer.data} refresh={refresh} />
      )}
    </div>
  );
};
export default OrderView;
