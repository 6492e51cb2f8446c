import { Button, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Order } from "../../server/twin/orders/shapes.ts";
import { fromField, toField } from "../format.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";

const text = workText.order;

interface CloseProps {
  readonly order: Order;
  readonly now: number;
  readonly busy: boolean;
  readonly onClose: (outcome: "done" | "cancelled", performedTs: number, summary: string) => void;
  readonly onCancel: () => void;
}
/** Says what was done; done seals it, cancelled does not. */
export const OrderClose = ({ order, now, busy, onClose, onCancel }: CloseProps): ReactNode => {
  const [summary, setSummary] = useState("");
  const [performed, setPerformed] = useState(() => toField(now));
  const [empty, setEmpty] = useState(false);
  const open = order.checklist.filter(({ doneTs }) => doneTs === null).length;
  const send = (outcome: "done" | "cancelled"): void => {
    if (summary.trim() === "") return setEmpty(true);
    onClose(outcome, Math.min(fromField(performed) ?? now, now), summary.trim());
  };
  return (
    <form
      className="panel panel-body stack"
      aria-label={text.closeTitle(order.id)}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        send("done");
      }}
    >
      <h2 className="section">{text.closeTitle(order.id)}</h2>
      <p className="quiet">{text.closeLead(order.rigs.length, say.kinds[order.kind])}</p>
      {open === 0 ? null : <p className="warm">{text.openItems(open)}</p>}
      <Textarea
        label={text.summary}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={1_900}
        value={summary}
        error={empty ? say.recordForm.noSummary : null}
        onChange={(event) => {
          setSummary(event.currentTarget.value);
          setEmpty(false);
        }}
        data-autofocus
      />
      <TextInput
        type="datetime-local"
        step={1}
        label={text.performed}
        value={performed}
        onChange={(event) => setPerformed(event.currentTarget.value)}
      />
      <div className="row">
        <Button type="submit" loading={busy}>
          {text.done}
        </Button>
        <Button variant="default" disabled={busy} onClick={() => send("cancelled")} title={text.cancelledMore}>
          {text.cancelIt}
        </Button>
        <Button variant="subtle" color="gray" onClick={onCancel}>
          {text.notYet}
        </Button>
      </div>
    </form>
  );
};
