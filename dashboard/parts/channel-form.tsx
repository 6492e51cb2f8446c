import "@mantine/core/styles/NumberInput.css";
import { Button, Checkbox, NativeSelect, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { CHANNEL_KINDS, type ChannelKind, type ChannelLine } from "../../server/twin/notify/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";

const text = alarmText.notify;
type Said = Readonly<Record<string, string>>;
type Security = keyof typeof text.securities;

/** Fields of each kind that are no secrets, and the secrets. */
const FIELDS: Readonly<Record<ChannelKind, readonly string[]>> = {
  email: ["host", "port", "security", "user", "from", "to"],
  telegram: ["chat", "server"],
  slack: [],
  discord: [],
  webhook: [],
  push: [],
};
const SECRET_NAMES: Readonly<Record<ChannelKind, readonly ("password" | "token" | "url" | "key")[]>> = {
  email: ["password"],
  telegram: ["token"],
  slack: ["url"],
  discord: ["url"],
  webhook: ["url", "key"],
  push: [],
};
const FIRST: Said = { port: "587", security: "starttls", server: "https://api.telegram.org" };

const saidOf = (line: ChannelLine | null): Said => {
  if (line === null) return FIRST;
  const entries = Object.entries(line.channel).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]);
  return Object.fromEntries(entries) as Said;
};

/** Makes a channel, or changes `line`. Secrets that are left empty stay. */
export const ChannelForm = ({ line, onDone }: { readonly line: ChannelLine | null; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const [kind, setKind] = useState<ChannelKind>((line?.channel.kind as ChannelKind | undefined) ?? "email");
  const [said, setSaid] = useState<Said>(() => saidOf(line));
  const [isOn, setOn] = useState((line?.channel as { isOn?: boolean } | undefined)?.isOn ?? true);
  const [secrets, setSecrets] = useState<Said>({});
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const put = (name: string, value: string): void => setSaid((before) => ({ ...before, [name]: value }));
  const valueOf = (name: string): unknown => {
    const value = (said[name] ?? "").trim();
    if (name === "port") return Number(value);
    if (name === "to")
      return value
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean);
    return value;
  };
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    const given = SECRET_NAMES[kind].flatMap((name) => (secrets[name] ? [[name, secrets[name]] as const] : []));
    try {
      await ask.post(
        { route: ROUTES.channels },
        {
          id: (said["id"] ?? "").trim(),
          label: (said["label"] ?? "").trim(),
          isOn,
          kind,
          ...Object.fromEntries(FIELDS[kind].map((name) => [name, valueOf(name)])),
          secrets: Object.fromEntries(given),
        },
      );
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  const field = (name: string, label: string, description?: string): ReactNode => (
    <TextInput
      label={label}
      description={description}
      value={said[name] ?? ""}
      maxLength={name === "to" ? 6_000 : 300}
      autoComplete="off"
      onChange={(event) => put(name, event.currentTarget.value)}
    />
  );
  return (
    <form
      className="settings-form"
      aria-label={line === null ? text.add : text.editOf(line.channel.label)}
      onSubmit={(event) => void send(event)}
      noValidate
    >
      <div className="form-row">
        {line === null ? (
          <NativeSelect
            label={text.kind}
            value={kind}
            data={CHANNEL_KINDS.map((value) => ({ value, label: text.kinds[value] }))}
            onChange={(event) => setKind(event.currentTarget.value as ChannelKind)}
          />
        ) : null}
        {line === null ? field("id", text.id) : null}
        {field("label", text.label)}
      </div>
      {kind === "email" ? (
        <>
          <div className="form-row">
            {field("host", text.host)}
            <NumberInput
              label={text.port}
              value={Number(said["port"])}
              min={1}
              max={65_535}
              hideControls
              onChange={(value) => put("port", String(value))}
            />
            <NativeSelect
              label={text.security}
              value={said["security"] ?? "starttls"}
              data={(Object.keys(text.securities) as Security[]).map((value) => ({ value, label: text.securities[value] }))}
              onChange={(event) => put("security", event.currentTarget.value)}
            />
            {field("user", text.user)}
          </div>
          <div className="form-row">
            {field("from", text.from)}
            {field("to", text.to, text.toHint)}
          </div>
        </>
      ) : null}
      {kind === "telegram" ? (
        <div className="form-row">
          {field("chat", text.chat, text.chatHint)}
          {field("server", text.server)}
        </div>
      ) : null}
      <div className="form-row">
        {SECRET_NAMES[kind].map((name) => (
          <PasswordInput
            key={name}
            label={text[name]}
            description={line?.secrets[name] === "set" ? text.set : name === "key" ? text.keyHint : text.notSet}
            value={secrets[name] ?? ""}
            autoComplete="new-password"
            maxLength={2_000}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setSecrets((before) => ({ ...before, [name]: value }));
            }}
          />
        ))}
      </div>
      <div className="row">
        <Checkbox label={text.isOn} checked={isOn} onChange={(event) => setOn(event.currentTarget.checked)} />
        <Button type="submit" loading={busy}>
          {text.save}
        </Button>
        {trouble === null ? null : (
          <span className="bad" role="alert">
            {trouble}
          </span>
        )}
      </div>
    </form>
  );
};
