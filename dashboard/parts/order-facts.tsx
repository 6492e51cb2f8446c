/** What an order says of itself, to be read: details, parts, costs, claim. */
import { Button, NumberInput, Popover } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { Order } from "../../server/twin/orders/shapes.ts";
import { dayMinute, fixed, iso, lasting } from "../format.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { Due } from "./order-marks.tsx";
import { Empty } from "./panel.tsx";

const text = workText.order;

const Pair = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode => (
  <div className="pair">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
const When = ({ ts }: { readonly ts: number }): ReactNode => (
  <time dateTime={iso(ts)} title={iso(ts)}>
    {dayMinute(ts)}
  </time>
);

export const Details = ({ order, now }: { readonly order: Order; readonly now: number }): ReactNode => (
  <>
    {order.detail === "" ? null : <p className="order-detail">{order.detail}</p>}
    <dl className="pairs">
      <Pair name={workText.head.rigs}>
        {order.rigs.map((rig, k) => (
          <span key={rig}>
            {k === 0 ? "" : ", "}
            <Link to={`/rigs/${encodeURIComponent(rig)}`}>{rig}</Link>
          </span>
        ))}
      </Pair>
      <Pair name={workText.form.kind}>{say.kinds[order.kind]}</Pair>
      <Pair name={workText.form.assignee}>{order.assignee ?? workText.nobody}</Pair>
      <Pair name={workText.form.due}>{order.dueTs === null ? text.none : <Due order={order} now={now} />}</Pair>
      <Pair name={text.opened}>
        <When ts={order.openedTs} /> · {order.openedBy}
      </Pair>
      {order.faultTs === null ? null : (
        <Pair name={text.fault}>
          <When ts={order.faultTs} />
        </Pair>
      )}
      {order.startedTs === null ? null : (
        <Pair name={text.started}>
          <When ts={order.startedTs} />
        </Pair>
      )}
      <Pair name={text.waited}>
        {order.waitedMs === 0 && order.waitingSinceTs === null
          ? text.none
          : lasting(order.waitedMs + (order.waitingSinceTs === null ? 0 : now - order.waitingSinceTs))}
      </Pair>
      <Pair name={text.spent}>{order.spentMin === 0 ? text.none : lasting(order.spentMin * 60_000)}</Pair>
      <Pair name={workText.form.corrective}>{order.corrective ? text.yes : text.no}</Pair>
    </dl>
  </>
);

export const AddTime = ({ busy, onAdd }: { readonly busy: boolean; readonly onAdd: (minutes: number) => void }): ReactNode => {
  const [minutes, setMinutes] = useState<string | number>(30);
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus shadow="none">
      <Popover.Target>
        <Button size="compact-sm" variant="default" onClick={() => setOpened(true)}>
          {text.addTime}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="row"
          style={{ alignItems: "end" }}
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (Number(minutes) < 1) return;
            onAdd(Math.round(Number(minutes)));
            setOpened(false);
          }}
        >
          <NumberInput label={text.minutes} min={1} max={10_080} w={100} value={minutes} onChange={setMinutes} data-autofocus />
          <Button type="submit" loading={busy}>
            {text.send}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
};

export const Parts = ({ order }: { readonly order: Order }): ReactNode =>
  order.parts.length === 0 ? (
    <Empty title={text.noParts} />
  ) : (
    <ul className="order-lines">
      {order.parts.map((part, k) => (
        <li key={k}>
          <b>{say.parts[part.part]}</b> {part.index === null ? "" : text.place(part.index + 1)}
          {order.rigs.length > 1 ? ` · ${part.rig}` : ""}
          <br />
          <span className="mono quiet">
            {part.oldSerial ?? say.missing} → {part.newSerial ?? say.missing}
          </span>
        </li>
      ))}
    </ul>
  );
export const Costs = ({ order }: { readonly order: Order }): ReactNode => {
  const sums = new Map<string, number>();
  for (const { amount, currency } of order.costs) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return order.costs.length === 0 ? (
    <Empty title={text.noCosts} />
  ) : (
    <ul className="order-lines">
      {order.costs.map((cost, k) => (
        <li key={k} className="row apart">
          <span>
            {workText.costs[cost.what]} <span className="faint">{cost.note}</span>
          </span>
          <span className="num">
            {fixed(cost.amount, 2)} {cost.currency}
          </span>
        </li>
      ))}
      <li className="row apart">
        <b>Σ</b>
        <b className="num">{[...sums].map(([currency, sum]) => `${fixed(sum, 2)} ${currency}`).join(" + ")}</b>
      </li>
    </ul>
  );
};
export const ClaimShown = ({ order }: { readonly order: Order }): ReactNode => {
  if (order.claim === null) return <Empty title={text.noClaim} />;
  const { vendor, state, warrantyUntil, ...rest } = order.claim;
  return (
    <dl className="pairs">
      <Pair name={text.vendor}>{workText.vendors[vendor]}</Pair>
      <Pair name={text.claimState}>{workText.claimStates[state]}</Pair>
      <Pair name={text.warrantyUntil}>{warrantyUntil ?? say.missing}</Pair>
      {Object.entries(rest).map(([name, value]) => (
        <Pair key={name} name={workText.claimFields[name] ?? name}>
          <span className="wrap">{value === "" ? say.missing : value}</span>
        </Pair>
      ))}
    </dl>
  );
};
