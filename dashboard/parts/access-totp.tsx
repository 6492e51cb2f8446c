import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { useSite } from "../site.tsx";
import { accessText, door } from "../texts-access.ts";
import { FormEnd, ShownOnce, Trouble, useAct } from "./access-hands.tsx";
import { Loading } from "./panel.tsx";
import { Copy } from "./passport.tsx";
import { Qr } from "./qr.tsx";

const text = accessText.totp;

/** Shows the key as a QR code, wants a code of it, and then shows the recovery codes once. */
export const TotpOn = ({ onClose }: { readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const { busy, trouble, act } = useAct();
  const [made, setMade] = useState<{ readonly secret: string; readonly uri: string } | null>(null);
  const [code, setCode] = useState("");
  const [recovery, setRecovery] = useState<readonly string[] | null>(null);
  const isAsked = useRef(false);
  useEffect(() => {
    // Each call makes another key: one is enough.
    if (isAsked.current) return;
    isAsked.current = true;
    void act(async () => setMade(await ask.post({ route: ROUTES.totp }, {})));
  }, [act, ask]);
  const confirm = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await act(async () => setRecovery((await ask.patch<{ recovery: string[] }>({ route: ROUTES.totp }, { code: code.trim() })).recovery));
  };
  if (recovery !== null) return <ShownOnce what={text.recovery} values={recovery} means={text.recoveryMeans} onClose={onClose} />;
  return (
    <form className="access-form totp" aria-label={accessText.me.setUp} onSubmit={(event) => void confirm(event)}>
      {made === null ? trouble === null ? <Loading height={208} /> : null : <Qr text={made.uri} label={text.qr} />}
      <div className="stack">
        <p>{text.scan}</p>
        {made === null ? null : (
          <p className="row tight">
            <span className="quiet">{text.key}</span>
            <code className="mono wrap">{made.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
            <Copy what={text.key.toLowerCase()} value={made.secret} />
          </p>
        )}
        <TextInput
          label={text.code}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={6}
          maw={220}
        />
        <Trouble of={trouble} />
        <div className="row">
          <Button type="submit" size="xs" loading={busy} disabled={code.trim().length !== 6}>
            {text.confirm}
          </Button>
          <Button size="xs" variant="subtle" color="gray" onClick={onClose}>
            {accessText.cancel}
          </Button>
        </div>
      </div>
    </form>
  );
};

export const TotpOff = ({ onClose }: { readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const { busy, trouble, act } = useAct();
  const [password, setPassword] = useState("");
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await act(() => ask.post({ route: ROUTES.totpEnd }, { password }))) onClose();
  };
  return (
    <form className="stack access-form" aria-label={accessText.me.takeOff} onSubmit={(event) => void send(event)}>
      <p>{text.endLead}</p>
      <PasswordInput
        label={door.password}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": door.show }}
        maw={320}
      />
      <FormEnd trouble={trouble} busy={busy} label={text.end} onClose={onClose} />
    </form>
  );
};
