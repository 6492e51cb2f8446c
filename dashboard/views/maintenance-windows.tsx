import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { AlarmRules } from "../../server/twin/alarms/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayMinute, fromField, iso, toField } from "../format.ts";
import { AlarmPages } from "../parts/alarm-pages.tsx";
import { useBadge } from "../parts/badge.ts";
import { newKey } from "../parts/order-change.ts";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { failureOf, useAnswer, useNow, useRoster, useSite, useViewClock } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";

const text = alarmText.windows;
const HOUR = 3_600_000;
type Window = AlarmRules["maintenance"][number];
type Scope = keyof typeof text.scopes;
const SCOPES = Object.keys(text.scopes) as Scope[];

const nameOf = ({ rig, container, rack }: Window): string =>
  rig !== null ? rig : rack !== null ? [container, rack].filter(Boolean).join(" ") : (container ?? text.scopes.site);

const PlanForm = ({ now, onDone }: { readonly now: number; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const roster = useRoster();
  const [badge, setBadge] = useBadge();
  const [scope, setScope] = useState<Scope>("rack");
  const [container, setContainer] = useState("");
  const [rack, setRack] = useState("");
  const [rig, setRig] = useState("");
  const [from, setFrom] = useState(() => toField(now));
  const [to, setTo] = useState(() => toField(now + 2 * HOUR));
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const places = roster.flatMap((row) => row?.position ?? []);
  const containers = [...new Set(places.map((place) => place.container))].toSorted();
  const racks = [...new Set(places.filter((place) => place.container === container).map((place) => place.rack))].toSorted();
  const isNamed = scope === "site" || (scope === "rig" ? rig !== "" : container !== "" && (scope === "container" || rack !== ""));
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const [fromTs, toTs] = [fromField(from), fromField(to)];
    if (!isNamed || reason.trim() === "" || badge.trim() === "") return setTrouble(text.empty);
    if (fromTs === null || toTs === null || toTs <= fromTs) return setTrouble(text.times);
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post(
        { route: ROUTES.alarmRules },
        {
          what: "maintenance",
          id: newKey(),
          rig: scope === "rig" ? rig : null,
          container: scope === "container" || scope === "rack" ? container : null,
          rack: scope === "rack" ? rack : null,
          fromTs,
          toTs,
          reason: reason.trim(),
          by: badge.trim(),
        },
      );
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  const blank = { value: "", label: "–" };
  return (
    <form className="settings-form" aria-label={text.plan} onSubmit={(event) => void send(event)} noValidate>
      <div className="form-row">
        <NativeSelect
          label={text.scope}
          value={scope}
          data={SCOPES.map((value) => ({ value, label: text.scopes[value] }))}
          onChange={(event) => setScope(event.currentTarget.value as Scope)}
        />
        {scope === "container" || scope === "rack" ? (
          <NativeSelect
            label={text.container}
            value={container}
            data={[blank, ...containers]}
            onChange={(event) => setContainer(event.currentTarget.value)}
          />
        ) : null}
        {scope === "rack" ? (
          <NativeSelect label={text.rack} value={rack} data={[blank, ...racks]} onChange={(event) => setRack(event.currentTarget.value)} />
        ) : null}
        {scope === "rig" ? (
          <TextInput label={text.rig} value={rig} maxLength={64} onChange={(event) => setRig(event.currentTarget.value.trim())} />
        ) : null}
        <TextInput
          type="datetime-local"
          step={60}
          label={text.from}
          value={from.slice(0, 16)}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          step={60}
          label={text.to}
          value={to.slice(0, 16)}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      <div className="form-row">
        <TextInput label={text.reason} value={reason} maxLength={300} onChange={(event) => setReason(event.currentTarget.value)} />
        <TextInput
          label={alarmText.by}
          value={badge}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy} style={{ justifySelf: "start" }}>
          {text.plan}
        </Button>
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
};

const Windows = ({
  windows,
  now,
  onEnd,
}: {
  readonly windows: readonly Window[];
  readonly now: number;
  readonly onEnd: ((id: string) => void) | null;
}): ReactNode => (
  <ScrollX label={alarmText.pages.windows}>
    <table className="table">
      <thead>
        <tr>
          {text.heads.map((head, i) => (
            <th key={head || i} scope="col">
              {head === "" ? <span className="unseen">{text.end}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {windows.map((each) => {
          const state = now >= each.toTs ? "past" : now >= each.fromTs ? "now" : "next";
          return (
            <tr key={each.id}>
              <td>{state === "now" ? <b className="warm">{text.states.now}</b> : <span className="quiet">{text.states[state]}</span>}</td>
              <th scope="row">{nameOf(each)}</th>
              {[each.fromTs, each.toTs].map((ts, i) => (
                <td key={i}>
                  <time dateTime={iso(ts)} title={iso(ts)}>
                    {dayMinute(ts)}
                  </time>
                </td>
              ))}
              <td>{each.reason}</td>
              <td>{each.by}</td>
              <td className="num">
                {state === "past" || onEnd === null ? null : (
                  <Button size="compact-xs" variant="default" aria-label={text.endOf(nameOf(each))} onClick={() => onEnd(each.id)}>
                    {text.end}
                  </Button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </ScrollX>
);

const MaintenanceWindowsView = (): ReactNode => {
  const { ask } = useSite();
  const now = useNow();
  const live = useViewClock()?.view !== "replay";
  const [badge] = useBadge();
  const [planning, setPlanning] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const rules = useAnswer<AlarmRules>({ route: ROUTES.alarmRules }, 10_000);
  const end = async (id: string): Promise<void> => {
    try {
      await ask.post({ route: ROUTES.alarmRules }, { what: "maintenance-end", id, by: badge.trim() === "" ? "dashboard" : badge.trim() });
      setTrouble(null);
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    rules.refresh();
  };
  return (
    <div className="page">
      <AlarmPages />
      <div className="page-head">
        <h1>{alarmText.pages.windows}</h1>
        <span className="lead">{text.lead}</span>
        <div className="tools">
          {live ? (
            <Button
              size="xs"
              leftSection={planning ? undefined : <IconPlus size={14} />}
              variant={planning ? "default" : "filled"}
              onClick={() => setPlanning(!planning)}
            >
              {planning ? say.cancel : text.plan}
            </Button>
          ) : null}
        </div>
      </div>
      <Panel title={alarmText.pages.windows} flush>
        {planning && now !== null ? (
          <PlanForm
            now={now}
            onDone={() => {
              setPlanning(false);
              rules.refresh();
            }}
          />
        ) : null}
        {trouble === null ? null : (
          <p className="bad" role="alert" style={{ padding: "0 14px" }}>
            {trouble}
          </p>
        )}
        <Answered answer={rules} height={200}>
          {({ maintenance }) =>
            maintenance.length === 0 ? (
              <Empty title={text.none}>{text.noneMore}</Empty>
            ) : (
              <Windows
                windows={maintenance.toSorted((a, b) => b.toTs - a.toTs)}
                now={now ?? 0}
                onEnd={live ? (id) => void end(id) : null}
              />
            )
          }
        </Answered>
      </Panel>
    </div>
  );
};
export default MaintenanceWindowsView;
