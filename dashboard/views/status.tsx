import { IconCircleCheck, IconInbox } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { RefusalLine, Status } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, dayTime, fixed, iso, lasting } from "../format.ts";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { StatusPages } from "../parts/status-pages.tsx";
import { Age, toned } from "../parts/value.tsx";
import { useAnswer, useConnection, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";

const text = say.status;
const TONES = { ok: "state-hashing", degraded: "state-low", away: "state-low", failing: "state-fault" } as const;

const Health = ({ status }: { readonly status: keyof typeof TONES }): ReactNode => (
  <span className="mark" style={toned(TONES[status])}>
    <i className={status === "ok" ? "dot round" : "dot"} aria-hidden />
    {text.health[status]}
  </span>
);
const bytes = (n: number): string =>
  n >= 1e9 ? `${fixed(n / 1e9, 2)} GB` : n >= 1e6 ? `${fixed(n / 1e6, 1)} MB` : `${fixed(n / 1e3, 0)} kB`;

const Ports = ({ status }: { readonly status: Status }): ReactNode => (
  <ScrollX label={text.ports}>
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{text.port}</th>
          <th scope="col">{text.state}</th>
          <th scope="col">{text.kind}</th>
          <th scope="col">{text.detail}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(status.ports).map(([name, port]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Health status={port.status} />
            </td>
            <td className="quiet">{port.kind}</td>
            <td className="quiet">{port.detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const Ingest = ({ ingest }: { readonly ingest: Status["ingest"] }): ReactNode => {
  const lines: readonly (readonly [string, ReactNode])[] = [
    [text.rate, `${fixed(ingest.messagesPerS, 1)}\u202f/s`],
    [text.lastEntry, <Age key="age" ts={ingest.lastEntryTs} />],
    [text.storeLag, `${fixed(ingest.storeLagS, 1)}\u202fs`],
    [text.behindFold, count(ingest.headPos - ingest.foldedPos)],
    [text.behindStore, count(ingest.headPos - ingest.storedPos)],
    [text.accepted, count(ingest.accepted)],
    [text.refused, count(ingest.refused)],
    [text.duplicates, count(ingest.duplicates)],
    [text.late, count(ingest.late)],
    [text.journal, bytes(ingest.journalBytes)],
  ];
  return (
    <dl className="pairs">
      {lines.map(([name, value]) => (
        <div key={name} className="pair">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
};

/** What the door turned away or slowed down; nothing where it had nothing to do. */
const Limits = ({ limits }: { readonly limits: Status["limits"] }): ReactNode => {
  const lines = Object.entries(limits).toSorted(([a], [b]) => a.localeCompare(b));
  if (lines.length === 0) return null;
  return (
    <>
      <h3 className="quiet">{text.limits}</h3>
      <dl className="pairs">
        {lines.map(([name, n]) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd>{count(n)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
};

const Inbox = ({
  total,
  byCode,
  refusals,
}: {
  readonly total: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly refusals: readonly RefusalLine[];
}): ReactNode => {
  const [code, setCode] = useState<string | null>(null);
  const shown = refusals.filter((line) => code === null || line.code === code);
  if (total === 0)
    return (
      <Empty icon={<IconCircleCheck size={26} color="var(--state-hashing)" />} title={text.noRefusals}>
        {text.noRefusalsMore}
      </Empty>
    );
  return (
    <>
      <div className="row" style={{ padding: "2px 14px 8px" }} role="group" aria-label={text.byCode}>
        {Object.entries(byCode)
          .sort(([, a], [, b]) => b - a)
          .map(([name, n]) => (
            <button
              key={name}
              type="button"
              className="chip mono"
              aria-pressed={code === name}
              onClick={() => setCode(code === name ? null : name)}
            >
              {name} <b>{count(n)}</b>
            </button>
          ))}
      </div>
      <ScrollX label={text.inbox} className="inbox">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{text.time}</th>
              <th scope="col">{text.code}</th>
              <th scope="col">{text.topic}</th>
              <th scope="col">{text.reason}</th>
              <th scope="col">{text.sample}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((line) => (
              <tr key={line.pos}>
                <td style={{ whiteSpace: "nowrap" }}>
                  <time dateTime={iso(line.receivedTs)} title={iso(line.receivedTs)}>
                    {dayTime(line.receivedTs)}
                  </time>
                </td>
                <td className="mono">{line.code}</td>
                <td className="mono topic">{line.topic}</td>
                <td>{line.detail}</td>
                <td className="mono sample" title={line.sample}>
                  {line.sample}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </>
  );
};

const StatusView = (): ReactNode => {
  const connection = useConnection();
  const replay = useViewClock()?.view === "replay";
  const status = useAnswer<Status>({ route: ROUTES.status }, 5_000);
  const inbox = useAnswer<{
    readonly total: number;
    readonly byCode: Readonly<Record<string, number>>;
    readonly refusals: readonly RefusalLine[];
  }>({ route: ROUTES.refusals, query: { limit: 200 } }, 10_000);
  const data = status.data;
  return (
    <div className="page">
      <StatusPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        {data === null ? null : (
          <span className="tag big">
            <Health status={data.status} />
          </span>
        )}
        {data === null ? null : (
          <span className="lead">
            {text.lead(data.version, lasting(data.uptimeS * 1_000), data.viewers)} · <Age ts={status.asOfTs} from={text.asked} />
          </span>
        )}
      </div>
      {replay ? <p className="warm">{say.banner.liveOnly}</p> : null}
      <div className="grid-2 lean">
        <Panel title={text.ports} note={text.portsNote} flush>
          <Answered answer={status} height={200}>
            {(answer) => <Ports status={answer} />}
          </Answered>
        </Panel>
        <Panel
          title={text.ingest}
          note={text.ingestNote}
          foot={
            <>
              {text.feed}: {say.connections[connection]}
            </>
          }
        >
          <Answered answer={status} height={200}>
            {({ ingest, limits }) => (
              <>
                <Ingest ingest={ingest} />
                <Limits limits={limits} />
              </>
            )}
          </Answered>
        </Panel>
      </div>
      <Panel
        title={text.inbox}
        note={
          <>
            <IconInbox size={13} aria-hidden /> {text.inboxNote}
          </>
        }
        flush
      >
        <Answered answer={inbox} height={240}>
          {(answer) => <Inbox {...answer} />}
        </Answered>
      </Panel>
    </div>
  );
};
export default StatusView;
