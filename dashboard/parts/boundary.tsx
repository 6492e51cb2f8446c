import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { say } from "../texts.ts";
import { Empty } from "./panel.tsx";

interface BoundaryProps {
  /** Another value clears the fault: another page may well be sound. */
  readonly page: string;
  readonly children: ReactNode;
}
interface BoundaryState {
  readonly page: string;
  readonly fault: string | null;
}

/** Keeps a fault of one page to that page; the frame around it and the live feed go on. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { page: this.props.page, fault: null };
  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  static getDerivedStateFromProps(props: BoundaryProps, state: BoundaryState): Partial<BoundaryState> | null {
    return props.page === state.page ? null : { page: props.page, fault: null };
  }
  override render(): ReactNode {
    if (this.state.fault === null) return this.props.children;
    return (
      <div className="page">
        <h1 className="unseen">{say.fault.title}</h1>
        <div className="panel" role="alert">
          <Empty title={say.fault.title}>
            {say.fault.more} <span className="mono faint">{this.state.fault}</span>
          </Empty>
          <div className="row" style={{ justifyContent: "center", paddingBlockEnd: 24 }}>
            <Button onClick={() => location.reload()}>{say.fault.reload}</Button>
          </div>
        </div>
      </div>
    );
  }
}
