/** One gateway in a process of its own: finds, then reads for a while; tells what it cost as one line of JSON. */
import { argumentsOf } from "../../server/gateway/arguments.ts";
import { createGateway } from "../../server/gateway/gateway.ts";

const [expected = "0", seconds = "0", ...flags] = process.argv.slice(2);
const gateway = createGateway(
  argumentsOf(flags, {}),
  () => undefined,
  () => undefined,
);
const started = performance.now();
gateway.start();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
while (gateway.fleet.status().miners < Number(expected) && performance.now() - started < 300_000) await pause(50);
const foundS = (performance.now() - started) / 1_000;
const { miners } = gateway.fleet.status();
// one interval to settle: the first rounds come at moments of their own
await pause(10_000);
const [before, cpu, at] = [gateway.fleet.status(), process.cpuUsage(), performance.now()];
await pause(Number(seconds) * 1_000);
const [after, used, tookS] = [gateway.fleet.status(), process.cpuUsage(cpu), (performance.now() - at) / 1_000];
console.log(
  JSON.stringify({
    miners,
    foundS,
    roundsPerS: (after.rounds - before.rounds) / tookS,
    failed: after.failed - before.failed,
    cpuShare: (used.user + used.system) / 1e6 / tookS,
    waiting: gateway.outbox.status().waiting,
    peakMb: process.resourceUsage().maxRSS / 1_024,
  }),
);
await gateway.stop();
process.exit(0);
