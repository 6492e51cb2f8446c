import { Button } from "@mantine/core";
import { IconClipboardPlus, IconDownload, IconTerminal2, IconVolumeOff, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { MOST_RIGS } from "../../server/twin/orders/limits.ts";
import { percent } from "../format.ts";
import "../look/picks.css";
import { useAlarms, useFarm, useViewClock } from "../site.tsx";
import { pickText as text } from "../texts-pick.ts";
import { say } from "../texts.ts";
import { rackName } from "./racks.ts";
import { natural } from "./search.ts";

const BulkCommand = lazy(async () => ({ default: (await import("./bulk-command.tsx")).BulkCommand }));
const BulkWindow = lazy(async () => ({ default: (await import("./bulk-window.tsx")).BulkWindow }));
const REASONS = 3;

interface SelectionProps {
  readonly selected: ReadonlySet<number>;
  readonly onClear: () => void;
  readonly onCsv: () => void;
  /** Before the count, e.g. how many of them the filter hides. */
  readonly note?: ReactNode;
}

/** What is selected, why it may need a hand, and what may be done with it. */
export const Selection = ({ selected, onClear, onCsv, note }: SelectionProps): ReactNode => {
  const { farm } = useFarm();
  const alarms = useAlarms();
  const [, go] = useLocation();
  const live = useViewClock()?.view !== "replay";
  const [doing, setDoing] = useState<"command" | "window" | null>(null);
  if (selected.size === 0) return null;
  const rows = [...selected].flatMap((index) => farm.roster[index] ?? []);
  const rigs = rows.map(({ rig }) => rig).toSorted(natural);
  const named = new Set(rigs);
  const kinds = new Map<string, number>();
  for (const alarm of alarms)
    if (alarm.clearedTs === null && named.has(alarm.rig))
      kinds.set(say.alarmKinds[alarm.kind], (kinds.get(say.alarmKinds[alarm.kind]) ?? 0) + 1);
  const reasons = [...kinds].toSorted(([, a], [, b]) => b - a);
  let [hashing, plate] = [0, 0];
  for (const { index, nameplateThs } of rows) {
    const ths = farm.numbers.hashrateThs[index] ?? Number.NaN;
    if (Number.isFinite(ths)) hashing += ths;
    plate += nameplateThs ?? 0;
  }
  const racks = new Set(rows.map(({ position }) => (position === null ? say.unplaced : rackName(position.container, position.rack))));
  const place = racks.size === 1 ? ([...racks][0] ?? "") : text.selected(rigs.length);
  const what = reasons
    .slice(0, REASONS)
    .map(([kind, n]) => text.alarm(kind, n))
    .join(", ");
  const order = (): void => {
    const mends = reasons.length > 0 ? "&corrective=yes" : "";
    const title = rigs.length === 1 ? text.orderTitle(rigs[0] ?? "", what) : text.orderTitle(place, what);
    go(`/maintenance/new?rigs=${encodeURIComponent(rigs.join(","))}&title=${encodeURIComponent(title)}${mends}`);
  };
  return (
    <>
      <section className="selection" aria-label={text.bar}>
        <b role="status">{racks.size === 1 && rigs.length > 1 ? `${place}: ${text.selected(rigs.length)}` : text.selected(rigs.length)}</b>
        <span className="quiet">
          {text.share(percent(hashing, plate))} · {what === "" ? text.noAlarm : what}
        </span>
        {note}
        <span className="grow" />
        <div className="row">
          {live ? (
            <>
              <Button
                size="compact-sm"
                leftSection={<IconClipboardPlus size={14} />}
                disabled={rigs.length > MOST_RIGS}
                title={rigs.length > MOST_RIGS ? text.tooMany(MOST_RIGS) : undefined}
                onClick={order}
              >
                {text.order}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconTerminal2 size={14} />}
                aria-expanded={doing === "command"}
                onClick={() => setDoing(doing === "command" ? null : "command")}
              >
                {text.command}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconVolumeOff size={14} />}
                aria-expanded={doing === "window"}
                onClick={() => setDoing(doing === "window" ? null : "window")}
              >
                {text.window}
              </Button>
            </>
          ) : null}
          <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />} onClick={onCsv}>
            {text.csv}
          </Button>
          <Button size="compact-sm" variant="subtle" leftSection={<IconX size={14} />} onClick={onClear}>
            {text.clear}
          </Button>
        </div>
      </section>
      <Suspense fallback={null}>
        {doing === "command" && live ? <BulkCommand rigs={rigs} onClose={() => setDoing(null)} /> : null}
        {doing === "window" && live ? <BulkWindow rigs={rigs} onClose={() => setDoing(null)} /> : null}
      </Suspense>
    </>
  );
};
