import "@mantine/core/styles/NumberInput.css";
import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { NotifyRoute, NotifyRules } from "../../server/twin/notify/shapes.ts";
import { SEVERITIES, type Severity } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { say } from "../texts.ts";
import { DayPicks } from "./day-picks.tsx";
import { SaidLine, type Said } from "./said.tsx";

const text = alarmText.notify;
/** Names with commas between; a comma that was just typed stays, so that one can go on. */
const sitesIn = (typed: string): string[] => (typed.trim() === "" ? [] : typed.split(",").map((name) => name.trim()));
const WHENS = ["at-once", "digest"] as const;

const RouteRow = ({
  route,
  number,
  channels,
  onChange,
  onRemove,
}: {
  readonly route: NotifyRoute;
  readonly number: number;
  readonly channels: readonly { readonly id: string; readonly label: string }[];
  readonly onChange: (route: NotifyRoute) => void;
  readonly onRemove: () => void;
}): ReactNode => (
  <fieldset className="route-row" aria-label={text.route(number)}>
    <NativeSelect
      size="xs"
      label={text.channel}
      value={route.channel}
      data={channels.map(({ id, label }) => ({ value: id, label }))}
      onChange={(event) => onChange({ ...route, channel: event.currentTarget.value })}
    />
    <NativeSelect
      size="xs"
      label={text.leastLabel}
      value={route.least}
      data={SEVERITIES.map((value) => ({ value, label: say.severities[value] }))}
      onChange={(event) => onChange({ ...route, least: event.currentTarget.value as Severity })}
    />
    <NativeSelect
      size="xs"
      label={text.when}
      value={route.when}
      data={WHENS.map((value) => ({ value, label: text.whens[value] }))}
      onChange={(event) => onChange({ ...route, when: event.currentTarget.value as NotifyRoute["when"] })}
    />
    <TextInput
      size="xs"
      label={text.sites}
      placeholder={text.allSites}
      value={route.sites.join(", ")}
      onChange={(event) => onChange({ ...route, sites: sitesIn(event.currentTarget.value) })}
    />
    <DayPicks days={route.days} onChange={(days) => onChange({ ...route, days })} />
    <span className="row tight wide" style={{ flexWrap: "nowrap" }} title={text.allDay}>
      <TextInput
        size="xs"
        type="time"
        label={text.hoursFrom}
        value={route.from}
        onChange={(event) => onChange({ ...route, from: event.currentTarget.value })}
      />
      <TextInput
        size="xs"
        type="time"
        label={text.hoursTo}
        value={route.to}
        onChange={(event) => onChange({ ...route, to: event.currentTarget.value })}
      />
    </span>
    <Button size="xs" variant="default" aria-label={text.removeRoute(number)} onClick={onRemove}>
      {text.remove}
    </Button>
  </fieldset>
);

/** Who is told what and when; `rules` as they are saved. */
export const NotifyRulesForm = ({
  rules: saved,
  channels,
  onDone,
}: {
  readonly rules: NotifyRules;
  readonly channels: readonly { readonly id: string; readonly label: string }[];
  readonly onDone: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const [rules, setRules] = useState(saved);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const put = (change: Partial<NotifyRules>): void => {
    setSaid(null);
    setRules((before) => ({ ...before, ...change }));
  };
  const add = (): void => {
    const [first] = channels;
    if (first === undefined) return;
    const route: NotifyRoute = {
      channel: first.id,
      least: "major",
      sites: [],
      days: [0, 1, 2, 3, 4, 5, 6],
      from: "00:00",
      to: "00:00",
      when: "at-once",
    };
    put({ routes: [...rules.routes, route] });
  };
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const routes = rules.routes.map((route) => ({ ...route, sites: route.sites.filter((name) => name !== "") }));
      await ask.post({ route: ROUTES.notifications }, { ...rules, routes });
      setSaid({ ok: true, text: text.saved });
      onDone();
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  const number = (name: "repeatH" | "perHour" | "gatherS", label: string, most: number, hint?: string): ReactNode => (
    <NumberInput
      size="xs"
      label={label}
      description={hint}
      value={rules[name]}
      min={0}
      max={most}
      onChange={(value) => put({ [name]: Number(value) })}
    />
  );
  return (
    <form className="stack" onSubmit={(event) => void send(event)} noValidate>
      {rules.routes.length === 0 ? <p className="quiet">{text.noRoutes}</p> : null}
      <div>
        {rules.routes.map((route, i) => (
          <RouteRow
            key={i}
            route={route}
            number={i + 1}
            channels={channels}
            onChange={(next) => put({ routes: rules.routes.with(i, next) })}
            onRemove={() => put({ routes: rules.routes.toSpliced(i, 1) })}
          />
        ))}
      </div>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} />}
        disabled={channels.length === 0}
        onClick={add}
        style={{ justifySelf: "start" }}
      >
        {text.addRoute}
      </Button>
      <div className="form-row" style={{ alignItems: "end" }}>
        <TextInput
          size="xs"
          label={text.zone}
          value={rules.zone}
          maxLength={64}
          onChange={(event) => put({ zone: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          type="time"
          label={text.digestAt}
          value={rules.digestAt}
          onChange={(event) => put({ digestAt: event.currentTarget.value })}
        />
        {number("repeatH", text.repeatH, 168, text.repeatHint)}
        {number("perHour", text.perHour, 1_000)}
        {number("gatherS", text.gatherS, 600)}
      </div>
      <div className="row">
        <Button type="submit" loading={busy}>
          {text.saveRules}
        </Button>
        <SaidLine said={said} />
      </div>
    </form>
  );
};
