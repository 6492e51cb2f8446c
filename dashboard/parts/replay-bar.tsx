import { ActionIcon, Button } from "@mantine/core";
import { IconCalendarTime, IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { dayMinute, dayTime } from "../format.ts";
import { useNow, useSite, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";
import { Segments } from "./segments.tsx";

const MomentComment = lazy(() => import("./moment-comment.tsx"));

/** While the hand is on the slider, no more than so many jumps a second are asked of the server. */
const JUMP_MS = 250;
const SPEEDS = ["1", "10", "100"] as const;
const SPEED_OPTIONS = SPEEDS.map((value) => ({ value, label: `${value}×` }));

/** Play, pause, speed and position of a replay, under every page. */
export const ReplayBar = ({ onChange }: { readonly onChange: () => void }): ReactNode => {
  const { control, watchLive } = useSite();
  const clock = useViewClock();
  const now = useNow();
  const [dragged, setDragged] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  if (clock === null || clock.from === null || clock.to === null || now === null) return null;
  const { from, to } = clock;
  const at = Math.min(to, Math.max(from, dragged ?? now));
  const jump = (ts: number): void => {
    setDragged(ts);
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      control({ at: ts });
      timer.current = setTimeout(() => setDragged(null), JUMP_MS * 2);
    }, JUMP_MS);
  };
  const speed = SPEEDS.find((each) => Number(each) === clock.speed) ?? "1";
  const ended = !clock.playing && at >= to;
  return (
    <section className="replay-bar" aria-label={say.replay.bar}>
      <ActionIcon
        size="lg"
        color="copper"
        variant="filled"
        onClick={() => control(ended ? { at: from, playing: true } : { playing: !clock.playing })}
        aria-label={clock.playing ? say.replay.pause : say.replay.play}
      >
        {clock.playing ? <IconPlayerPauseFilled size={16} /> : <IconPlayerPlayFilled size={16} />}
      </ActionIcon>
      <Segments label={say.replay.speed} value={speed} options={SPEED_OPTIONS} onChange={(value) => control({ speed: Number(value) })} />
      <div className="scrub">
        <input
          type="range"
          min={from}
          max={to}
          step={1_000}
          value={at}
          onChange={(event) => jump(Number(event.currentTarget.value))}
          aria-label={say.replay.scrub}
          aria-valuetext={say.replay.at(dayTime(at), Math.round((100 * (at - from)) / (to - from)))}
        />
        <div className="replay-ends">
          <span>{dayMinute(from)}</span>
          <strong style={{ color: "var(--ink)" }}>{dayTime(at)}</strong>
          <span>{dayMinute(to)}</span>
        </div>
      </div>
      <Suspense fallback={null}>
        <MomentComment ts={at} />
      </Suspense>
      <ActionIcon variant="default" size="lg" onClick={onChange} aria-label={say.replay.change}>
        <IconCalendarTime size={16} />
      </ActionIcon>
      <Button size="xs" variant="default" className="wide-only" onClick={watchLive}>
        {say.replay.live}
      </Button>
    </section>
  );
};
