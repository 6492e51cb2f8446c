/** A rule with the settings of the form, tried on the past week before anybody saves them. */
import { Button } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import type { RuleSetting } from "../../server/twin/alarms/book.ts";
import type { AlarmKind } from "../../server/twin/alarms/kinds.ts";
import type { Trial, TrialAnswer } from "../../server/twin/alarms/watch-shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { inSiteDegrees, percent, utcMinute } from "../format.ts";
import { failureOf, useSite } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";

const text = alarmText.rules;
const ASK_MS = 1_000;
const DAYS = 7;
const SHOWN = 5;

/** `setting` gives what the form says now. */
export const RuleTrial = ({ kind, setting }: { readonly kind: AlarmKind; readonly setting: () => RuleSetting }): ReactNode => {
  const { ask } = useSite();
  const [trial, setTrial] = useState<Trial | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const isRunning = trial?.state === "running";

  useEffect(() => {
    if (!isRunning) return;
    const aborter = new AbortController();
    const timer = setInterval(() => {
      ask.get<TrialAnswer>({ route: ROUTES.ruleTrial }, aborter.signal).then(
        (answer) => setTrial(answer.trial?.kind === kind ? answer.trial : null),
        (error: unknown) => (aborter.signal.aborted ? undefined : setTrouble(failureOf(error).message)),
      );
    }, ASK_MS);
    return () => {
      clearInterval(timer);
      aborter.abort();
    };
  }, [ask, isRunning, kind]);

  const start = async (): Promise<void> => {
    setTrouble(null);
    try {
      setTrial((await ask.post<TrialAnswer>({ route: ROUTES.ruleTrial }, { kind, setting: setting(), days: DAYS })).trial);
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
  };
  const end = (): void => {
    ask.remove({ route: ROUTES.ruleTrial }).then(
      () => setTrial(null),
      (error: unknown) => setTrouble(failureOf(error).message),
    );
  };
  return (
    <div className="stack">
      <div className="row">
        <Button size="xs" variant="default" disabled={isRunning} onClick={() => void start()}>
          {text.dryRun}
        </Button>
        {isRunning ? (
          <>
            <progress value={trial.donePart} max={1} aria-label={text.dryRun} />
            <span className="quiet num">{percent(trial.donePart, 1, 0)}</span>
            <Button size="compact-xs" variant="default" onClick={end}>
              {text.endTrial}
            </Button>
          </>
        ) : null}
        <span role="status">
          {trial?.state === "done" ? text.wouldHave(trial.raised, trial.rigs, trial.was, utcMinute(trial.fromTs)) : null}
          {trial?.state === "failed" ? <span className="bad">{trial.detail}</span> : null}
        </span>
        {trouble === null ? null : (
          <span className="bad" role="alert">
            {trouble}
          </span>
        )}
      </div>
      {trial?.state === "done" && trial.alarms.length > 0 ? (
        <ul className="quiet">
          {trial.alarms.slice(0, SHOWN).map(({ rig, raisedTs, message }) => (
            <li key={`${rig} ${raisedTs}`}>
              {utcMinute(raisedTs)} <b>{rig}</b> {inSiteDegrees(message)}
            </li>
          ))}
          {trial.raised > SHOWN ? <li>{text.andMore(trial.raised - SHOWN)}</li> : null}
        </ul>
      ) : null}
    </div>
  );
};
