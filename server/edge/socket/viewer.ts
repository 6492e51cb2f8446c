/** One viewer: which view it watches, and what is under way to it. */
import type { FrameMeta, SnapshotMeta } from "../../twin/delta.ts";
import type { Problem } from "../../twin/api.ts";
import { problemOf } from "../../twin/problem.ts";
import { Refused, type Refusal } from "../../twin/refusal.ts";
import { EVENTS } from "../../twin/wire.ts";
import { afterAck, afterFrame, afterMiss, afterWhole, isOpen, NEW_LANE, wantsWhole, type Lane } from "./lane.ts";
import type { Control, ReplayWish, Watch } from "./wishes.ts";

export interface Frame {
  readonly meta: FrameMeta;
  readonly columns: ArrayBuffer;
}
export interface Whole {
  readonly meta: SnapshotMeta;
  readonly columns: ArrayBuffer;
}
export interface Replay {
  /** Everything as it stands at the replay's clock. */
  readonly whole: () => Whole;
  /** Resolves when the view stands where it was asked to. Throws Refused. */
  readonly control: (control: Control) => Promise<unknown>;
  readonly close: () => void;
}
/** Opens a past window; `emit` gets its frames. Throws Refused. */
export type OpenReplay = (wish: ReplayWish, emit: (frame: Frame) => void) => Promise<Replay>;

/** What a viewer needs of the server around it. */
export interface Around {
  readonly send: (event: string, ...values: unknown[]) => void;
  readonly openReplay: OpenReplay;
  /** False where as many replays are open as may be. */
  readonly takeSlot: () => boolean;
  readonly freeSlot: () => void;
  /** The lane, or what is watched, has changed: look whether it wants the whole, and whether it is among the ready. */
  readonly changed: () => void;
  readonly onFault: (error: unknown) => void;
}

/** A control under way, and the one to follow it. */
interface Steering {
  readonly replay: Replay;
  next: Control | null;
}

/** Builds a viewer that watches nothing yet. */
export const createViewer = (around: Around) => {
  let lane: Lane = NEW_LANE;
  let view: "none" | "live" | Replay = "none";
  let wished: ReplayWish | null = null;
  let opening = false;
  let closed = false;
  let steering: Steering | null = null;

  const refuse = ({ code, detail }: Refusal): void => around.send(EVENTS.refused, problemOf(code, detail) satisfies Problem);
  const refuseError = (error: unknown): void => {
    if (error instanceof Refused) return refuse(error);
    around.onFault(error);
    refuse({ code: "INTERNAL", detail: "Something went wrong in the server." });
  };

  const show = (next: "none" | "live" | Replay): void => {
    if (typeof view === "object") view.close();
    view = next;
    lane = NEW_LANE;
    around.changed();
  };

  const leaveReplay = (): void => {
    wished = null;
    if (!opening) around.freeSlot();
  };

  /** Opens the newest wish; what was wished meanwhile is opened after it, what is no longer wished is closed again. */
  const openWished = async (): Promise<void> => {
    if (opening) return;
    opening = true;
    while (wished !== null) {
      const wish: ReplayWish = wished;
      let opened: Replay | null = null;
      try {
        const replay: Replay = await around.openReplay(wish, (frame) => {
          if (view !== opened || closed) return;
          if (!isOpen(lane)) lane = afterMiss(lane);
          else {
            lane = afterFrame(lane, frame.meta.n);
            around.send(EVENTS.frame, frame.meta, Buffer.from(frame.columns));
          }
        });
        if (wished === wish) {
          opened = replay;
          wished = null;
          show(replay);
        } else replay.close();
      } catch (error) {
        if (wished === wish) wished = null;
        refuseError(error);
      }
    }
    opening = false;
    if (typeof view !== "object") around.freeSlot();
  };

  const steer = async (turn: Steering): Promise<void> => {
    while (turn.next !== null && view === turn.replay) {
      const control = turn.next;
      turn.next = null;
      try {
        await turn.replay.control(control);
        // Also after a mere pause: no frame would tell that the clock stands.
        if (view === turn.replay) lane = NEW_LANE;
      } catch (error) {
        refuseError(error);
      }
    }
    if (steering === turn) steering = null;
    around.changed();
  };

  return {
    refuse,
    watch(watch: Watch): void {
      if (watch.view === "live") {
        show("live");
        return leaveReplay();
      }
      if (!around.takeSlot())
        return refuse({ code: "TOO_MANY_REQUESTS", detail: "As many replays are open as this server takes; close one." });
      wished = watch;
      void openWished();
    },
    control(control: Control): void {
      if (typeof view !== "object") return refuse({ code: "REQUEST_INVALID", detail: "There is no replay to control; watch one first." });
      // A slider that is being dragged asks for one jump after another: only the newest counts.
      if (steering?.replay === view) steering.next = { ...steering.next, ...control };
      else {
        steering = { replay: view, next: control };
        void steer(steering);
      }
    },
    ack(n: number): void {
      lane = afterAck(lane, n);
      around.changed();
    },
    resync(): void {
      if (view === "none") return;
      lane = NEW_LANE;
      around.changed();
    },
    isLive: (): boolean => view === "live",
    isReady: (): boolean => view === "live" && isOpen(lane),
    wantsWhole: (): boolean => view !== "none" && steering === null && wantsWhole(lane),
    /** A live frame went out to those who are ready. */
    passed(n: number): void {
      lane = isOpen(lane) ? afterFrame(lane, n) : afterMiss(lane);
    },
    /** The live whole went out to this viewer. */
    tookWhole(n: number): void {
      lane = afterWhole(n);
    },
    /** Sends the whole of the viewer's own replay. */
    sendWhole(): void {
      if (typeof view !== "object") return;
      const { meta, columns } = view.whole();
      lane = afterWhole(meta.n);
      around.send(EVENTS.snapshot, meta, Buffer.from(columns));
    },
    close(): void {
      closed = true;
      wished = null;
      if (typeof view === "object") view.close();
      view = "none";
      if (!opening) around.freeSlot();
    },
  };
};
export type Viewer = ReturnType<typeof createViewer>;
