import "@mantine/core/styles/NumberInput.css";
import { Button, Checkbox, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { RuleSetting } from "../../server/twin/alarms/book.ts";
import type { AlarmRule, AlarmRules } from "../../server/twin/alarms/shapes.ts";
import { SEVERITIES, type Severity } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { fixed } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { AlarmPages } from "../parts/alarm-pages.tsx";
import { useBadge } from "../parts/badge.ts";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { RuleTrial } from "../parts/rule-trial.tsx";
import { SeverityMark } from "../parts/value.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { failureOf, useAnswer, useSite, useViewClock } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";

const text = alarmText.rules;
const inS = (ms: number): string => `${fixed(ms / 1_000, 0)}\u202fs`;
const plain = (value: number): string => String(Math.round(value * 1_000) / 1_000);

/** What the form says, as the server wants it; thresholds that are as they come are left out. */
const settingOf = (
  rule: AlarmRule,
  said: { isOn: boolean; severity: Severity; holdS: number; clearS: number; values: Readonly<Record<string, number>> },
): RuleSetting => {
  const thresholds = Object.fromEntries(Object.entries(said.values).filter(([name, value]) => rule.thresholds[name]?.standard !== value));
  return {
    enabled: said.isOn,
    severity: said.severity,
    holdMs: Math.round(said.holdS * 1_000),
    clearMs: Math.round(said.clearS * 1_000),
    ...(Object.keys(thresholds).length === 0 ? {} : { thresholds }),
  };
};

const RuleForm = ({ rule, onDone }: { readonly rule: AlarmRule; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [isOn, setOn] = useState(rule.enabled);
  const [severity, setSeverity] = useState<Severity>(rule.severity);
  const [holdS, setHoldS] = useState(rule.holdMs / 1_000);
  const [clearS, setClearS] = useState(rule.clearMs / 1_000);
  const [values, setValues] = useState<Readonly<Record<string, number>>>(() =>
    Object.fromEntries(Object.entries(rule.thresholds).map(([name, { value }]) => [name, value])),
  );
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = async (setting: RuleSetting | null): Promise<void> => {
    if (badge.trim() === "") return setTrouble(alarmText.bulk.badge);
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post({ route: ROUTES.alarmRules }, { what: "alarm-rule", kind: rule.kind, setting, by: badge.trim() });
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(false);
    }
  };
  const said = (): RuleSetting => settingOf(rule, { isOn, severity, holdS, clearS, values });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void send(said());
  };
  return (
    <form className="stack" aria-label={text.editOf(say.alarmKinds[rule.kind])} onSubmit={submit} noValidate style={{ paddingBlock: 10 }}>
      <div className="form-row" style={{ alignItems: "end" }}>
        {Object.entries(rule.thresholds).map(([name, { standard, least, most, says }]) => (
          <NumberInput
            key={name}
            size="xs"
            label={says}
            description={`${text.between(least, most)}, ${text.standard(standard)}`}
            value={values[name] ?? standard}
            min={least}
            max={most}
            clampBehavior="none"
            onChange={(value) => setValues((before) => ({ ...before, [name]: Number(value) }))}
          />
        ))}
        <NumberInput size="xs" label={text.heldLabel} value={holdS} min={0} max={86_400} onChange={(value) => setHoldS(Number(value))} />
        <NumberInput size="xs" label={text.clearLabel} value={clearS} min={0} max={86_400} onChange={(value) => setClearS(Number(value))} />
        <NativeSelect
          size="xs"
          label={text.severity}
          value={severity}
          data={SEVERITIES.map((value) => ({ value, label: say.severities[value] }))}
          onChange={(event) => setSeverity(event.currentTarget.value as Severity)}
        />
      </div>
      <RuleTrial kind={rule.kind} setting={said} />
      <div className="row">
        <Checkbox size="xs" label={text.on} checked={isOn} onChange={(event) => setOn(event.currentTarget.checked)} />
        <TextInput
          size="xs"
          aria-label={alarmText.by}
          placeholder={alarmText.by}
          value={badge}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" loading={busy}>
          {text.save}
        </Button>
        {rule.isChanged ? (
          <Button size="xs" variant="default" disabled={busy} onClick={() => void send(null)}>
            {text.reset}
          </Button>
        ) : null}
        {trouble === null ? null : (
          <span className="bad" role="alert">
            {trouble}
          </span>
        )}
      </div>
    </form>
  );
};

const Rule = ({
  rule,
  isOpen,
  onOpen,
  onDone,
}: {
  readonly rule: AlarmRule;
  readonly isOpen: boolean;
  readonly onOpen: (() => void) | null;
  readonly onDone: () => void;
}): ReactNode => (
  <li className="rule-row">
    <div className="row apart">
      <div className="grow">
        <b>{say.alarmKinds[rule.kind]}</b> {rule.isChanged ? <span className="tag">{text.changed}</span> : null}{" "}
        {rule.enabled ? null : <span className="tag">{text.off}</span>} {rule.active === 0 ? null : <b>{text.active(rule.active)}</b>}
        <br />
        <span className="quiet">{rule.says}</span>
        {rule.fault === null ? null : (
          <p className="bad" role="status">
            {text.failed(rule.fault.message)}
          </p>
        )}
      </div>
      <div className="grow quiet">
        {Object.entries(rule.thresholds).map(([name, { value, says }]) => (
          <div key={name}>
            <b>{plain(value)}</b> {says}
          </div>
        ))}
      </div>
      <SeverityMark severity={rule.severity} />
      <span className="quiet num">
        {text.held} {inS(rule.holdMs)}
      </span>
      {onOpen === null ? null : (
        <Button
          size="compact-xs"
          variant="default"
          aria-expanded={isOpen}
          aria-label={text.editOf(say.alarmKinds[rule.kind])}
          onClick={onOpen}
        >
          {isOpen ? say.cancel : text.edit}
        </Button>
      )}
    </div>
    {isOpen ? <RuleForm rule={rule} onDone={onDone} /> : null}
  </li>
);

const AlarmRulesView = (): ReactNode => {
  const live = useViewClock()?.view !== "replay";
  const { get, put } = useAddress();
  const [open, setOpen] = useState<string | null>(null);
  const rules = useAnswer<AlarmRules>({ route: ROUTES.alarmRules }, 10_000);
  const query = get("q");
  const wanted = query.trim().toLowerCase();
  return (
    <div className="page">
      <AlarmPages />
      <div className="page-head">
        <h1>{alarmText.pages.rules}</h1>
        <span className="lead">{text.lead}</span>
        <div className="tools">
          <SearchField label={text.find} value={query} onChange={(q) => put({ q })} />
        </div>
      </div>
      <Panel title={alarmText.pages.rules} flush>
        <Answered answer={rules} height={420}>
          {(data) => {
            const found = data.rules.filter(({ kind, says }) => `${say.alarmKinds[kind]} ${says}`.toLowerCase().includes(wanted));
            return found.length === 0 ? (
              <Empty title={text.noRule} />
            ) : (
              <ul className="incidents">
                {found.map((rule) => (
                  <Rule
                    key={rule.kind}
                    rule={rule}
                    isOpen={open === rule.kind}
                    onOpen={live ? () => setOpen(open === rule.kind ? null : rule.kind) : null}
                    onDone={() => {
                      setOpen(null);
                      rules.refresh();
                    }}
                  />
                ))}
              </ul>
            );
          }}
        </Answered>
      </Panel>
    </div>
  );
};
export default AlarmRulesView;
