/** Parts that changed without a record: questions to the operator, and what a stranger is told of them. */
import { Button, TextInput } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { lazy, Suspense, useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { PartChanges, TwinPassport } from "../../server/twin/api.ts";
import type { PartChange } from "../../server/twin/part-changes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayMinute, iso, utcMinute } from "../format.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";
import { Panel } from "./panel.tsx";

const RecordForm = lazy(() => import("./record-form.tsx"));
const text = say.partQuestions;
const RENEW_MS = 15_000;
type Question = PartChanges["changes"][number];

interface ChangeProps {
  readonly change: Pick<PartChange, "part" | "index" | "oldSerial" | "newSerial" | "seenTs">;
  readonly minuteOf?: (ts: number) => string;
}
const Change = ({ change, minuteOf = dayMinute }: ChangeProps): ReactNode => (
  <>
    <b>
      {say.parts[change.part]}
      {change.index === null ? "" : ` ${change.index + 1}`}
    </b>{" "}
    <span className="mono">{change.oldSerial}</span> → <span className="mono">{change.newSerial}</span>{" "}
    <span className="faint">
      {text.seen}{" "}
      <time dateTime={iso(change.seenTs)} title={iso(change.seenTs)}>
        {minuteOf(change.seenTs)}
      </time>
    </span>
  </>
);

const Reason = ({ question, onDone }: { readonly question: Question; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [reason, setReason] = useState("");
  const [by, setBy] = useState(badge);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post({ route: ROUTES.partChanges }, { rig: question.rig, number: question.number, reason: reason.trim(), by: by.trim() });
      setBadge(by.trim());
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  return (
    <form className="record-form" aria-label={text.reasonTitle} onSubmit={(event) => void send(event)}>
      <div className="form-row">
        <TextInput
          label={text.reason}
          description={text.reasonPublic}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={trouble}
        />
        <TextInput
          label={say.recordForm.technician}
          description={say.recordForm.pseudonym}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={by}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBy(event.currentTarget.value)}
        />
      </div>
      <div className="row">
        <Button type="submit" size="xs" loading={busy} disabled={reason.trim() === "" || by.trim() === ""}>
          {text.state}
        </Button>
      </div>
    </form>
  );
};

const Row = ({ question, onDone }: { readonly question: Question; readonly onDone: () => void }): ReactNode => {
  const [answering, setAnswering] = useState<"record" | "reason" | null>(null);
  const toggle = (how: "record" | "reason") => () => setAnswering(answering === how ? null : how);
  return (
    <li className="record">
      <div className="row apart">
        <span>
          <Change change={question} />
        </span>
        <span className="row">
          <Button size="compact-xs" aria-expanded={answering === "record"} onClick={toggle("record")}>
            {text.record}
          </Button>
          <Button size="compact-xs" variant="default" aria-expanded={answering === "reason"} onClick={toggle("reason")}>
            {text.otherwise}
          </Button>
        </span>
      </div>
      {answering === "record" ? (
        <Suspense fallback={null}>
          <RecordForm rig={question.rig} part={question} onDone={onDone} />
        </Suspense>
      ) : null}
      {answering === "reason" ? <Reason question={question} onDone={onDone} /> : null}
    </li>
  );
};

/** The open questions of a rig, to be answered; nothing where there are none. */
export const RigPartQuestions = ({ rig, onAnswered }: { readonly rig: string; readonly onAnswered: () => void }): ReactNode => {
  const answer = useAnswer<PartChanges>({ route: ROUTES.partChanges, query: { rig } }, RENEW_MS);
  const changes = answer.data?.changes ?? [];
  if (changes.length === 0) return null;
  const done = (): void => {
    answer.refresh();
    onAnswered();
  };
  return (
    <Panel title={text.title(changes.length)} note={text.note} flush>
      <ol className="records">
        {changes.map((question) => (
          <Row key={question.number} question={question} onDone={done} />
        ))}
      </ol>
    </Panel>
  );
};

const MOST_SHOWN = 6;

/** The open questions of the whole site, each leading to its rig; nothing where there are none. */
export const PartQuestions = (): ReactNode => {
  const answer = useAnswer<PartChanges>({ route: ROUTES.partChanges, query: { limit: MOST_SHOWN } }, RENEW_MS);
  if (answer.data === null || answer.data.total === 0) return null;
  const { total, changes } = answer.data;
  return (
    <Panel title={text.title(total)} note={text.note} flush>
      <ol className="records">
        {changes.map((question) => (
          <li key={`${question.rig} ${question.number}`} className="record">
            <span>
              <IconHelpCircle className="in-line" size={15} aria-hidden />{" "}
              <Link className="plain-link" to={`/rigs/${encodeURIComponent(question.rig)}`}>
                <b>{question.rig}</b>
              </Link>{" "}
              · <Change change={question} />
            </span>
          </li>
        ))}
        {total > changes.length ? <li className="record faint">{text.more(total - changes.length)}</li> : null}
      </ol>
    </Panel>
  );
};

/** What a stranger is told: which parts changed and nobody explained, and which reasons were stated. */
export const PartHistory = ({ changes }: { readonly changes: TwinPassport["partChanges"] }): ReactNode => {
  const told = changes.filter(({ explained }) => explained?.how !== "record");
  if (told.length === 0) return null;
  return (
    <Panel title={text.historyTitle} note={text.historyNote} flush>
      <ol className="records">
        {told.map((change) => (
          <li key={change.number} className="record">
            <span>
              <span className={change.explained === null ? "warm" : "quiet"}>
                {change.explained === null ? text.unexplained : text.stated}
              </span>{" "}
              <Change change={change} minuteOf={utcMinute} />
            </span>
            {change.explained?.how === "reason" ? (
              <p>
                {change.explained.reason} <span className="faint">{change.explained.by}</span>
              </p>
            ) : null}
          </li>
        ))}
      </ol>
    </Panel>
  );
};
