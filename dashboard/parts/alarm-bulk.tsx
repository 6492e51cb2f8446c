import { nowOf } from "../clock.ts";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";
import { alarmText } from "../texts-alarms.ts";
import { useBadge } from "./badge.ts";
import { SaidLine, type Said } from "./said.tsx";

const text = alarmText.bulk;

export interface Chosen {
  readonly incidents: readonly string[];
  readonly alarms: readonly string[];
}

/** What can be done with many alarms at once. */
export const AlarmBulk = ({
  chosen,
  onDone,
  onClear,
}: {
  readonly chosen: Chosen;
  readonly onDone: () => void;
  readonly onClear: () => void;
}): ReactNode => {
  const { ask, store } = useSite();
  /** Of the view, ms UTC. */
  const nowTs = (): number => {
    const running = store.clock();
    return running === null ? 0 : nowOf(running, performance.now());
  };
  const [badge, setBadge] = useBadge();
  const [words, setWords] = useState("");
  const [length, setLength] = useState("3600000");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const act = async (what: object): Promise<void> => {
    const by = badge.trim();
    if (by === "") return setSaid({ ok: false, text: text.badge });
    setBusy(true);
    try {
      const { alarms } = await ask.post<{ alarms: number }>({ route: ROUTES.alarmActs }, { ...chosen, ...what, by });
      setSaid({ ok: true, text: text.done(alarms) });
      setWords("");
      onDone();
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  const none = chosen.incidents.length + chosen.alarms.length === 0;
  if (none && said === null) return null;
  return (
    <div className="bulk" role="group" aria-label={text.label}>
      <b>{none ? "" : text.chosen(chosen.incidents.length, chosen.alarms.length)}</b>
      {none ? null : (
        <>
          <TextInput
            size="xs"
            aria-label={alarmText.by}
            placeholder={alarmText.by}
            value={badge}
            maxLength={64}
            autoComplete="off"
            onChange={(event) => setBadge(event.currentTarget.value)}
          />
          <Button size="xs" loading={busy} onClick={() => void act({ what: "acknowledge" })}>
            {text.acknowledge}
          </Button>
          <Button size="xs" variant="default" disabled={busy} onClick={() => void act({ what: "own", owner: badge.trim() })}>
            {text.own}
          </Button>
          <span className="row tight">
            <NativeSelect
              size="xs"
              aria-label={text.snoozeLabel}
              value={length}
              data={Object.entries(text.snoozes).map(([value, label]) => ({ value, label }))}
              onChange={(event) => setLength(event.currentTarget.value)}
            />
            <Button
              size="xs"
              variant="default"
              disabled={busy}
              onClick={() => void act({ what: "snooze", untilTs: length === "0" ? null : Math.round(nowTs() + Number(length)) })}
            >
              {text.snooze}
            </Button>
          </span>
          <form
            className="row tight"
            onSubmit={(event) => {
              event.preventDefault();
              if (words.trim() !== "") void act({ what: "comment", text: words.trim() });
            }}
          >
            <TextInput
              size="xs"
              aria-label={text.words}
              placeholder={text.words}
              value={words}
              maxLength={1_000}
              onChange={(event) => setWords(event.currentTarget.value)}
            />
            <Button size="xs" type="submit" variant="default" disabled={busy || words.trim() === ""}>
              {text.comment}
            </Button>
          </form>
          <Button size="xs" variant="subtle" color="gray" c="inherit" onClick={onClear}>
            {text.clear}
          </Button>
        </>
      )}
      <SaidLine said={said} />
    </div>
  );
};
