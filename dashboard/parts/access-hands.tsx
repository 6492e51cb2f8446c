/** What the panels of the access page have in common. */
import { Button } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { dayMinute, iso, lasting } from "../format.ts";
import { failureOf } from "../site.tsx";
import { accessText as text } from "../texts-access.ts";
import { say } from "../texts.ts";
import { Copy } from "./passport.tsx";

/** How long ago by this machine's clock: who may come in is of the present, also in a replay. */
export const Ago = ({ ts }: { readonly ts: number | null }): ReactNode =>
  ts === null ? <span className="faint">{text.never}</span> : <span title={iso(ts)}>{say.ago(lasting(Date.now() - ts))}</span>;

export const Moment = ({ ts }: { readonly ts: number }): ReactNode => (
  <time className="nowrap" dateTime={iso(ts)} title={iso(ts)}>
    {dayMinute(ts)}
  </time>
);

/** Something that opens a door, on its only showing. Takes the focus, so that it is read out and not scrolled past. */
export const ShownOnce = ({
  what,
  values,
  means = text.onceMeans,
  onClose,
}: {
  readonly what: string;
  readonly values: readonly string[];
  readonly means?: string;
  readonly onClose: () => void;
}): ReactNode => {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <div ref={box} className="shown-once" role="group" tabIndex={-1} aria-label={what}>
      <strong>
        {what} · {text.onceTitle}
      </strong>
      <div className="row">
        <code className={values.length > 1 ? "secret several" : "secret"}>
          {values.map((value) => (
            <span key={value}>{value}</span>
          ))}
        </code>
        <Copy what={what} value={values.join("\n")} />
      </div>
      <p className="quiet">{means}</p>
      <div className="row">
        <Button size="compact-sm" variant="default" onClick={onClose}>
          {text.close1}
        </Button>
      </div>
    </div>
  );
};

/** For a field that was opened on purpose: one types on at once. */
export const useFocused = <T extends HTMLElement>(): RefObject<T | null> => {
  const field = useRef<T>(null);
  useEffect(() => field.current?.focus(), []);
  return field;
};

const Certain = ({ busy, says, onClick }: { readonly busy: boolean; readonly says: string; readonly onClick: () => void }): ReactNode => (
  <Button
    ref={useFocused<HTMLButtonElement>()}
    size="compact-xs"
    color="red"
    loading={busy}
    aria-label={`${says}. ${text.sure}`}
    onClick={onClick}
  >
    {text.sure}
  </Button>
);

/** A button that asks once more before it does what cannot be undone. */
export const Sure = ({
  label,
  says,
  onSure,
}: {
  readonly label: string;
  /** The whole of it, for who does not see the row. */
  readonly says: string;
  readonly onSure: () => Promise<void>;
}): ReactNode => {
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const sure = async (): Promise<void> => {
    setBusy(true);
    await onSure();
    setBusy(false);
    setAsked(false);
  };
  if (!asked)
    return (
      <Button size="compact-xs" variant="default" aria-label={says} onClick={() => setAsked(true)}>
        {label}
      </Button>
    );
  return (
    <span className="row tight">
      <Certain busy={busy} says={says} onClick={() => void sure()} />
      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setAsked(false)}>
        {text.cancel}
      </Button>
    </span>
  );
};

/** What a panel does: whether it is at it, why it did not come off, and how to try. */
export const useAct = (): {
  readonly busy: boolean;
  readonly trouble: string | null;
  readonly say: (trouble: string | null) => void;
  /** Gives true where it came off. */
  readonly act: (work: () => Promise<unknown>) => Promise<boolean>;
} => {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const act = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
      return true;
    } catch (error) {
      setTrouble(failureOf(error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, trouble, say: setTrouble, act };
};

export const Trouble = ({ of }: { readonly of: string | null }): ReactNode =>
  of === null ? null : (
    <p className="bad" role="alert">
      {of}
    </p>
  );

/** The end of a form: why it did not come off, its button, and the way out. */
export const FormEnd = ({
  trouble,
  busy,
  label,
  onClose,
}: {
  readonly trouble: string | null;
  readonly busy: boolean;
  readonly label: string;
  readonly onClose: () => void;
}): ReactNode => (
  <>
    <Trouble of={trouble} />
    <div className="row">
      <Button type="submit" size="xs" loading={busy}>
        {label}
      </Button>
      <Button size="xs" variant="subtle" color="gray" onClick={onClose}>
        {text.cancel}
      </Button>
    </div>
  </>
);
