import { Button, Textarea } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Order } from "../../server/twin/orders/shapes.ts";
import { dayMinute, iso } from "../format.ts";
import { workText } from "../texts-work.ts";
import { Panel } from "./panel.tsx";

const text = workText.order;

/** Who did what, newest first, and a note of one's own. */
export const OrderLog = ({
  order,
  busy,
  onNote,
}: {
  readonly order: Order;
  readonly busy: boolean;
  readonly onNote: ((text: string) => void) | null;
}): ReactNode => {
  const [note, setNote] = useState("");
  return (
    <Panel title={text.log}>
      {onNote === null ? null : (
        <form
          className="order-note"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (note.trim() === "") return;
            onNote(note.trim());
            setNote("");
          }}
        >
          <Textarea
            className="grow"
            aria-label={text.addNote}
            placeholder={text.addNote}
            autosize
            minRows={1}
            maxRows={5}
            maxLength={2_000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" variant="default" loading={busy} disabled={note.trim() === ""}>
            {text.send}
          </Button>
        </form>
      )}
      <ol className="order-log" reversed>
        {order.log.toReversed().map((line, k) => (
          <li key={order.log.length - k} data-what={line.what}>
            <time className="faint" dateTime={iso(line.ts)} title={iso(line.ts)}>
              {dayMinute(line.ts)}
            </time>
            <span>
              <b>{line.by}</b> {workText.logged[line.what](line.text)}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
};
