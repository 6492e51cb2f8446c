/** Forms that edit one part of an order each. What was typed stays until it is saved, whoever else changes the order meanwhile. */
import { ActionIcon, Button, Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from "@mantine/core";
import "@mantine/core/styles/NumberInput.css";
import { useForm } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Claim, EditFields, Order } from "../../server/twin/orders/shapes.ts";
import { CLAIM_FIELDS, CLAIM_STATES, COSTS, ORDER_KINDS, PRIORITIES, VENDORS, type Vendor } from "../../server/twin/orders/words.ts";
import { PARTS } from "../../server/twin/record.ts";
import { day, fromField } from "../format.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";

const text = workText.order;
const words = workText.form;

export interface EditProps {
  readonly order: Order;
  readonly busy: boolean;
  readonly onSave: (fields: EditFields) => void;
  readonly onCancel: () => void;
}
const orNull = (value: string): string | null => (value.trim() === "" ? null : value.trim());

const Foot = ({
  busy,
  onCancel,
  children,
}: {
  readonly busy: boolean;
  readonly onCancel: () => void;
  readonly children?: ReactNode;
}): ReactNode => (
  <div className="row apart">
    <span>{children}</span>
    <span className="row">
      <Button size="xs" variant="default" onClick={onCancel}>
        {say.cancel}
      </Button>
      <Button size="xs" type="submit" loading={busy}>
        {words.save}
      </Button>
    </span>
  </div>
);

export const DetailsForm = ({ order, busy, onSave, onCancel }: EditProps): ReactNode => {
  const form = useForm({
    initialValues: {
      title: order.title,
      detail: order.detail,
      kind: order.kind,
      corrective: order.corrective,
      priority: order.priority,
      assignee: order.assignee ?? "",
      due: order.dueTs === null ? "" : day(order.dueTs),
      checklist: order.checklist.map((item) => item.text).join("\n"),
    },
    validate: { title: (value) => (value.trim() === "" ? words.empty : null) },
  });
  const save = (values: typeof form.values): void => {
    const lines = values.checklist
      .split("\n")
      .map((line) => line.trim().slice(0, 200))
      .filter((line) => line !== "");
    const left = [...order.checklist];
    // An item keeps its tick as long as its words stay.
    const checklist = lines.slice(0, 40).map((line) => {
      const at = left.findIndex((item) => item.text === line);
      return { id: at < 0 ? null : (left.splice(at, 1)[0]?.id ?? null), text: line };
    });
    onSave({
      title: values.title.trim(),
      detail: values.detail.trim(),
      kind: values.kind,
      corrective: values.corrective,
      priority: values.priority,
      assignee: orNull(values.assignee),
      dueTs: values.due === "" ? null : fromField(`${values.due}T23:59:59`),
      checklist,
    });
  };
  return (
    <form className="stack" aria-label={text.details} onSubmit={form.onSubmit(save)} noValidate>
      <TextInput label={words.what} maxLength={140} {...form.getInputProps("title")} />
      <div className="form-row">
        <NativeSelect
          label={words.kind}
          data={ORDER_KINDS.map((each) => ({ value: each, label: say.kinds[each] }))}
          {...form.getInputProps("kind")}
        />
        <NativeSelect
          label={words.priority}
          data={PRIORITIES.map((each) => ({ value: each, label: workText.priorities[each] }))}
          {...form.getInputProps("priority")}
        />
      </div>
      <div className="form-row">
        <TextInput label={words.assignee} maxLength={64} autoComplete="off" {...form.getInputProps("assignee")} />
        <TextInput type="date" label={words.due} {...form.getInputProps("due")} />
      </div>
      <Checkbox label={words.corrective} description={words.correctiveMeans} {...form.getInputProps("corrective", { type: "checkbox" })} />
      <Textarea label={words.detail} autosize minRows={2} maxRows={8} maxLength={4_000} {...form.getInputProps("detail")} />
      <Textarea
        label={words.checklist}
        description={words.checklistMeans}
        autosize
        minRows={3}
        maxRows={14}
        {...form.getInputProps("checklist")}
      />
      <Foot busy={busy} onCancel={onCancel} />
    </form>
  );
};

