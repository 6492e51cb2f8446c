import { Button, PasswordInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { Mark } from "../parts/mark.tsx";
import { failureOf, useSite } from "../site.tsx";
import { say } from "../texts.ts";

const LoginView = (): ReactNode => {
  const { ask, again } = useSite();
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post({ route: ROUTES.login }, { password });
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
          <h1>{say.login.title}</h1>
        </div>
        <p className="quiet">{say.login.lead}</p>
        <PasswordInput
          label={say.login.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          ref={field}
          error={trouble}
          visibilityToggleButtonProps={{ "aria-label": say.login.show }}
        />
        <Button type="submit" loading={busy} fullWidth>
          {say.login.enter}
        </Button>
      </form>
    </main>
  );
};
export default LoginView;
