/**
 * What harms, in a process of its own: sockets that never read, connections that say nothing, and a device that sends as fast as it can.
 * Told what over its channel (`Attack` JSON); ends with its parent.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect, type MqttClient } from "mqtt";

export interface Attack {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly cookie: string;
  readonly device: { readonly name: string; readonly password: string; readonly topic: string };
  readonly deafSockets: number;
  readonly idleConnections: number;
  readonly floodConnections: number;
}

const sockets = new Set<Socket>();
const keep = (socket: Socket): Socket => {
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.once("close", () => sockets.delete(socket));
  return socket;
};

/** A client's text frame (RFC 6455, 5.2), masked with zeros, shorter than 126 bytes. */
const frameOf = (text: string): Buffer => Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

/** A live page that watches and never takes what it is sent. */
const deaf = ({ httpPort, cookie }: Attack): void => {
  const socket = keep(connectTcp(httpPort, "127.0.0.1"));
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${httpPort}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`,
  );
  let heard = "";
  socket.on("data", (piece) => {
    heard += piece.toString("latin1");
    if (!heard.includes('{"sid"')) return;
    socket.removeAllListeners("data");
    socket.pause();
    socket.write(frameOf("40"));
    socket.write(frameOf('42["watch",{"view":"live"}]'));
  });
};

/** Opened, silent, and opened again when it was shown the door. */
const idle = (port: number, stopped: () => boolean): void => {
  const socket = keep(connectTcp(port, "127.0.0.1"));
  socket.once("close", () => {
    if (!stopped()) setTimeout(() => stopped() || idle(port, stopped), 1_000);
  });
};

const flood = ({ mqttPort, device }: Attack, nth: number, clients: Set<MqttClient>): void => {
  const client = connect({
    host: "127.0.0.1",
    port: mqttPort,
    username: device.name,
    password: device.password,
    clientId: `flood-${nth}`,
    protocolVersion: 4,
    reconnectPeriod: 500,
    // The socket's own backpressure is the bound; this process must not run out of memory.
    writeCache: false,
  });
  clients.add(client);
  client.on("error", () => undefined);
  let seq = 0;
  const send = (): void => {
    if (!client.connected || client.disconnecting) return;
    seq += 1;
    const payload = JSON.stringify({ v: 1, ts: Date.now(), seq, boot: `f${nth}`, m: { mode: "mining", hashrateThs: 100, powerW: 3_000 } });
    // QoS 0 asks for no answer: nothing slows it but the other end.
    client.publish(device.topic, payload, { qos: 0 }, () => setImmediate(send));
  };
  client.on("connect", () => {
    for (let i = 0; i < 100; i++) send();
  });
};

let end: (() => void) | null = null;
process.on("message", (told: Attack | "stop") => {
  end?.();
  end = null;
  if (told === "stop") return void process.send?.("stopped");
  let isOver = false;
  const clients = new Set<MqttClient>();
  for (let i = 0; i < told.deafSockets; i++) deaf(told);
  for (let i = 0; i < told.idleConnections; i++) idle(i % 2 === 0 ? told.httpPort : told.mqttPort, () => isOver);
  for (let i = 0; i < told.floodConnections; i++) flood(told, i, clients);
  end = () => {
    isOver = true;
    for (const client of clients) client.end(true);
    for (const socket of sockets) socket.destroy();
  };
  process.send?.("started");
});
process.on("disconnect", () => process.exit(0));
