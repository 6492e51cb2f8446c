import { Button, Checkbox, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { SCOPES, type Scope } from "../../server/twin/rights.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { lasting } from "../format.ts";
import { useAnswer, useSite } from "../site.tsx";
import { accessText } from "../texts-access.ts";
import { say } from "../texts.ts";
import { Ago, FormEnd, Moment, ShownOnce, Sure, Trouble, useAct, useFocused } from "./access-hands.tsx";
import { Answered, Empty, Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";

const POLL_MS = 10_000;

const BROWSERS = [
  [/Firefox\//, "Firefox"],
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/Linux/, "Linux"],
] as const;
/** Browser and system of a User-Agent, its beginning where it is of another kind. */
const programOf = (agent: string): string => {
  const [, browser] = BROWSERS.find(([pattern]) => pattern.test(agent)) ?? [];
  const [, system] = SYSTEMS.find(([pattern]) => pattern.test(agent)) ?? [];
  return browser === undefined || system === undefined ? agent.slice(0, 40) : `${browser}, ${system}`;
};

/** Where one is logged in. */
export const SessionsPanel = (): ReactNode => {
  const text = accessText.sessions;
  const { ask, lock } = useSite();
  const { trouble, act } = useAct();
  const answer = useAnswer<z.infer<typeof access.sessions>>({ route: ROUTES.sessions }, POLL_MS);
  const end = async (id: string, current: boolean): Promise<void> => {
    if (!(await act(() => ask.remove({ route: ROUTES.session, parameters: { id } })))) return;
    if (current) lock();
    else answer.refresh();
  };
  return (
    <Panel title={text.title} note={text.note} flush>
      <Trouble of={trouble} />
      <Answered answer={answer}>
        {({ sessions }) => (
          <ScrollX label={text.title}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{text.from}</th>
                  <th scope="col">{text.agent}</th>
                  <th scope="col">{text.seen}</th>
                  <th scope="col">{accessText.until}</th>
                  <th scope="col">
                    <span className="unseen">{accessText.actions}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {sessions.map(({ id, address, agent, seenTs, untilTs, current }) => (
                  <tr key={id}>
                    <th scope="row" className="mono">
                      {address} {current ? <span className="tag">{text.current}</span> : null}
                    </th>
                    <td className="quiet agent" title={agent}>
                      {programOf(agent)}
                    </td>
                    <td>
                      <Ago ts={seenTs} />
                    </td>
                    <td>
                      <Moment ts={untilTs} />
                    </td>
                    <td className="num">
                      <Sure
                        label={accessText.end}
                        says={text.endIt(address, say.ago(lasting(Date.now() - seenTs)))}
                        onSure={() => end(id, current)}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollX>
        )}
      </Answered>
    </Panel>
  );
};

const TokenForm = ({
  onMade,
  onClose,
}: {
  readonly onMade: (name: string, secret: string) => void;
  readonly onClose: () => void;
}): ReactNode => {
  const text = accessText.tokens;
  const { ask } = useSite();
  const { busy, trouble, say: tell, act } = useAct();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [chosen, setChosen] = useState<readonly Scope[]>(["read"]);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (chosen.length === 0) return tell(text.noScope);
    await act(async () => {
      const made = await ask.post<z.infer<typeof access.madeToken>>(
        { route: ROUTES.tokens },
        { name: name.trim(), scopes: chosen, days: Number(days) },
      );
      onMade(made.name, made.secret);
    });
  };
  return (
    <form className="stack access-form" aria-label={text.add} onSubmit={(event) => void send(event)}>
      <div className="form-row">
        <TextInput
          label={text.name}
          value={name}
          maxLength={64}
          onChange={(event) => setName(event.currentTarget.value)}
          ref={useFocused<HTMLInputElement>()}
        />
        <TextInput
          label={text.days}
          description={text.daysHint}
          inputMode="numeric"
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <fieldset className="choices">
          <legend>{text.scopes}</legend>
          {SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              size="xs"
              label={`${accessText.scopes[scope]}: ${accessText.scopeMeans[scope]}`}
              checked={chosen.includes(scope)}
              onChange={({ currentTarget: { checked } }) =>
                setChosen((before) => SCOPES.filter((each) => (each === scope ? checked : before.includes(each))))
              }
            />
          ))}
        </fieldset>
      </div>
      <FormEnd trouble={trouble} busy={busy} label={text.make} onClose={onClose} />
    </form>
  );
};

/** One's keys for programs. */
export const TokensPanel = (): ReactNode => {
  const text = accessText.tokens;
  const { ask } = useSite();
  const { trouble, act } = useAct();
  const [open, setOpen] = useState(false);
  const [shown, setShown] = useState<{ readonly name: string; readonly secret: string } | null>(null);
  const answer = useAnswer<z.infer<typeof access.tokens>>({ route: ROUTES.tokens }, POLL_MS);
  const end = async (id: string): Promise<void> => {
    if (await act(() => ask.remove({ route: ROUTES.token, parameters: { id } }))) answer.refresh();
  };
  return (
    <Panel
      title={text.title}
      note={text.note}
      flush
      tools={
        open ? null : (
          <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
            {text.add}
          </Button>
        )
      }
    >
      {open ? (
        <TokenForm
          onClose={() => setOpen(false)}
          onMade={(name, secret) => {
            setOpen(false);
            setShown({ name, secret });
            answer.refresh();
          }}
        />
      ) : null}
      {shown === null ? null : <ShownOnce what={text.secretOf(shown.name)} values={[shown.secret]} onClose={() => setShown(null)} />}
      <Trouble of={trouble} />
      <Answered answer={answer}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Empty icon={<IconKey size={22} aria-hidden />} title={text.none} />
          ) : (
            <ScrollX label={text.title}>
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{text.name}</th>
                    <th scope="col">{text.scopes}</th>
                    <th scope="col">{text.used}</th>
                    <th scope="col">{accessText.until}</th>
                    <th scope="col">
                      <span className="unseen">{accessText.actions}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {tokens.map(({ id, name, scopes, usedTs, untilTs }) => (
                    <tr key={id}>
                      <th scope="row">{name}</th>
                      <td className="quiet">{scopes.map((scope) => accessText.scopes[scope]).join(", ")}</td>
                      <td>
                        <Ago ts={usedTs} />
                      </td>
                      <td>
                        <Moment ts={untilTs} />
                      </td>
                      <td className="num">
                        <Sure label={accessText.end} says={text.endIt(name)} onSure={() => end(id)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollX>
          )
        }
      </Answered>
    </Panel>
  );
};
