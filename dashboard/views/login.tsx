import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { Mark } from "../parts/mark.tsx";
import { WalletLogin } from "../parts/wallet-login.tsx";
import type { Me } from "../parts/access-me.tsx";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { door } from "../texts-access.ts";

const LoginView = (): ReactNode => {
  const { ask, again } = useSite();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const { data: me } = useAnswer<Me>({ route: ROUTES.me }, null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post({ route: ROUTES.login }, { name: name.trim(), password, ...(code === "" ? {} : { code: code.trim() }) });
      again();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  return (
    <main className="login" id="main">
      <form className="login-box" onSubmit={(event) => void enter(event)}>
        <div className="row">
          <Mark size={30} />
          <h1>{door.title}</h1>
        </div>
        <p className="quiet">{door.lead}</p>
        <TextInput
          label={door.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="username"
          autoCapitalize="none"
          required
          withAsterisk={false}
          ref={field}
        />
        <PasswordInput
          label={door.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": door.show }}
        />
        <TextInput
          label={door.code}
          description={door.codeHint}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          maxLength={11}
          error={trouble}
        />
        <Button type="submit" loading={busy} fullWidth>
          {door.enter}
        </Button>
        <WalletLogin onTrouble={setTrouble} />
        {me?.local === true ? (
          <Button variant="subtle" color="gray" fullWidth onClick={again}>
            {door.without}
          </Button>
        ) : null}
      </form>
    </main>
  );
};
export default LoginView;
