import { Button, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { ROLES, type Role } from "../../server/twin/rights.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { short } from "../format.ts";
import { useAnswer, useSite } from "../site.tsx";
import { accessText, door } from "../texts-access.ts";
import { FormEnd, Moment, Trouble, useAct, useFocused } from "./access-hands.tsx";
import { Answered, Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";

const text = accessText.people;
type Person = z.infer<typeof access.person>;
const ROLE_CHOICES = ROLES.map((role) => ({ value: role, label: `${accessText.roles[role]}: ${accessText.roleMeans[role]}` }));
const toggle = { "aria-label": door.show };

const AddForm = ({ onDone, onClose }: { readonly onDone: () => void; readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const { busy, trouble, act } = useAct();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("technician");
  const [password, setPassword] = useState("");
  const [wallet, setWallet] = useState("");
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const ways = { ...(password === "" ? {} : { password }), ...(wallet.trim() === "" ? {} : { wallet: wallet.trim() }) };
    if (await act(() => ask.post({ route: ROUTES.people }, { name: name.trim(), role, ...ways }))) onDone();
  };
  return (
    <form className="stack access-form" aria-label={text.add} onSubmit={(event) => void send(event)}>
      <div className="form-row">
        <TextInput
          label={text.name}
          description={text.note}
          value={name}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
          ref={useFocused<HTMLInputElement>()}
        />
        <NativeSelect
          label={text.role}
          description={accessText.roleMeans[role]}
          data={ROLE_CHOICES.map(({ value }) => ({ value, label: accessText.roles[value] }))}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
        <PasswordInput
          label={text.password}
          description={text.passwordHint}
          value={password}
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <TextInput
          label={text.wallet}
          description={text.walletHint}
          value={wallet}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setWallet(event.currentTarget.value)}
        />
      </div>
      <FormEnd trouble={trouble} busy={busy} label={text.make} onClose={onClose} />
    </form>
  );
};

const ChangeForm = ({
  person,
  onDone,
  onClose,
}: {
  readonly person: Person;
  readonly onDone: () => void;
  readonly onClose: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const { busy, trouble, act } = useAct();
  const [role, setRole] = useState<Role>(person.role);
  const [password, setPassword] = useState("");
  const send = async (news: z.infer<typeof access.personNews>): Promise<void> => {
    if (await act(() => ask.patch({ route: ROUTES.person, parameters: { person: person.id } }, news))) onDone();
  };
  const isOut = person.disabledTs !== null;
  return (
    <form
      className="stack access-form"
      aria-label={text.changing(person.name)}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void send({ password });
      }}
    >
      <h3>{text.changing(person.name)}</h3>
      <div className="form-row">
        <div className="with-button">
          <NativeSelect
            label={text.roleOf(person.name)}
            data={ROLE_CHOICES.map(({ value }) => ({ value, label: accessText.roles[value] }))}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
            ref={useFocused<HTMLSelectElement>()}
          />
          <Button size="xs" variant="default" disabled={busy || role === person.role} onClick={() => void send({ role })}>
            {text.saveRole}
          </Button>
        </div>
        <div className="with-button">
          <PasswordInput
            label={text.resetPassword}
            value={password}
            autoComplete="new-password"
            visibilityToggleButtonProps={toggle}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" variant="default" disabled={busy || password === ""}>
            {text.setPassword}
          </Button>
        </div>
      </div>
      <p className="quiet">{text.ends}</p>
      <Trouble of={trouble} />
      <div className="row">
        <Button size="xs" color={isOut ? "verdigris" : "red"} loading={busy} onClick={() => void send({ disabled: !isOut })}>
          {isOut ? text.letIn : text.shut}
        </Button>
        {person.totp ? (
          <Button size="xs" variant="default" disabled={busy} onClick={() => void send({ resetTotp: true })}>
            {text.resetApp}
          </Button>
        ) : null}
        <Button size="xs" variant="subtle" color="gray" onClick={onClose}>
          {accessText.cancel}
        </Button>
      </div>
    </form>
  );
};

const waysOf = ({ password, totp, wallet }: Person): string =>
  [
    password ? (totp ? `${text.byPassword} + ${text.byApp}` : text.byPassword) : null,
    wallet === null ? null : `${text.byWallet} ${short(wallet, 4)}`,
  ]
    .filter(Boolean)
    .join(", ");

/** Who may come in. */
export const PeoplePanel = (): ReactNode => {
  const [open, setOpen] = useState<"add" | number | null>(null);
  const answer = useAnswer<z.infer<typeof access.people>>({ route: ROUTES.people }, null);
  const close = (): void => setOpen(null);
  const done = (): void => {
    close();
    answer.refresh();
  };
  return (
    <Panel
      title={text.title}
      note={text.note}
      flush
      tools={
        open === "add" ? null : (
          <Button size="compact-sm" variant="default" onClick={() => setOpen("add")}>
            {text.add}
          </Button>
        )
      }
    >
      {open === "add" ? <AddForm onDone={done} onClose={close} /> : null}
      <Answered answer={answer}>
        {({ people }) => {
          const changed = people.find(({ id }) => id === open);
          return (
            <>
              {changed === undefined ? null : <ChangeForm key={changed.id} person={changed} onDone={done} onClose={close} />}
              <ScrollX label={text.title}>
                <table className="table">
                  <thead>
                    <tr>
                      {[text.name, text.role, text.by, text.state, accessText.made].map((head) => (
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
                    {people.map((person) => (
                      <tr key={person.id}>
                        <th scope="row">{person.name}</th>
                        <td>{accessText.roles[person.role]}</td>
                        <td className="quiet">{waysOf(person)}</td>
                        <td className={person.disabledTs === null ? "" : "bad"}>{person.disabledTs === null ? text.in : text.out}</td>
                        <td>
                          <Moment ts={person.createdTs} />
                        </td>
                        <td className="num">
                          <Button
                            size="compact-xs"
                            variant="default"
                            aria-label={text.change(person.name)}
                            onClick={() => setOpen(person.id)}
                          >
                            {text.changeIt}
                          </Button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollX>
            </>
          );
        }}
      </Answered>
    </Panel>
  );
};
