import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { ChannelLine, Notifications, NotifyRules } from "../../server/twin/notify/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count } from "../format.ts";
import { AlarmPages } from "../parts/alarm-pages.tsx";
import { ChannelForm } from "../parts/channel-form.tsx";
import { NotifyRulesForm } from "../parts/notify-rules.tsx";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { PushPanel } from "../parts/push.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { Age, SeverityMark } from "../parts/value.tsx";
import { failureOf, useAnswer, useSite, useViewClock } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";

const text = alarmText.notify;

const StateOf = ({ line }: { readonly line: ChannelLine }): ReactNode => (
  <span className={line.state === "failing" || line.state === "incomplete" ? "bad" : line.state === "ok" ? "" : "quiet"}>
    {text.states[line.state]}
    {line.waiting === 0 ? "" : `, ${text.waiting(line.waiting)}`}
  </span>
);

const ChannelRow = ({
  line,
  onEdit,
  onChanged,
}: {
  readonly line: ChannelLine;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const [said, setSaid] = useState<{ readonly ok: boolean; readonly text: string } | null>(null);
  const { id, label, kind } = line.channel;
  const parameters = { channel: id };
  const test = async (): Promise<void> => {
    setBusy(true);
    setSaid(null);
    try {
      const { ok, says, tookMs } = await ask.post<{ ok: boolean; says: string; tookMs: number }>(
        { route: ROUTES.channelTest, parameters },
        {},
      );
      setSaid({ ok, text: text.tested(ok, says, tookMs) });
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  const remove = async (): Promise<void> => {
    try {
      await ask.remove({ route: ROUTES.channel, parameters });
      onChanged();
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
  };
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{text.kinds[kind]}</td>
      <td>{line.host ?? <span className="faint">{text.notSet}</span>}</td>
      <td>
        <StateOf line={line} />
      </td>
      <td className="says">
        {said === null ? (
          <>
            {line.says} {line.lastOkTs === null ? null : <Age ts={line.lastOkTs} limitMs={Infinity} from={text.lastOk} />}
          </>
        ) : (
          <span className={said.ok ? "" : "bad"} role={said.ok ? "status" : "alert"}>
            {said.text}
          </span>
        )}
      </td>
      <td className="num">
        {sure ? (
          <span className="row tight">
            <span>{text.removeSure}</span>
            <Button size="compact-xs" color="red" onClick={() => void remove()}>
              {text.remove}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setSure(false)}>
              {say.cancel}
            </Button>
          </span>
        ) : (
          <span className="row tight" style={{ flexWrap: "nowrap", justifyContent: "end" }}>
            <Button size="compact-xs" loading={busy} aria-label={text.testOf(label)} onClick={() => void test()}>
              {text.test}
            </Button>
            <Button size="compact-xs" variant="default" aria-label={text.editOf(label)} onClick={onEdit}>
              {text.edit}
            </Button>
            <Button size="compact-xs" variant="default" aria-label={text.removeOf(label)} onClick={() => setSure(true)}>
              {text.remove}
            </Button>
          </span>
        )}
      </td>
    </tr>
  );
};

const Recent = ({ told, labelOf }: { readonly told: Notifications; readonly labelOf: (id: string) => string }): ReactNode =>
  told.recent.length === 0 ? (
    <Empty title={text.noRecent} />
  ) : (
    <ScrollX label={text.recent}>
      <table className="table">
        <thead>
          <tr>
            {text.recentHeads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {told.recent.map((notice) => (
            <tr key={notice.id}>
              <td>
                <Age ts={notice.queuedTs} limitMs={Infinity} />
              </td>
              <td>{labelOf(notice.channel)}</td>
              <td>
                <SeverityMark severity={notice.severity} /> {notice.title}
              </td>
              <td className={notice.state === "uncertain" || notice.state === "given-up" ? "bad" : ""}>
                {text.noticeStates[notice.state]}
                {notice.tries > 1 ? `, ${text.tries(notice.tries)}` : ""}
              </td>
              <td>{notice.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );

const NotificationsView = (): ReactNode => {
  const live = useViewClock()?.view !== "replay";
  const [editing, setEditing] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const told = useAnswer<Notifications>({ route: ROUTES.notifications }, 5_000);
  const lines = told.data?.channels ?? [];
  const changed = (): void => {
    setEditing(null);
    setRound(round + 1);
    told.refresh();
  };
  const edited = lines.find(({ channel }) => channel.id === editing) ?? null;
  return (
    <div className="page">
      <AlarmPages />
      <div className="page-head">
        <h1>{alarmText.pages.notifications}</h1>
        <span className="lead">{text.lead}</span>
        <div className="tools">
          {live ? (
            <Button
              size="xs"
              variant={editing === null ? "filled" : "default"}
              leftSection={editing === null ? <IconPlus size={14} /> : undefined}
              onClick={() => setEditing(editing === null ? "" : null)}
            >
              {editing === null ? text.add : say.cancel}
            </Button>
          ) : null}
        </div>
      </div>
      <Answered answer={told} height={420}>
        {(data) => (
          <>
            <Panel title={text.channels} note={text.channelsNote} flush>
              {editing === null ? null : <ChannelForm key={editing} line={edited} onDone={changed} />}
              {data.channels.length === 0 ? (
                <Empty title={text.noChannels}>{text.noChannelsMore}</Empty>
              ) : (
                <ScrollX label={text.channels}>
                  <table className="table">
                    <thead>
                      <tr>
                        {text.heads.map((head, i) => (
                          <th key={head || i} scope="col">
                            {head === "" ? <span className="unseen">{text.edit}</span> : head}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {data.channels.map((line) => (
                        <ChannelRow key={line.channel.id} line={line} onEdit={() => setEditing(line.channel.id)} onChanged={changed} />
                      ))}
                    </tbody>
                  </table>
                </ScrollX>
              )}
            </Panel>
            {data.channels.length === 0 ? null : (
              <Panel title={text.routes} note={text.routesNote(data.rules.zone ?? "UTC")}>
                <NotifyRulesForm
                  key={round}
                  rules={data.rules as NotifyRules}
                  channels={data.channels.map(({ channel }) => channel)}
                  onDone={told.refresh}
                />
              </Panel>
            )}
            <Panel title={text.recent} note={`${text.recentNote}, ${count(data.recent.length)}`} flush>
              <Recent told={data} labelOf={(id) => lines.find(({ channel }) => channel.id === id)?.channel.label ?? id} />
            </Panel>
          </>
        )}
      </Answered>
      <PushPanel />
    </div>
  );
};
export default NotificationsView;
