/** Publishes COUNT readings of RIGS rigs at QoS 1, pipelined, then ends. Arguments: url count rigs. */
import mqtt from "mqtt";
import { readingPayload } from "./payload.ts";

const [url = "", count = "0", rigs = "1"] = process.argv.slice(2);
const IN_FLIGHT = 2_000;
const client = await mqtt.connectAsync(url, { clientId: `bench-publisher-${process.pid}`, clean: true });
const startTs = Date.now() - 3_600_000;
const sent: Promise<unknown>[] = [];
for (let i = 0; i < Number(count); i++) {
  const rig = i % Number(rigs);
  const seq = Math.floor(i / Number(rigs));
  sent.push(client.publishAsync(`rigtwin/v1/farm/rig-${rig}/telemetry`, readingPayload(rig, seq, startTs + seq * 10_000), { qos: 1 }));
  if (sent.length >= IN_FLIGHT) await Promise.all(sent.splice(0));
}
await Promise.all(sent);
await client.endAsync();
