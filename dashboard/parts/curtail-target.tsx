import "@mantine/core/styles/NumberInput.css";
import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Target } from "../../server/twin/curtail/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { power, together } from "../format.ts";
import { failureOf, useSite } from "../site.tsx";
import { curtailText as text } from "../texts-curtail.ts";
import { useBadge } from "./badge.ts";

type Of = keyof typeof text.ofs;
interface Planned {
  readonly afterW: number;
  readonly lastsS: number;
  readonly reaches: boolean;
  readonly rigs: readonly { readonly rig: string }[];
}
const MOST_NAMED = 12;

/** Sets a target; says first who would pause. `now`: of the view, ms UTC. */
export const CurtailTarget = ({ now, onDone }: { readonly now: number; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [of, setOf] = useState<Of>("pct");
  const [value, setValue] = useState<number | "">(50);
  const [rigs, setRigs] = useState("");
  const [lasts, setLasts] = useState("0");
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [planned, setPlanned] = useState<Planned | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const target = (): Target | null => {
    if (of !== "rigs") return value === "" ? null : { of, value };
    const named = rigs.split(/[\s,]+/).filter(Boolean);
    return named.length === 0 ? null : { of, rigs: named };
  };
  const attempt = async (work: (target: Target) => Promise<void>): Promise<void> => {
    const wished = target();
    if (wished === null) return setTrouble(text.empty);
    setBusy(true);
    setTrouble(null);
    try {
      await work(wished);
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  const plan = (): Promise<void> =>
    attempt(async (wished) => setPlanned(await ask.post<Planned>({ route: ROUTES.curtailmentPlan }, { target: wished })));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (why.trim() === "" || badge.trim() === "") return setTrouble(text.empty);
    void attempt(async (wished) => {
      const untilTs = lasts === "0" ? null : Math.round(now + Number(lasts));
      await ask.post({ route: ROUTES.curtailment }, { what: "target", target: wished, untilTs, why: why.trim(), by: badge.trim() });
      onDone();
    });
  };
  const anew = <T,>(set: (value: T) => void, next: T): void => {
    setPlanned(null);
    set(next);
  };
  return (
    <form className="settings-form" aria-label={text.set} onSubmit={submit} noValidate>
      <div className="form-row">
        <NativeSelect
          label={text.of}
          value={of}
          data={(Object.keys(text.ofs) as Of[]).map((each) => ({ value: each, label: text.ofs[each] }))}
          onChange={(event) => anew(setOf, event.currentTarget.value as Of)}
        />
        {of === "rigs" ? (
          <TextInput
            label={text.rigs}
            placeholder={text.rigsHint}
            value={rigs}
            onChange={(event) => anew(setRigs, event.currentTarget.value)}
          />
        ) : (
          <NumberInput
            label={text.value[of]}
            value={value}
            min={0}
            max={of === "pct" ? 100 : 10_000}
            decimalScale={4}
            onChange={(next) => anew(setValue, next === "" ? "" : Number(next))}
          />
        )}
        <NativeSelect
          label={text.lasts}
          value={lasts}
          data={Object.entries(text.lastsOf).map(([each, label]) => ({ value: each, label }))}
          onChange={(event) => setLasts(event.currentTarget.value)}
        />
      </div>
      <div className="form-row">
        <TextInput label={text.why} value={why} maxLength={300} onChange={(event) => setWhy(event.currentTarget.value)} />
        <TextInput
          label={text.by}
          value={badge}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
      </div>
      <div className="row">
        <Button variant="default" disabled={busy} onClick={() => void plan()}>
          {text.plan}
        </Button>
        <Button type="submit" loading={busy}>
          {text.begin}
        </Button>
        {trouble === null ? null : (
          <span className="bad" role="alert">
            {trouble}
          </span>
        )}
      </div>
      {planned === null ? null : (
        <p role="status">
          {text.planned(planned.rigs.length, together(power(planned.afterW)), planned.lastsS)}{" "}
          {planned.reaches ? null : <b className="bad">{text.notReached} </b>}
          <span className="quiet">
            {planned.rigs
              .slice(0, MOST_NAMED)
              .map(({ rig }) => rig)
              .join(", ")}
            {planned.rigs.length > MOST_NAMED ? " …" : ""}
          </span>
        </p>
      )}
    </form>
  );
};
