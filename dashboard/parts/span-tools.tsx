import { ActionIcon, Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { say } from "../texts.ts";
import type { Span } from "./plot.ts";

const LEAST_MS = 60_000;
const text = say.chart;

interface SpanToolsProps {
  readonly span: Span | null;
  /** The range stands still instead of following now. */
  readonly held: boolean;
  readonly onHold: (span: Span) => void;
  readonly onRelease: () => void;
}
/** What dragging does, for the keyboard. */
export const SpanTools = ({ span, held, onHold, onRelease }: SpanToolsProps): ReactNode => {
  const by = (move: number, stretch: number): void => {
    if (span === null) return;
    const width = span.to - span.from;
    const next = Math.max(LEAST_MS, width * stretch);
    const middle = (span.from + span.to) / 2 + move * width;
    onHold({ from: middle - next / 2, to: middle + next / 2 });
  };
  return (
    <div className="row tight" role="group" aria-label={text.move} title={text.hint}>
      {held ? (
        <Button size="compact-xs" variant="light" onClick={onRelease}>
          {text.reset}
        </Button>
      ) : null}
      <ActionIcon variant="default" onClick={() => by(-0.5, 1)} aria-label={text.earlier}>
        <IconChevronLeft size={14} />
      </ActionIcon>
      <ActionIcon variant="default" onClick={() => by(0.5, 1)} aria-label={text.later}>
        <IconChevronRight size={14} />
      </ActionIcon>
      <ActionIcon variant="default" onClick={() => by(0, 0.5)} aria-label={text.zoomIn}>
        <IconZoomIn size={14} />
      </ActionIcon>
      <ActionIcon variant="default" onClick={() => by(0, 2)} aria-label={text.zoomOut}>
        <IconZoomOut size={14} />
      </ActionIcon>
    </div>
  );
};
