/** The form that says that another machine took a machine's place. */
import { Button, TextInput } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { fromField, toField } from "../format.ts";
import { failureOf, useNow, useRoster, useSite } from "../site.tsx";
import { substituteText as text } from "../texts-sign.ts";
import { useBadge } from "./badge.ts";

/** Says which machine took this one's place. It asks twice: nobody can take it back. */
const SubstituteForm = ({ rig, onDone }: { readonly rig: string; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const now = useNow() ?? 0;
  const roster = useRoster();
  const [badge, setBadge] = useBadge();
  const [substitute, setSubstitute] = useState("");
  const [technician, setTechnician] = useState(badge);
  const [performed, setPerformed] = useState(() => toField(now));
  const [isSure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const performedTs = fromField(performed);
    const name = substitute.trim();
    const fault = name === "" ? text.noMachine : technician.trim() === "" ? text.noTechnician : performedTs === null ? text.noTime : null;
    setTrouble(fault);
    if (fault !== null) return;
    if (!isSure) return setSure(true);
    setBusy(true);
    try {
      await ask.post({ route: ROUTES.substitute, parameters: { rig } }, { substitute: name, performedTs, technician: technician.trim() });
      setBadge(technician.trim());
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
      setSure(false);
    }
  };
  return (
    <form className="record-form" aria-label={text.title} onSubmit={(event) => void send(event)} noValidate>
      <p className="quiet">{text.lead}</p>
      <div className="form-row">
        <TextInput
          label={text.machine}
          list="substitutes"
          maxLength={64}
          autoComplete="off"
          value={substitute}
          onChange={(event) => {
            setSubstitute(event.currentTarget.value);
            setSure(false);
          }}
        />
        <datalist id="substitutes">
          {roster
            .flatMap((row) => (row === undefined || row.rig === rig ? [] : [row.rig]))
            .slice(0, 500)
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </datalist>
        <TextInput
          type="datetime-local"
          step={1}
          label={text.when}
          value={performed}
          onChange={(event) => setPerformed(event.currentTarget.value)}
        />
        <TextInput
          label={text.technician}
          maxLength={64}
          autoComplete="off"
          value={technician}
          onChange={(event) => setTechnician(event.currentTarget.value)}
        />
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      <div className="row apart">
        <span className={isSure ? "warm" : "quiet"} role="status">
          {isSure ? text.sure(rig, substitute.trim()) : ""}
        </span>
        <Button type="submit" size="xs" loading={busy} color={isSure ? "red" : "copper"} leftSection={<IconArrowRight size={14} />}>
          {isSure ? text.confirm : text.send}
        </Button>
      </div>
    </form>
  );
};
export default SubstituteForm;
