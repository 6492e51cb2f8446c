import type { Socket } from "socket.io";
import { EVENTS } from "../../twin/wire.ts";

/** As a viewer's socket.io puts it: a message of Engine.IO 4 is its packet of Socket.IO 5. Fifteen digits are a whole number still. */
const ACK = new RegExp(`^2\\["${EVENTS.ack}",\\{"n":(\\d{1,15})\\}\\]$`);
/** Begins a packet whose bytes are to follow. */
const WITH_BYTES = "5";

/** The line below socket.io's socket; test/edge/socket-quick-ack.test.ts holds the pinned library to it. */
interface Line {
  listeners(event: "data"): ((data: unknown) => void)[];
  removeAllListeners(event: "data"): void;
  on(event: "data", listener: (data: unknown) => void): void;
}

/**
 * Gives acknowledgements to `take` before socket.io takes them apart: each viewer sends one for each frame, and on its usual way through
 * parser and two turns of the event loop it costs more than sending the frame. All else goes that way; so does everything on a line that
 * once sent a packet with bytes, where the order of messages means something.
 */
export const hearAcks = ({ conn }: Socket, take: (n: number) => void): void => {
  const line = conn as unknown as Line;
  const usual = line.listeners("data");
  let isPlain = true;
  line.removeAllListeners("data");
  line.on("data", (data) => {
    if (isPlain && typeof data === "string") {
      const n = ACK.exec(data)?.[1];
      if (n !== undefined) return take(Number(n));
      isPlain = !data.startsWith(WITH_BYTES);
    }
    for (const listener of usual) listener(data);
  });
};
