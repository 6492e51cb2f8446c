import { notifications } from "@mantine/notifications";
import { useEffect, useRef } from "react";
import { inSiteDegrees } from "../format.ts";
import { useAlarms, useSite, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";

/** Calls out each critical alarm that is raised while the reader watches live; never those which stood before, never a replay's. */
export const useHerald = (go: (to: string) => void): void => {
  const alarms = useAlarms();
  const { store } = useSite();
  const view = useViewClock()?.view ?? null;
  const known = useRef<{ view: string | null; ids: Set<string> }>({ view: null, ids: new Set() });
  useEffect(() => {
    // Before the whole is there, nothing is known of what stood before.
    if (view === null || store.totals() === null) return;
    const before = known.current;
    const first = before.view !== view;
    if (first) known.current = { view, ids: new Set() };
    for (const alarm of alarms) {
      if (known.current.ids.has(alarm.id)) continue;
      known.current.ids.add(alarm.id);
      if (first || view !== "live" || alarm.severity !== "critical" || alarm.clearedTs !== null || alarm.acknowledgedTs !== null) continue;
      notifications.show({
        id: alarm.id,
        color: "red",
        autoClose: 30_000,
        title: `${say.severities.critical}: ${alarm.rig}, ${say.alarmKinds[alarm.kind]}`,
        message: inSiteDegrees(alarm.message),
        role: "alert",
        closeButtonProps: { "aria-label": say.close },
        style: { cursor: "pointer" },
        onClick: () => go(`/rigs/${encodeURIComponent(alarm.rig)}`),
      });
    }
  }, [alarms, view, store, go]);
};
