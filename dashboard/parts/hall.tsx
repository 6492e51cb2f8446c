import { useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import "../look/picks.css";
import { useFarm, useNow } from "../site.tsx";
import { hallText as text } from "../texts-hall.ts";
import { inkOf, inksOf } from "./floor-draw.ts";
import type { Block } from "./floor-plan.ts";
import { boxesOf, openHall, softwareRenderer, type Hall as Open } from "./hall-scene.ts";
import { Empty, Panel } from "./panel.tsx";
import { rampOf, type MapMode } from "./scales.ts";

const HEIGHT = 460;

/** Why the hall cannot be shown here, in a sentence; null where it can. */
const hindrance = (): string | null => {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (gl === null) return text.noWebgl;
  const software = softwareRenderer(gl);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return software === null ? null : text.software(software);
};

interface HallProps {
  readonly blocks: readonly Block[];
  readonly mode: MapMode;
  readonly selected: ReadonlySet<number>;
  readonly onOpen: (index: number) => void;
}

/** The same racks in three dimensions, in the same colours. */
export const Hall = ({ blocks, mode, selected, onOpen }: HallProps): ReactNode => {
  const { farm, version } = useFarm();
  const now = useNow() ?? 0;
  const scheme = useComputedColorScheme("dark");
  const { fontFamily } = useMantineTheme();
  const { ref: box, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const hall = useRef<Open | null>(null);
  const open = useRef(onOpen);
  const [trouble] = useState(hindrance);
  const boxes = useMemo(() => boxesOf(blocks), [blocks]);
  const ramp = useMemo(() => rampOf(scheme), [scheme]);
  useEffect(() => {
    open.current = onOpen;
  });
  useEffect(() => {
    if (trouble !== null || canvas.current === null || boxes.length === 0) return;
    const background = getComputedStyle(canvas.current).getPropertyValue("--surface").trim();
    const made = openHall(canvas.current, boxes, background, (index) => open.current(index));
    hall.current = made;
    return () => {
      made.end();
      hall.current = null;
    };
  }, [boxes, scheme, trouble]);
  useEffect(() => {
    if (width > 0) hall.current?.resize(width, HEIGHT);
  }, [width, boxes, scheme]);
  useEffect(() => {
    if (canvas.current === null) return;
    const inks = inksOf(canvas.current, scheme, fontFamily);
    hall.current?.paint((index) => (selected.has(index) ? inks.focus : inkOf({ farm, mode, ramp, inks, now }, index)));
  }, [farm, version, mode, ramp, scheme, fontFamily, now, selected, boxes]);
  return (
    <Panel title={text.title} note={trouble === null ? text.note : undefined}>
      {trouble === null ? (
        <div ref={box}>
          <canvas ref={canvas} className="hall" style={{ inlineSize: "100%", blockSize: HEIGHT }} role="img" aria-label={text.title} />
        </div>
      ) : (
        <Empty title={text.off}>{trouble}</Empty>
      )}
    </Panel>
  );
};
