import "@mantine/core/styles/NumberInput.css";
import { Button, Checkbox, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Curtailment, CurtailSettings } from "../../server/twin/curtail/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { fixed } from "../format.ts";
import { failureOf, useSite } from "../site.tsx";
import { curtailText as text } from "../texts-curtail.ts";
import { useBadge } from "./badge.ts";
import { DayPicks } from "./day-picks.tsx";
import { Age } from "./value.tsx";
import { SaidLine, type Said } from "./said.tsx";

type Line = CurtailSettings["schedule"][number];
const MEASURES = ["pct", "mw"] as const;
type Price = NonNullable<CurtailSettings["price"]>;

/** How much may be drawn: a part of before, or MW; of named rigs only where it was set so over the API. */
const AtMost = ({
  target,
  onChange,
}: {
  readonly target: Line["target"];
  readonly onChange: (target: Line["target"]) => void;
}): ReactNode => (
  <>
    <NativeSelect
      size="xs"
      label={text.measure}
      value={target.of}
      data={MEASURES.map((value) => ({ value, label: text.measures[value] }))}
      onChange={(event) => onChange({ of: event.currentTarget.value as (typeof MEASURES)[number], value: 0 })}
    />
    <NumberInput
      size="xs"
      label={text.atMost}
      value={target.value}
      min={0}
      max={target.of === "mw" ? 10_000 : 100}
      decimalScale={3}
      onChange={(value) => onChange({ ...target, value: Number(value) })}
    />
  </>
);

/** What begins a curtailment without anybody: hours, a price, a topic; and the stages of all. */
export const CurtailSettingsForm = ({ told, onDone }: { readonly told: Curtailment; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [settings, setSettings] = useState(told.settings as CurtailSettings);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const put = (change: Partial<CurtailSettings>): void => {
    setSaid(null);
    setSettings((before) => ({ ...before, ...change }));
  };
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (badge.trim() === "") return setSaid({ ok: false, text: text.empty });
    setBusy(true);
    try {
      await ask.post({ route: ROUTES.curtailment }, { what: "settings", settings, by: badge.trim() });
      setSaid({ ok: true, text: text.savedSettings });
      onDone();
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  const { schedule, price, mqtt } = settings;
  const putLine = (i: number, change: Partial<Line>): void =>
    put({ schedule: schedule.map((line, k) => (k === i ? { ...line, ...change } : line)) });
  const putPrice = (change: Partial<Price>): void => {
    if (price !== null) put({ price: { ...price, ...change } });
  };
  const { heardTs, targetPct, targetMw, isOld } = told.mqtt ?? { heardTs: null, targetPct: null, targetMw: null, isOld: false };
  return (
    <form className="stack" aria-label={text.automatic} onSubmit={(event) => void send(event)} noValidate>
      <div>
        {schedule.map((line, i) => (
          <fieldset key={i} className="route-row schedule" aria-label={text.line(i + 1)}>
            <DayPicks days={line.days} onChange={(days) => putLine(i, { days })} />
            <TextInput
              size="xs"
              type="time"
              label={text.from}
              value={line.from}
              onChange={(event) => putLine(i, { from: event.currentTarget.value })}
            />
            <TextInput
              size="xs"
              type="time"
              label={text.to}
              value={line.to}
              onChange={(event) => putLine(i, { to: event.currentTarget.value })}
            />
            <AtMost target={line.target} onChange={(target) => putLine(i, { target })} />
            <Button
              size="xs"
              variant="default"
              aria-label={text.removeLine(i + 1)}
              onClick={() => put({ schedule: schedule.toSpliced(i, 1) })}
            >
              ×
            </Button>
          </fieldset>
        ))}
      </div>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} />}
        style={{ justifySelf: "start" }}
        onClick={() =>
          put({ schedule: [...schedule, { days: [1, 2, 3, 4, 5], from: "17:00", to: "20:00", target: { of: "pct", value: 0 } }] })
        }
      >
        {text.addLine}
      </Button>
      <div className="form-row" style={{ alignItems: "end" }}>
        <Checkbox
          size="xs"
          label={text.price}
          description={
            told.pricePerKwh === null ? text.noPriceNow : text.priceNow(`${fixed(told.pricePerKwh, 4)} ${told.currency ?? ""}/kWh`)
          }
          checked={price !== null}
          onChange={(event) =>
            put({
              price: event.currentTarget.checked ? { above: 0.1, back: 0.08, leastMin: 10, target: { of: "pct", value: 0 } } : null,
            })
          }
        />
        {price === null ? null : (
          <>
            <NumberInput
              size="xs"
              label={text.above_}
              value={price.above}
              decimalScale={5}
              onChange={(value) => putPrice({ above: Number(value) })}
            />
            <NumberInput
              size="xs"
              label={text.back}
              value={price.back}
              decimalScale={5}
              onChange={(value) => putPrice({ back: Number(value) })}
            />
            <NumberInput
              size="xs"
              label={text.leastMin}
              value={price.leastMin}
              min={0}
              onChange={(value) => putPrice({ leastMin: Number(value) })}
            />
            <AtMost target={price.target} onChange={(target) => putPrice({ target })} />
          </>
        )}
      </div>
      <div className="form-row" style={{ alignItems: "end" }}>
        <Checkbox
          size="xs"
          label={text.mqtt}
          description={
            told.mqtt === null ? (
              text.notHeard
            ) : (
              <>
                {text.heard(targetMw === null ? `${targetPct ?? 100} %` : `${targetMw} MW`)} · <Age ts={heardTs} limitMs={Infinity} />
                {isOld ? ` · ${text.heardOld}` : ""}
              </>
            )
          }
          checked={mqtt !== null}
          onChange={(event) => put({ mqtt: event.currentTarget.checked ? { topic: "maestro/target", staleS: 240 } : null })}
        />
        {mqtt === null ? null : (
          <TextInput
            size="xs"
            label={text.topic}
            description={text.topicHint}
            value={mqtt.topic}
            maxLength={200}
            onChange={(event) => put({ mqtt: { ...mqtt, topic: event.currentTarget.value } })}
          />
        )}
      </div>
      <div className="form-row" style={{ alignItems: "end" }}>
        <NumberInput
          size="xs"
          label={text.batchSize}
          value={settings.batchSize}
          min={1}
          onChange={(value) => put({ batchSize: Number(value) })}
        />
        <NumberInput size="xs" label={text.gapS} value={settings.gapS} min={0} onChange={(value) => put({ gapS: Number(value) })} />
        <TextInput
          size="xs"
          label={text.zone}
          value={settings.zone}
          maxLength={64}
          onChange={(event) => put({ zone: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          label={text.by}
          value={badge}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
      </div>
      <div className="row">
        <Button type="submit" loading={busy}>
          {text.save}
        </Button>
        <SaidLine said={said} />
      </div>
    </form>
  );
};
