/** A browser's end of the live feed: what it was told, in order, with every frame acknowledged. */
import { io } from "socket.io-client";
import type { Problem } from "../../server/twin/api.ts";
import { unpackRows, type FrameMeta, type LiveColumns, type SnapshotMeta } from "../../server/twin/delta.ts";
import { EVENTS } from "../../server/twin/wire.ts";

export type Told =
  | { readonly event: "snapshot"; readonly meta: SnapshotMeta; readonly columns: LiveColumns }
  | { readonly event: "frame"; readonly meta: FrameMeta; readonly columns: LiveColumns }
  | { readonly event: "refused"; readonly problem: Problem };

/** Columns as they lie in an ArrayBuffer of their own, as a browser gets them. */
const columnsOf = (bytes: Uint8Array): LiveColumns => {
  const own = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(own).set(bytes);
  return unpackRows(own);
};

/** `headers`: a cookie or a token, where the server wants one. */
export const createViewer = (url: string, headers: Readonly<Record<string, string>> = {}) => {
  const told: Told[] = [];
  let ear: ((one: Told) => void) | null = null;
  const hear = (one: Told): void => {
    if (ear === null) told.push(one);
    else ear(one);
  };
  const socket = io(url, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 200,
    extraHeaders: { ...headers },
  });
  socket.on(EVENTS.snapshot, (meta: SnapshotMeta, bytes: Uint8Array) => {
    hear({ event: "snapshot", meta, columns: columnsOf(bytes) });
    socket.emit(EVENTS.ack, { n: meta.n });
  });
  socket.on(EVENTS.frame, (meta: FrameMeta, bytes: Uint8Array) => {
    hear({ event: "frame", meta, columns: columnsOf(bytes) });
    socket.emit(EVENTS.ack, { n: meta.n });
  });
  socket.on(EVENTS.refused, (problem: Problem) => hear({ event: "refused", problem }));
  return {
    told,
    /** From now on it is told instead of kept. */
    onTold: (listener: (one: Told) => void): void => void (ear = listener),
    watch: (wish: object): void => void socket.emit(EVENTS.watch, wish),
    control: (wish: object): void => void socket.emit(EVENTS.control, wish),
    snapshots: () => told.filter((one) => one.event === "snapshot"),
    frames: () => told.filter((one) => one.event === "frame"),
    refused: () => told.filter((one) => one.event === "refused").map(({ problem }) => problem),
    close: (): void => void socket.close(),
  };
};
export type Viewer = ReturnType<typeof createViewer>;

/** Rows by rig name, put together as a browser does: the last snapshot, then every frame after it. Throws at a gap in the numbers. */
export const stateOf = (told: readonly Told[]): Map<string, { hashrateThs: number; powerW: number; state: number }> => {
  const names = new Map<number, string>();
  const rows = new Map<string, { hashrateThs: number; powerW: number; state: number }>();
  let n = 0;
  for (const one of told) {
    if (one.event === "refused") continue;
    if (one.event === "snapshot") {
      names.clear();
      rows.clear();
    } else if (one.meta.n !== n + 1) throw new Error(`frame ${one.meta.n} follows ${n}`);
    n = one.meta.n;
    for (const { index, rig } of one.meta.roster) names.set(index, rig);
    const { columns } = one;
    for (let i = 0; i < columns.count; i++) {
      const name = names.get(columns.index[i] ?? -1);
      if (name === undefined) throw new Error(`row ${columns.index[i]} of ${one.event} ${n} has no name`);
      rows.set(name, {
        hashrateThs: columns.numbers.hashrateThs[i] ?? Number.NaN,
        powerW: columns.numbers.powerW[i] ?? Number.NaN,
        state: columns.state[i] ?? -1,
      });
    }
  }
  return rows;
};
