/**
 * A live publisher that costs little beside what is measured: packets are made ready before, and PUBACKs are counted, not parsed.
 * QoS 1, COUNT readings of RIGS rigs, as fast as the broker acknowledges. Prints "ready", waits for a line, publishes, prints its CPU.
 * Arguments: port count rigs.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { generate, parser } from "mqtt-packet";
import { readingPayload } from "./payload.ts";

const [port = "0", countText = "0", rigs = "1"] = process.argv.slice(2);
const count = Number(countText);
const IN_FLIGHT = 2_000;
/** Packets in one write. */
const TOGETHER = 100;

const startTs = Date.now() - 3_600_000;
const packets: Buffer[] = [];
for (let from = 0; from < count; from += TOGETHER) {
  const together: Buffer[] = [];
  for (let i = from; i < Math.min(count, from + TOGETHER); i++) {
    const rig = i % Number(rigs);
    const seq = Math.floor(i / Number(rigs));
    together.push(
      generate({
        cmd: "publish",
        topic: `rigtwin/v1/farm/rig-${rig}/telemetry`,
        payload: readingPayload(rig, seq, startTs + seq * 10_000),
        qos: 1,
        retain: false,
        dup: false,
        messageId: (i % 65_000) + 1,
      }),
    );
  }
  packets.push(Buffer.concat(together));
}

const socket = connect(Number(port), "127.0.0.1");
socket.setNoDelay(true);
await once(socket, "connect");
const reader = parser();
const connected = once(reader, "packet");
socket.once("data", (data) => reader.parse(data));
socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: "bench-publisher", keepalive: 0 }));
await connected;

console.log("ready");
await once(process.stdin, "data");
const before = process.cpuUsage();
let next = 0;
let ackBytes = 0;
const PUBACK_BYTES = 4;
const more = (): void => {
  while (next < packets.length && next * TOGETHER - ackBytes / PUBACK_BYTES < IN_FLIGHT) socket.write(packets[next++] ?? "");
};
await new Promise<void>((resolve) => {
  socket.on("data", (data) => {
    ackBytes += data.length;
    if (ackBytes >= count * PUBACK_BYTES) resolve();
    more();
  });
  more();
});
const cpu = process.cpuUsage(before);
console.log(JSON.stringify({ cpuS: (cpu.user + cpu.system) / 1e6 }));
socket.destroy();
process.exit(0);
