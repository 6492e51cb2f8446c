import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Answer, Failure } from "../site.tsx";
import { say } from "../texts.ts";
import { Age } from "./value.tsx";

interface PanelProps {
  readonly title: string;
  /** Source, resolution: what a reader must know to trust the figures. */
  readonly note?: ReactNode;
  readonly tools?: ReactNode;
  readonly foot?: ReactNode;
  readonly flush?: boolean;
  readonly children: ReactNode;
}
/** A titled surface. */
export const Panel = ({ title, note, tools, foot, flush = false, children }: PanelProps): ReactNode => (
  <section className="panel" aria-label={title}>
    <header className="panel-head">
      <h2>{title}</h2>
      {note === undefined ? null : <span className="panel-note">{note}</span>}
      {tools === undefined ? null : <div className="panel-tools">{tools}</div>}
    </header>
    <div className={flush ? "panel-body flush" : "panel-body"}>{children}</div>
    {foot === undefined ? null : <footer className="panel-foot">{foot}</footer>}
  </section>
);

export const Loading = ({ height = 120 }: { readonly height?: number }): ReactNode => (
  <div role="status" aria-label={say.loading}>
    <div className="skeleton" style={{ height }} />
  </div>
);

export const Empty = ({
  icon,
  title,
  children,
}: {
  readonly icon?: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode => (
  <div className="empty">
    {icon}
    <strong>{title}</strong>
    {children === undefined ? null : <span>{children}</span>}
  </div>
);

export const Trouble = ({ failure, retry }: { readonly failure: Failure; readonly retry?: () => void }): ReactNode => (
  <div className="empty" role="alert">
    <IconAlertTriangle size={22} aria-hidden />
    <strong>{say.troubleOf(failure.status)}</strong>
    <span>
      {failure.message} <span className="mono faint">{failure.code}</span>
    </span>
    {retry === undefined ? null : (
      <Button size="compact-sm" variant="default" onClick={retry}>
        {say.again}
      </Button>
    )}
  </div>
);

/** Draws an answer in whichever of its conditions it is; an old answer stays, with its age and why no newer one came. */
export const Answered = <T,>({
  answer,
  height,
  children,
}: {
  readonly answer: Answer<T>;
  readonly height?: number;
  readonly children: (data: T) => ReactNode;
}): ReactNode => {
  if (answer.data === null) {
    if (answer.failure !== null) return <Trouble failure={answer.failure} retry={answer.refresh} />;
    return <Loading {...(height === undefined ? {} : { height })} />;
  }
  return (
    <>
      {answer.failure === null ? null : (
        <p className="warm" role="status" style={{ fontSize: "0.75rem", padding: "0 14px 6px" }}>
          {say.kept} (<Age ts={answer.asOfTs} />
          ). {answer.failure.message}
        </p>
      )}
      {children(answer.data)}
    </>
  );
};
