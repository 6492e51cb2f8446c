import { Button, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { CHECKLISTS, CORRECTIVE } from "../../server/twin/orders/checklists.ts";
import type { Order } from "../../server/twin/orders/shapes.ts";
import { ORDER_KINDS, PRIORITIES, type OrderKind, type Priority } from "../../server/twin/orders/words.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { fromField, inSiteDegrees } from "../format.ts";
import "../look/orders.css";
import { useAddress } from "../parts/address.ts";
import { useBadge } from "../parts/badge.ts";
import { newKey } from "../parts/order-change.ts";
import { Loading, Panel } from "../parts/panel.tsx";
import { failureOf, useAlarms, useRoster, useSite, useTotals } from "../site.tsx";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";

const text = workText.form;
const namesIn = (list: string): string[] => [...new Set(list.split(/[\s,;]+/).filter((name) => name !== ""))];

const Form = (): ReactNode => {
  const { ask } = useSite();
  const [, go] = useLocation();
  const address = useAddress();
  const alarms = useAlarms();
  const roster = useRoster();
  const [badge, setBadge] = useBadge();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [key] = useState(newKey);
  const alarmId = address.get("alarm");
  const alarm = alarms.find(({ id }) => id === alarmId) ?? null;
  const kind: OrderKind = ORDER_KINDS.find((each) => each === address.get("kind")) ?? "inspection";
  const form = useForm({
    initialValues: {
      title: address.get("title") || (alarm === null ? "" : `${say.alarmKinds[alarm.kind]}: ${inSiteDegrees(alarm.message)}`.slice(0, 140)),
      detail: "",
      kind,
      corrective: alarm !== null || address.get("corrective") === "yes" || CORRECTIVE.has(kind),
      priority: (alarm?.severity === "critical" ? "urgent" : alarm?.severity === "major" ? "high" : "normal") as Priority,
      assignee: "",
      due: "",
      rigs: namesIn(address.get("rigs") || (alarm?.rig ?? "")).join(" "),
      by: badge,
      checklist: CHECKLISTS[kind].join("\n"),
    },
    validate: {
      title: (value) => (value.trim() === "" ? text.empty : null),
      by: (value) => (value.trim() === "" ? text.noBadge : null),
      rigs: (value) => {
        const names = namesIn(value);
        const unknown = names.find((name) => !roster.some((row) => row?.rig === name));
        return names.length === 0 ? text.noRigs : unknown === undefined ? null : text.noRig(unknown);
      },
    },
  });
  const setKind = (next: OrderKind): void => {
    const untouched = form.values.checklist === CHECKLISTS[form.values.kind].join("\n");
    form.setValues({ kind: next, ...(untouched ? { checklist: CHECKLISTS[next].join("\n") } : {}) });
    if (alarm === null) form.setFieldValue("corrective", CORRECTIVE.has(next));
  };
  const send = async (values: typeof form.values): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      const order = await ask.post<Order>(
        { route: ROUTES.orders },
        {
          key,
          by: values.by.trim(),
          title: values.title.trim(),
          detail: values.detail,
          kind: values.kind,
          corrective: values.corrective,
          priority: values.priority,
          assignee: values.assignee.trim() === "" ? null : values.assignee.trim(),
          dueTs: values.due === "" ? null : fromField(`${values.due}T23:59:59`),
          rigs: namesIn(values.rigs),
          alarm: alarmId === "" ? null : alarmId,
          checklist: values.checklist
            .split("\n")
            .map((line) => line.trim().slice(0, 200))
            .filter((line) => line !== "")
            .slice(0, 40)
            .map((line) => ({ text: line })),
        },
      );
      setBadge(values.by.trim());
      go(`/maintenance/${order.id}`, { replace: true });
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  return (
    <Panel title={text.title} {...(alarm === null ? {} : { note: `${text.alarm} ${alarm.id}` })}>
      <form className="stack order-form" onSubmit={form.onSubmit((values) => void send(values))} noValidate>
        <TextInput label={text.what} maxLength={140} data-autofocus {...form.getInputProps("title")} />
        <TextInput label={text.rigs} description={text.rigsMeans} {...form.getInputProps("rigs")} />
        <div className="form-row">
          <NativeSelect
            label={text.kind}
            description={text.kindMeans}
            data={ORDER_KINDS.map((each) => ({ value: each, label: say.kinds[each] }))}
            value={form.values.kind}
            onChange={(event) => setKind(event.currentTarget.value as OrderKind)}
          />
          <NativeSelect
            label={text.priority}
            description={"\u00a0"}
            data={PRIORITIES.map((each) => ({ value: each, label: workText.priorities[each] }))}
            {...form.getInputProps("priority")}
          />
          <TextInput label={text.by} description={text.pseudonym} maxLength={64} autoComplete="off" {...form.getInputProps("by")} />
        </div>
        <div className="form-row">
          <TextInput label={text.assignee} maxLength={64} autoComplete="off" {...form.getInputProps("assignee")} />
          <TextInput type="date" label={text.due} {...form.getInputProps("due")} />
          <Checkbox
            className="order-check"
            label={text.corrective}
            description={text.correctiveMeans}
            {...form.getInputProps("corrective", { type: "checkbox" })}
          />
        </div>
        <Textarea label={text.detail} autosize minRows={2} maxRows={8} maxLength={4_000} {...form.getInputProps("detail")} />
        <Textarea
          label={text.checklist}
          description={text.checklistMeans}
          autosize
          minRows={3}
          maxRows={14}
          {...form.getInputProps("checklist")}
        />
        {trouble === null ? null : (
          <p className="bad" role="alert">
            {trouble}
          </p>
        )}
        <div className="row">
          <Button type="submit" loading={busy}>
            {text.send}
          </Button>
          <Button variant="default" onClick={() => history.back()}>
            {say.cancel}
          </Button>
        </div>
      </form>
    </Panel>
  );
};

const NewOrderView = (): ReactNode => {
  const totals = useTotals();
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>{text.title}</h1>
      </div>
      {totals === null ? <Loading height={420} /> : <Form />}
    </div>
  );
};
export default NewOrderView;
