import { Button, TextInput } from "@mantine/core";
import { IconRouter } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { useAnswer, useSite } from "../site.tsx";
import { accessText } from "../texts-access.ts";
import { Ago, FormEnd, Moment, ShownOnce, Sure, Trouble, useAct, useFocused } from "./access-hands.tsx";
import { Answered, Empty, Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { toned } from "./value.tsx";

const text = accessText.devices;
const POLL_MS = 5_000;
type Made = z.infer<typeof access.madeDevice>;

const AddForm = ({ onMade, onClose }: { readonly onMade: (made: Made) => void; readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const { busy, trouble, act } = useAct();
  const [name, setName] = useState("");
  const [topics, setTopics] = useState("");
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const list = topics.split(",").flatMap((topic) => (topic.trim() === "" ? [] : [topic.trim()]));
    await act(async () => onMade(await ask.post<Made>({ route: ROUTES.devices }, { name: name.trim(), topics: list })));
  };
  return (
    <form className="stack access-form" aria-label={text.add} onSubmit={(event) => void send(event)}>
      <div className="form-row">
        <TextInput
          label={text.name}
          value={name}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
          ref={useFocused<HTMLInputElement>()}
        />
        <TextInput
          label={text.topics}
          description={text.topicsHint}
          value={topics}
          autoComplete="off"
          onChange={(event) => setTopics(event.currentTarget.value)}
        />
      </div>
      <FormEnd trouble={trouble} busy={busy} label={text.make} onClose={onClose} />
    </form>
  );
};

const Rules = (): ReactNode => {
  const { addressOf } = useSite();
  const files = [
    { name: "rigtwin.acl", label: text.mosquitto, query: { broker: "mosquitto" } },
    { name: "rigtwin.passwords", label: text.passwords, query: { broker: "mosquitto", file: "passwords" } },
    { name: "acl.conf", label: text.emqx, query: { broker: "emqx" } },
  ];
  return (
    <span className="row">
      <span>{text.rules}:</span>
      {files.map(({ name, label, query }) => (
        <a key={name} href={addressOf({ route: ROUTES.deviceRules, query })} download={name}>
          {label}
        </a>
      ))}
    </span>
  );
};

/** Credentials at the embedded broker. */
export const DevicesPanel = (): ReactNode => {
  const { ask } = useSite();
  const { trouble, act } = useAct();
  const [open, setOpen] = useState(false);
  const [shown, setShown] = useState<Made | null>(null);
  const answer = useAnswer<z.infer<typeof access.devices>>({ route: ROUTES.devices }, POLL_MS);
  const made = (device: Made): void => {
    setOpen(false);
    setShown(device);
    answer.refresh();
  };
  const rotate = async (name: string): Promise<void> => {
    await act(async () => made(await ask.post<Made>({ route: ROUTES.device, parameters: { device: name } }, {})));
  };
  const end = async (name: string): Promise<void> => {
    if (await act(() => ask.remove({ route: ROUTES.device, parameters: { device: name } }))) answer.refresh();
  };
  return (
    <Panel
      title={text.title}
      note={text.note}
      flush
      foot={<Rules />}
      tools={
        open ? null : (
          <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
            {text.add}
          </Button>
        )
      }
    >
      {open ? <AddForm onMade={made} onClose={() => setOpen(false)} /> : null}
      {shown === null ? null : (
        <ShownOnce key={shown.password} what={text.secretOf(shown.name)} values={[shown.password]} onClose={() => setShown(null)} />
      )}
      <Trouble of={trouble} />
      <Answered answer={answer}>
        {({ devices }) =>
          devices.length === 0 ? (
            <Empty icon={<IconRouter size={22} aria-hidden />} title={text.none}>
              {text.noneMeans}
            </Empty>
          ) : (
            <ScrollX label={text.title}>
              <table className="table">
                <thead>
                  <tr>
                    {[text.name, text.topics, text.seen, accessText.made].map((head) => (
                      <th key={head} scope="col">
                        {head}
                      </th>
                    ))}
                    <th scope="col">
                      <span className="unseen">{accessText.actions}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {devices.map(({ name, topics, connected, seenTs, createdTs, rotatedTs }) => (
                    <tr key={name}>
                      <th scope="row">{name}</th>
                      <td className="quiet wrap">{topics.length === 0 ? text.own : topics.join(", ")}</td>
                      <td>
                        {connected ? (
                          <span className="mark" style={toned("state-hashing")}>
                            <i className="dot round" aria-hidden />
                            {text.connected}
                          </span>
                        ) : (
                          <Ago ts={seenTs} />
                        )}
                      </td>
                      <td>
                        <Moment ts={rotatedTs ?? createdTs} />
                      </td>
                      <td className="num">
                        <span className="row tight nowrap">
                          <Sure label={text.rotate} says={text.rotateIt(name)} onSure={() => rotate(name)} />
                          <Sure label={accessText.end} says={text.endIt(name)} onSure={() => end(name)} />
                        </span>
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
