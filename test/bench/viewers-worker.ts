/** Viewers in a process of their own, which acknowledge what they get and look into nothing. Told over IPC how many; tells frames and snapshots it got. */
import { io, type Socket } from "socket.io-client";
import { EVENTS } from "../../server/twin/wire.ts";

/** `deaf`: they take their first whole and read nothing more. */
export interface Wish {
  readonly url: string;
  readonly viewers: number;
  readonly deaf: boolean;
}
export interface Heard {
  readonly frames: number;
  readonly snapshots: number;
}

let sockets: Socket[] = [];
let frames = 0;
let snapshots = 0;

const stopReading = (socket: Socket): void => {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: { pause: () => void } } } };
  transport.ws._socket.pause();
};
const join = (url: string, deaf: boolean): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
    socket.on("connect", () => socket.emit(EVENTS.watch, { view: "live" }));
    socket.on(EVENTS.snapshot, ({ n }: { readonly n: number }) => {
      snapshots += 1;
      socket.emit(EVENTS.ack, { n });
      if (deaf) setTimeout(() => stopReading(socket), 50);
      resolve(socket);
    });
    socket.on(EVENTS.frame, ({ n }: { readonly n: number }) => {
      frames += 1;
      socket.emit(EVENTS.ack, { n });
    });
  });

process.on("message", (message: Wish | "count") => {
  if (message === "count") {
    process.send?.({ frames, snapshots } satisfies Heard);
    return;
  }
  const { url, viewers, deaf } = message;
  for (const socket of sockets.splice(viewers)) socket.close();
  void (async () => {
    while (sockets.length < viewers) sockets.push(await join(url, deaf));
    process.send?.("ready");
  })();
});
process.on("disconnect", () => {
  for (const socket of sockets) socket.close();
  sockets = [];
  process.exit(0);
});
