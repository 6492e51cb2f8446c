import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { CommandLine } from "../../server/twin/alarms/shapes.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { iso, lasting, power, together } from "../format.ts";
import { failureOf, useAnswer, useNow, useSite } from "../site.tsx";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";
import { argsOf, SIMPLE, type Simple } from "./command-choice.ts";
import { Answered, Empty, Panel } from "./panel.tsx";

const text = say.commands;
/** What the machine itself reports of what was asked for. */
const reportedOf = ({ method }: CommandLine, { latest, state }: Twin): string => {
  if (method === "power-target") return latest.powerLimitW === null ? say.missing : together(power(latest.powerLimitW));
  if (method === "fan-mode") return latest.fanPct === null ? say.missing : `${Math.round(latest.fanPct)} %`;
  if (method === "pools") return latest.pools.find(({ active }) => active)?.url ?? say.missing;
  return method === "locate" ? say.missing : say.states[state];
};
const requestedOf = ({ method, args }: CommandLine): string => {
  const said = Object.entries(args).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [text.methods[method], ...said].join(", ");
};

/** Commands to one rig: requested against reported, and a form to order one. */
export const RigCommands = ({ twin }: { readonly twin: Twin }): ReactNode => {
  const { ask } = useSite();
  const now = useNow() ?? 0;
  const [badge, setBadge] = useBadge();
  const [method, setMethod] = useState<Simple>("pause");
  const [by, setBy] = useState(badge);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const listed = useAnswer<{ readonly commands: readonly CommandLine[] }>(
    { route: ROUTES.commands, query: { rig: twin.rig, limit: 8 } },
    2_000,
  );
  const send = async (): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      const order = { method, args: argsOf(method), rigs: [twin.rig], by: by.trim(), why: why.trim() };
      const { held } = await ask.post<{ held: readonly { why: string }[] }>({ route: ROUTES.commands }, order);
      setTrouble(held[0]?.why ?? null);
      setBadge(by.trim());
      listed.refresh();
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void send();
  };
  return (
    <Panel title={text.title}>
      <form className="row" onSubmit={submit} style={{ marginBottom: 12 }}>
        <NativeSelect
          size="xs"
          label={text.command}
          value={method}
          data={SIMPLE.map((value) => ({ value, label: text.methods[value] }))}
          onChange={(event) => setMethod(event.currentTarget.value as Simple)}
        />
        <TextInput size="xs" label={text.why} value={why} maxLength={300} onChange={(event) => setWhy(event.currentTarget.value)} />
        <TextInput
          size="xs"
          label={text.by}
          value={by}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBy(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" loading={busy} disabled={why.trim() === "" || by.trim() === ""} style={{ alignSelf: "end" }}>
          {text.send}
        </Button>
      </form>
      {trouble === null ? null : <p role="alert">{trouble}</p>}
      <Answered answer={listed}>
        {({ commands }) =>
          commands.length === 0 ? (
            <Empty title={text.none}>{text.noneMore}</Empty>
          ) : (
            <div style={{ overflowX: "auto" }}>
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{text.requested}</th>
                    <th scope="col">{text.reported}</th>
                    <th scope="col">{text.state}</th>
                    <th scope="col">{text.when}</th>
                  </tr>
                </thead>
                <tbody>
                  {commands.map((command) => (
                    <tr key={command.id}>
                      <td title={command.why}>{requestedOf(command)}</td>
                      <td>{reportedOf(command, twin)}</td>
                      <td>
                        {command.state}
                        {command.detail === "" ? "" : `: ${command.detail}`}
                      </td>
                      <td>
                        <time dateTime={iso(command.queuedTs)} title={iso(command.queuedTs)}>
                          {text.ago(lasting(Math.max(0, now - command.queuedTs)))}
                        </time>
                        , {command.by}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answered>
    </Panel>
  );
};
