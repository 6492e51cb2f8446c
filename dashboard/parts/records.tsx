import { Button } from "@mantine/core";
import { Link } from "wouter";
import { IconPlus, IconReplace, IconTool } from "@tabler/icons-react";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { RECORD_STATUSES, type TwinRecord } from "../../server/twin/record.ts";
import type { SubstitutionLine } from "../../server/twin/substitution.ts";
import { dayMinute, iso, short, utcMinute } from "../format.ts";
import type { Answer } from "../site.tsx";
import { substituteText } from "../texts-sign.ts";
import { say } from "../texts.ts";
import { Answered, Empty, Panel } from "./panel.tsx";
import { SignedBy } from "./signed-by.tsx";
import { Substitution } from "./substitution-line.tsx";
import { toned } from "./value.tsx";

const RecordForm = lazy(() => import("./record-form.tsx"));
const SubstituteForm = lazy(() => import("./substitute-form.tsx"));
const text = say.records;

/** How far a record has come: sealed in the journal, sent to the chain, final there. */
export const Way = ({ record }: { readonly record: TwinRecord }): ReactNode => {
  if (record.status === "refused")
    return (
      <span className="tag toned" style={toned("sev-critical")}>
        {say.statuses.refused}: {record.reason}
      </span>
    );
  const at = RECORD_STATUSES.indexOf(record.status);
  return (
    <span className="way" role="status" aria-label={text.way(say.statuses[record.status])}>
      {RECORD_STATUSES.slice(0, 3).map((status, k) => (
        <span key={status} data-done={k <= at} data-now={k === at && at < 2}>
          {say.statuses[status]}
        </span>
      ))}
    </span>
  );
};

const Entry = ({ record, minuteOf }: { readonly record: TwinRecord; readonly minuteOf: (ts: number) => string }): ReactNode => {
  const { body } = record;
  return (
    <li className="record">
      <div className="row apart">
        <span>
          <b>{say.kinds[body.kind]}</b>{" "}
          <span className="faint">
            {text.number(body.number)} ·{" "}
            <time dateTime={iso(body.performedTs)} title={iso(body.performedTs)}>
              {minuteOf(body.performedTs)}
            </time>{" "}
            · {body.technician}
          </span>
        </span>
        <Way record={record} />
      </div>
      <p>{body.summary}</p>
      {body.parts.length === 0 ? null : (
        <ul className="record-parts">
          {body.parts.map((part, k) => (
            <li key={k}>
              {say.parts[part.part]}
              {part.index === null ? "" : ` ${part.index + 1}`}: <span className="mono">{part.oldSerial ?? say.missing}</span> →{" "}
              <span className="mono">{part.newSerial ?? say.missing}</span>
            </li>
          ))}
        </ul>
      )}
      <SignedBy record={record} />
      <p className="faint record-hash">
        <span className="mono" title={record.hash}>
          {short(record.hash, 8)}
        </span>
        {record.txHash === null ? (
          ""
        ) : (
          <>
            {" "}
            · {text.tx}{" "}
            <span className="mono" title={record.txHash}>
              {short(record.txHash, 6)}
            </span>
          </>
        )}
        {record.blockNumber === null ? "" : ` · ${text.block(record.blockNumber)}`}
      </p>
    </li>
  );
};

/** The service book, newest first, and the form that adds to it. */
export const Records = ({
  rig,
  answer,
  readOnly,
  isPublic = false,
}: {
  readonly rig: string;
  readonly answer: Answer<{ readonly records: readonly TwinRecord[]; readonly substitution?: SubstitutionLine }>;
  readonly readOnly: boolean;
  /** Of a token's page: its times are UTC. */
  readonly isPublic?: boolean;
}): ReactNode => {
  const [adding, setAdding] = useState<"record" | "substitute" | null>(null);
  const toggle = (what: "record" | "substitute"): void => setAdding(adding === what ? null : what);
  const done = (): void => {
    setAdding(null);
    answer.refresh();
  };
  return (
    <Panel
      title={text.title}
      note={text.note}
      flush
      tools={
        readOnly ? undefined : (
          <>
            <Button
              component={Link}
              to={`/maintenance/new?rigs=${encodeURIComponent(rig)}`}
              size="compact-sm"
              variant="default"
              leftSection={<IconTool size={14} />}
            >
              {text.order}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={adding === "record" ? undefined : <IconPlus size={14} />}
              aria-expanded={adding === "record"}
              onClick={() => toggle("record")}
            >
              {adding === "record" ? say.cancel : text.add}
            </Button>
            {(answer.data?.substitution?.by ?? null) === null ? (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={adding === "substitute" ? undefined : <IconReplace size={14} />}
                aria-expanded={adding === "substitute"}
                onClick={() => toggle("substitute")}
              >
                {adding === "substitute" ? say.cancel : substituteText.open}
              </Button>
            ) : null}
          </>
        )
      }
    >
      {adding === null ? null : (
        <Suspense fallback={null}>
          {adding === "record" ? <RecordForm rig={rig} onDone={done} /> : <SubstituteForm rig={rig} onDone={done} />}
        </Suspense>
      )}
      {answer.data?.substitution === undefined ? null : <Substitution substitution={answer.data.substitution} isPublic={false} />}
      <Answered answer={answer}>
        {({ records }) =>
          records.length === 0 ? (
            <Empty icon={<IconTool size={24} />} title={text.none}>
              {text.noneMore}
            </Empty>
          ) : (
            <ol className="records" reversed>
              {[...records].reverse().map((record) => (
                <Entry key={record.hash} record={record} minuteOf={isPublic ? utcMinute : dayMinute} />
              ))}
            </ol>
          )
        }
      </Answered>
    </Panel>
  );
};
