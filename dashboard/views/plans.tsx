import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconCalendarCheck, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { MOST_RIGS } from "../../server/twin/orders/limits.ts";
import type { Due, Order, Plan, Plans } from "../../server/twin/orders/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, day, fixed, iso } from "../format.ts";
import "../look/orders.css";
import { useBadge } from "../parts/badge.ts";
import { MaintenancePages } from "../parts/maintenance-pages.tsx";
import { newKey } from "../parts/order-change.ts";
import { PriorityMark } from "../parts/order-marks.tsx";
import { Answered, Empty, Loading, Panel } from "../parts/panel.tsx";
import { PlanForm } from "../parts/plan-form.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { failureOf, useAnswer, useOrders, useSite, useTotals, useViewClock } from "../site.tsx";
import { upkeepText } from "../texts-upkeep.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";

const text = upkeepText.plans;
const SHOWN = 12;

const DueTable = ({ due }: { readonly due: readonly Due[] }): ReactNode => {
  const { store } = useSite();
  const placeOf = (rig: string): string => {
    const position = store.farm.roster[store.farm.byName.get(rig) ?? -1]?.position ?? null;
    return position === null ? say.unplaced : say.place(position);
  };
  return (
    <ScrollX label={text.title}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{text.rig}</th>
            <th scope="col">{text.place}</th>
            <th scope="col">{text.why}</th>
            <th scope="col">{text.when}</th>
          </tr>
        </thead>
        <tbody>
          {due.slice(0, SHOWN).map((each) => (
            <tr key={each.rig}>
              <th scope="row">
                <Link to={`/rigs/${encodeURIComponent(each.rig)}`}>{each.rig}</Link>
              </th>
              <td>{placeOf(each.rig)}</td>
              <td>{text.ran(each, fixed(each.ranH, 0), `${fixed(each.overPct, 0)}\u202f%`)}</td>
              <td>
                <span className="faint">{text.since(each)}</span>{" "}
                <time dateTime={iso(each.sinceTs)} title={iso(each.sinceTs)}>
                  {day(each.sinceTs)}
                </time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
};

interface PlanProps {
  readonly plan: Plan;
  readonly due: readonly Due[];
  readonly by: string;
  readonly live: boolean;
  readonly onPlans: (plans: Plans | null) => void;
}
const PlanPanel = ({ plan, due, by, live, onPlans }: PlanProps): ReactNode => {
  const { ask } = useSite();
  const [, go] = useLocation();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const taken = due.slice(0, MOST_RIGS);
  const carefully = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  const open = (): Promise<void> =>
    carefully(async () => {
      const [first] = taken;
      const order = await ask.post<Order>(
        { route: ROUTES.orders },
        {
          key: newKey(),
          by,
          title: plan.name,
          kind: plan.kind,
          priority: plan.priority,
          plan: plan.id,
          corrective: false,
          detail: taken
            .map((each) => `${each.rig}: ${text.ran(each, fixed(each.ranH, 0), `${fixed(each.overPct, 0)} %`)}`)
            .join("\n")
            .slice(0, 4_000),
          rigs: taken.map(({ rig }) => rig),
          alarm: taken.length === 1 ? (first?.alarm ?? null) : null,
        },
      );
      go(`/maintenance/${order.id}`);
    });
  const drop = (): Promise<void> =>
    carefully(async () => onPlans(await ask.post<Plans>({ route: ROUTES.plans }, { what: "drop", by, id: plan.id })));
  return (
    <Panel
      title={plan.name}
      note={`${say.kinds[plan.kind]} · ${text.trigger(plan)} · ${text.forModel(plan.model)}`}
      flush={due.length > 0}
      {...(due.length > SHOWN ? { foot: text.more(due.length - SHOWN) } : {})}
      tools={
        <>
          <PriorityMark priority={plan.priority} />
          {!live ? null : (
            <>
              {due.length === 0 ? null : (
                <Button
                  size="compact-sm"
                  loading={busy}
                  disabled={by === ""}
                  title={by === "" ? text.whoFirst : undefined}
                  onClick={() => void open()}
                >
                  {text.open(taken.length)}
                </Button>
              )}
              <ActionIcon
                variant="default"
                disabled={by === "" || busy}
                aria-label={`${text.drop}: ${plan.name}`}
                onClick={() => void drop()}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </>
          )}
        </>
      }
    >
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {due.length === 0 ? <p className="quiet">{text.nothingDue}</p> : <DueTable due={due} />}
    </Panel>
  );
};

const PlansView = (): ReactNode => {
  const totals = useTotals();
  // An order that is opened or closed changes what is due.
  const orders = useOrders();
  const live = useViewClock()?.view !== "replay";
  const [badge, setBadge] = useBadge();
  const [adding, setAdding] = useState(false);
  const answer = useAnswer<Plans>({ route: ROUTES.plans }, 10_000, `plans ${orders[0]?.id ?? ""}`);
  const by = badge.trim();
  const onPlans = (): void => {
    setAdding(false);
    answer.refresh();
  };
  if (totals === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={420} />
      </div>
    );
  return (
    <div className="page">
      <MaintenancePages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead" role="status">
          {answer.data === null ? "" : text.lead(answer.data.total, answer.data.plans.length)}
        </span>
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
            <Button
              size="xs"
              disabled={by === ""}
              title={by === "" ? text.whoFirst : undefined}
              leftSection={<IconPlus size={14} />}
              onClick={() => setAdding(true)}
            >
              {text.add}
            </Button>
          </div>
        ) : null}
      </div>
      {adding ? (
        <Panel title={text.add}>
          <PlanForm by={by} onDone={onPlans} onCancel={() => setAdding(false)} />
        </Panel>
      ) : null}
      <Answered answer={answer} height={320}>
        {({ plans, due, total }) => (
          <>
            {plans.length === 0 ? (
              <div className="panel">
                <Empty icon={<IconCalendarCheck size={28} />} title={text.none}>
                  {text.noneHow}
                </Empty>
              </div>
            ) : null}
            {plans
              .map((plan) => ({ plan, own: due.filter((each) => each.plan === plan.id) }))
              .toSorted((a, b) => b.own.length - a.own.length)
              .map(({ plan, own }) => (
                <PlanPanel key={plan.id} plan={plan} due={own} by={by} live={live} onPlans={onPlans} />
              ))}
            {total > due.length ? (
              <p className="quiet">
                {text.more(total - due.length)} ({count(total)})
              </p>
            ) : null}
          </>
        )}
      </Answered>
    </div>
  );
};
export default PlansView;
