import { Button, PasswordInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { useSite } from "../site.tsx";
import { accessText, door } from "../texts-access.ts";
import { FormEnd, Trouble, useAct, useFocused } from "./access-hands.tsx";
import { TotpOff, TotpOn } from "./access-totp.tsx";
import { Panel } from "./panel.tsx";

const text = accessText.me;
export type Me = z.infer<typeof access.me>;

const PasswordForm = ({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactNode => {
  const { ask, lock } = useSite();
  const { busy, trouble, say, act } = useAct();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (fresh !== again) return say(text.differ);
    if (await act(() => ask.post({ route: ROUTES.password }, { old, fresh }))) lock();
  };
  const toggle = { "aria-label": door.show };
  return (
    <form className="stack access-form" aria-label={text.changePassword} onSubmit={(event) => void send(event)}>
      <input type="text" autoComplete="username" value={name} readOnly hidden />
      <div className="form-row">
        <PasswordInput
          label={text.old}
          value={old}
          onChange={(event) => setOld(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={toggle}
          ref={useFocused<HTMLInputElement>()}
        />
        <PasswordInput
          label={text.fresh}
          value={fresh}
          onChange={(event) => setFresh(event.currentTarget.value)}
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
        />
        <PasswordInput
          label={text.again}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
        />
      </div>
      <p className="quiet">{text.freshHint}</p>
      <FormEnd trouble={trouble} busy={busy} label={text.save} onClose={onClose} />
    </form>
  );
};

/** Who one is, and what one may change of it. */
export const MePanel = ({ me, onChange }: { readonly me: Me; readonly onChange: () => void }): ReactNode => {
  const { ask, lock } = useSite();
  const { busy, trouble, act } = useAct();
  const [open, setOpen] = useState<"password" | "totp" | null>(null);
  const leave = async (): Promise<void> => {
    if (await act(() => ask.remove({ route: ROUTES.login }))) lock();
  };
  const close = (): void => {
    setOpen(null);
    onChange();
  };
  const pairs: readonly (readonly [string, ReactNode])[] = [
    [text.name, me.name ?? "–"],
    [text.role, accessText.roles[me.role]],
    [text.may, me.role === "public" ? "–" : accessText.roleMeans[me.role]],
    ...(me.local
      ? []
      : ([
          [
            text.wallet,
            <span key="wallet" className="mono wrap">
              {me.wallet ?? text.noWallet}
            </span>,
          ],
          [text.app, me.totp ? text.appOn(me.recoveryLeft) : text.appOff],
        ] as const)),
  ];
  return (
    <Panel
      title={text.title}
      tools={
        me.local ? (
          <Button size="compact-sm" onClick={lock}>
            {text.logIn}
          </Button>
        ) : (
          <Button size="compact-sm" variant="default" loading={busy} onClick={() => void leave()}>
            {text.logOut}
          </Button>
        )
      }
    >
      <div className="stack access-me">
        <dl className="pairs">
          {pairs.map(([name, value]) => (
            <div key={name} className="pair">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {me.local ? <p className="quiet">{text.local}</p> : null}
        <Trouble of={trouble} />
        {me.local || open !== null ? null : (
          <div className="row">
            <Button size="xs" variant="default" onClick={() => setOpen("password")}>
              {text.changePassword}
            </Button>
            <Button size="xs" variant="default" onClick={() => setOpen("totp")}>
              {me.totp ? text.takeOff : text.setUp}
            </Button>
          </div>
        )}
        {open === "password" ? <PasswordForm name={me.name ?? ""} onClose={close} /> : null}
        {open === "totp" ? me.totp ? <TotpOff onClose={close} /> : <TotpOn onClose={close} /> : null}
      </div>
    </Panel>
  );
};
