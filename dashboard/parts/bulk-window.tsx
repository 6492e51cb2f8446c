import { Button, NumberInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import "../look/picks.css";
import { failureOf, useNow, useSite } from "../site.tsx";
import { pickText } from "../texts-pick.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";
import { newKey } from "./order-change.ts";
import { Panel } from "./panel.tsx";
import { SaidLine, type Said } from "./said.tsx";

const text = pickText.windows;
const HOUR = 3_600_000;
/** Each is a window of its own. */
const MOST = 100;

/** No alarms are raised for the selected rigs for a while. */
export const BulkWindow = ({ rigs, onClose }: { readonly rigs: readonly string[]; readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const now = useNow() ?? 0;
  const [badge, setBadge] = useBadge();
  const [hours, setHours] = useState<string | number>(2);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setSaid(null);
    try {
      const spell = { fromTs: Math.floor(now), toTs: Math.floor(now + Number(hours) * HOUR), reason: reason.trim(), by: badge.trim() };
      for (const rig of rigs)
        await ask.post({ route: ROUTES.alarmRules }, { what: "maintenance", id: newKey(), rig, container: null, rack: null, ...spell });
      setSaid({ ok: true, text: text.done(rigs.length) });
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  return (
    <Panel
      title={text.title(rigs.length)}
      tools={
        <Button size="compact-sm" variant="default" onClick={onClose}>
          {say.close}
        </Button>
      }
    >
      {rigs.length > MOST ? (
        <p className="warm">{text.most(MOST)}</p>
      ) : (
        <form className="row form-line" onSubmit={(event) => void send(event)}>
          <NumberInput size="xs" label={text.hours} w={150} min={0.25} max={720} value={hours} onChange={setHours} />
          <TextInput
            size="xs"
            label={text.reason}
            value={reason}
            maxLength={300}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <TextInput
            size="xs"
            label={workText.form.by}
            value={badge}
            maxLength={64}
            autoComplete="off"
            onChange={(event) => setBadge(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" loading={busy} disabled={reason.trim() === "" || badge.trim() === "" || !(Number(hours) > 0)}>
            {text.send}
          </Button>
          <SaidLine said={said} />
        </form>
      )}
    </Panel>
  );
};
