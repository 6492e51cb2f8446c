import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Plans } from "../../server/twin/orders/shapes.ts";
import { ORDER_KINDS, PRIORITIES, type OrderKind, type Priority } from "../../server/twin/orders/words.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useRoster, useSite } from "../site.tsx";
import { upkeepText } from "../texts-upkeep.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { newKey } from "./order-change.ts";

const text = upkeepText.plans;

/** A plan to be added. */
export const PlanForm = ({
  by,
  onDone,
  onCancel,
}: {
  readonly by: string;
  readonly onDone: (plans: Plans) => void;
  readonly onCancel: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const roster = useRoster();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<OrderKind>("cleaning");
  const [trigger, setTrigger] = useState<"hours" | "drift">("hours");
  const [hours, setHours] = useState<string | number>(2_000);
  const [model, setModel] = useState("");
  const [priority, setPriority] = useState<Priority>("normal");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const models = [...new Set(roster.flatMap((row) => row?.model ?? []))].toSorted();
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const runningH = Number(hours);
    if (name.trim() === "") return setTrouble(text.noName);
    if (trigger === "hours" && !(runningH >= 1 && runningH <= 100_000)) return setTrouble(text.badHours);
    setBusy(true);
    const plan = {
      id: newKey(),
      name: name.trim(),
      kind,
      trigger: trigger === "hours" ? { by: trigger, runningH } : { by: trigger },
      model: model === "" ? null : model,
      priority,
    };
    try {
      onDone(await ask.post<Plans>({ route: ROUTES.plans }, { what: "set", by, plan }));
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  return (
    <form className="stack order-form" onSubmit={(event) => void send(event)} noValidate>
      <div className="form-row">
        <TextInput label={text.name} maxLength={100} value={name} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
        <NativeSelect
          label={text.kind}
          value={kind}
          data={ORDER_KINDS.map((value) => ({ value, label: say.kinds[value] }))}
          onChange={(event) => setKind(event.currentTarget.value as OrderKind)}
        />
        <NativeSelect
          label={text.model}
          value={model}
          data={[{ value: "", label: text.everyModel }, ...models.map((value) => ({ value, label: value }))]}
          onChange={(event) => setModel(event.currentTarget.value)}
        />
      </div>
      <div className="form-row">
        <NativeSelect
          label={text.by}
          value={trigger}
          data={[
            { value: "hours", label: text.byHours },
            { value: "drift", label: text.byDrift },
          ]}
          onChange={(event) => setTrigger(event.currentTarget.value as "hours" | "drift")}
        />
        {trigger === "hours" ? <NumberInput label={text.hours} min={1} max={100_000} value={hours} onChange={setHours} /> : null}
        <NativeSelect
          label={text.priority}
          value={priority}
          data={PRIORITIES.map((value) => ({ value, label: workText.priorities[value] }))}
          onChange={(event) => setPriority(event.currentTarget.value as Priority)}
        />
      </div>
      <p className="quiet">{trigger === "hours" ? text.hoursMean : text.driftMeans}</p>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      <div className="row">
        <Button type="submit" loading={busy}>
          {text.save}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {say.cancel}
        </Button>
      </div>
    </form>
  );
};