export const PartsForm = ({ order, busy, onSave, onCancel }: EditProps): ReactNode => {
  const blank = { rig: order.rigs[0] ?? "", part: "fan", place: "" as string | number, oldSerial: "", newSerial: "" };
  const form = useForm({
    initialValues: {
      parts:
        order.parts.length === 0
          ? [blank]
          : order.parts.map(({ rig, part, index, oldSerial, newSerial }) => ({
              rig,
              part: part as string,
              place: index === null ? ("" as string | number) : index + 1,
              oldSerial: oldSerial ?? "",
              newSerial: newSerial ?? "",
            })),
    },
  });
  const save = (values: typeof form.values): void =>
    onSave({
      parts: values.parts.map(({ rig, part, place, oldSerial, newSerial }) => ({
        rig,
        part: PARTS.find((each) => each === part) ?? "other",
        index: place === "" ? null : Number(place) - 1,
        oldSerial: orNull(oldSerial),
        newSerial: orNull(newSerial),
      })),
    });
  return (
    <form className="stack" aria-label={text.parts} onSubmit={form.onSubmit(save)} noValidate>
      {form.values.parts.map((_, k) => (
        <div key={k} className="order-part" role="group" aria-label={say.recordForm.part(k + 1)}>
          {order.rigs.length === 1 ? null : <NativeSelect label={text.rig} data={order.rigs} {...form.getInputProps(`parts.${k}.rig`)} />}
          <NativeSelect
            label={say.recordForm.partKind}
            data={PARTS.map((each) => ({ value: each, label: say.parts[each] }))}
            {...form.getInputProps(`parts.${k}.part`)}
          />
          <NumberInput label={say.recordForm.place} min={1} max={64} hideControls {...form.getInputProps(`parts.${k}.place`)} />
          <TextInput label={say.recordForm.oldSerial} maxLength={64} {...form.getInputProps(`parts.${k}.oldSerial`)} />
          <TextInput label={say.recordForm.newSerial} maxLength={64} {...form.getInputProps(`parts.${k}.newSerial`)} />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={say.recordForm.removePart(k + 1)}
            onClick={() => form.removeListItem("parts", k)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Foot busy={busy} onCancel={onCancel}>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => form.insertListItem("parts", blank)}>
          {say.recordForm.addPart}
        </Button>
      </Foot>
    </form>
  );
};

export const CostsForm = ({ order, busy, onSave, onCancel, currency }: EditProps & { readonly currency: string }): ReactNode => {
  const blank = { what: "parts", amount: "" as string | number, currency, note: "" };
  const form = useForm({
    initialValues: {
      costs:
        order.costs.length === 0
          ? [blank]
          : order.costs.map((each) => ({ ...each, what: each.what as string, amount: each.amount as string | number })),
    },
    validate: { costs: { currency: (value) => (/^[A-Z]{3,5}$/.test(value) ? null : "USD, EUR, …") } },
  });
  const save = (values: typeof form.values): void =>
    onSave({
      costs: values.costs
        .filter(({ amount }) => amount !== "")
        .map(({ what, amount, currency: unit, note }) => ({
          what: COSTS.find((each) => each === what) ?? "other",
          amount: Number(amount),
          currency: unit,
          note,
        })),
    });
  return (
    <form className="stack" aria-label={text.costs} onSubmit={form.onSubmit(save)} noValidate>
      {form.values.costs.map((_, k) => (
        <div key={k} className="order-part" role="group" aria-label={`${text.costs} ${k + 1}`}>
          <NativeSelect
            label={text.costs}
            data={COSTS.map((each) => ({ value: each, label: workText.costs[each] }))}
            {...form.getInputProps(`costs.${k}.what`)}
          />
          <NumberInput label={text.amount} min={0} decimalScale={2} hideControls {...form.getInputProps(`costs.${k}.amount`)} />
          <TextInput label={text.currency} maxLength={5} {...form.getInputProps(`costs.${k}.currency`)} />
          <TextInput label={text.note} maxLength={120} {...form.getInputProps(`costs.${k}.note`)} />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={`${say.recordForm.removePart(k + 1)}`}
            onClick={() => form.removeListItem("costs", k)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Foot busy={busy} onCancel={onCancel}>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => form.insertListItem("costs", blank)}>
          {text.costs}
        </Button>
      </Foot>
    </form>
  );
};

export const ClaimForm = ({ order, busy, onSave, onCancel }: EditProps): ReactNode => {
  const old = order.claim as (Readonly<Record<string, string | null>> & { readonly vendor: Vendor }) | null;
  const form = useForm<Record<string, string>>({
    initialValues: {
      vendor: old?.vendor ?? "bitmain",
      state: old?.["state"] ?? "draft",
      warrantyUntil: old?.["warrantyUntil"] ?? "",
      ...Object.fromEntries(Object.values(CLAIM_FIELDS).flatMap((names) => names.map((name) => [name, old?.[name] ?? ""]))),
    },
  });
  const vendor = VENDORS.find((each) => each === form.values["vendor"]) ?? "other";
  const save = (values: Record<string, string>): void => {
    const told = Object.fromEntries(CLAIM_FIELDS[vendor].map((name) => [name, values[name] ?? ""]));
    onSave({ claim: { vendor, state: values["state"], warrantyUntil: orNull(values["warrantyUntil"] ?? ""), ...told } as Claim });
  };
  return (
    <form className="stack" aria-label={text.claim} onSubmit={form.onSubmit(save)} noValidate>
      <div className="form-row">
        <NativeSelect
          label={text.vendor}
          data={VENDORS.map((each) => ({ value: each, label: workText.vendors[each] }))}
          {...form.getInputProps("vendor")}
        />
        <NativeSelect
          label={text.claimState}
          data={CLAIM_STATES.map((each) => ({ value: each, label: workText.claimStates[each] }))}
          {...form.getInputProps("state")}
        />
        <TextInput type="date" label={text.warrantyUntil} {...form.getInputProps("warrantyUntil")} />
      </div>
      <div className="form-row">
        {CLAIM_FIELDS[vendor].map((name) => (
          <TextInput key={name} label={workText.claimFields[name]} maxLength={300} {...form.getInputProps(name)} />
        ))}
      </div>
      <Foot busy={busy} onCancel={onCancel}>
        {old === null ? null : (
          <Button size="xs" variant="default" onClick={() => onSave({ claim: null })}>
            {text.dropClaim}
          </Button>
        )}
      </Foot>
    </form>
  );
};
