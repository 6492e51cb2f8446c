/** `npm run simulate`: a farm that publishes until it is told to stop, its time is over, or its parent process is gone. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { ArgumentsInvalid, argumentsOf, HELP, type Arguments } from "./arguments.ts";
import { noClock, wallClock, type Clock } from "./clock.ts";
import { startFarm, type FarmStats } from "./farm.ts";
import { messages } from "./messages.ts";
import { gatewayName, planFarm } from "./plant/layout.ts";
import { loadScenario } from "./scenario-files.ts";
import { publicKeyOf, signedMessages } from "./signing.ts";
import { ScenarioInvalid, truthOf, type Scenario } from "./scenario.ts";

const STATS_MS = 1_000;
const DAY_MS = 86_400_000;

const lineOf = (stats: FarmStats): string =>
  `${new Date(stats.atTs).toISOString().slice(0, 19)}Z  ${stats.ratePerS}/s  acknowledged ${stats.acknowledged}  in flight ${stats.inFlight}  queued ${stats.queued}  ` +
  `dropped ${stats.dropped}  lag ${stats.lagMs} ms  ack ${stats.ackP50Ms ?? "-"}/${stats.ackP99Ms ?? "-"} ms  CPU ${stats.cpuPct} %  ` +
  `${stats.connected}/${stats.connections} connected${stats.connected < stats.connections && stats.lastError !== null ? ` (${stats.lastError})` : ""}`;

/** With another speed than 1 the simulated span ends now. */
const clockOf = ({ speed, durationMs }: Arguments): Clock => {
  if (speed === 1) return wallClock();
  const startTs = Date.now() - (durationMs ?? 0);
  return speed === Infinity ? noClock(startTs) : wallClock(speed, startTs);
};

/** Prints the past, a message a line. */
const tellPast = async (
  { site, rigs, intervalMs, seed, backfillMs, sign }: Arguments,
  scenario: Scenario,
  untilTs: number,
): Promise<void> => {
  const decoder = new TextDecoder();
  const fromTs = untilTs - backfillMs;
  const plain = messages({
    site,
    rigs,
    seed,
    scenario,
    intervalMs,
    fromTs,
    toTs: untilTs,
    history: { untilTs, intervalMs },
  });
  for (const { ts, topic, retain, payload } of sign ? signedMessages(plain, { site, seed, boot: `g${fromTs}`, waitMs: intervalMs }) : plain)
    if (!process.stdout.write(`${JSON.stringify({ ts, topic, retain, payload: decoder.decode(payload) })}\n`))
      await once(process.stdout, "drain");
};

const tellKeys = ({ site, seed, rigs }: Arguments): void => {
  const keys = planFarm(site, seed, rigs).containers.map((_, gateway) => [gatewayName(gateway), publicKeyOf(seed, gateway)]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(keys))}\n`);
};

const run = async (options: Arguments, scenario: Scenario): Promise<void> => {
  const { url, site, rigs, intervalMs, seed, durationMs, backfillMs, backfillIntervalMs, username } = options;
  const clock = clockOf(options);
  const startTs = Math.floor(clock.now());
  if (options.truth !== null) {
    const rows = truthOf(scenario, { site, seed, rigs, startTs, toTs: startTs + (durationMs ?? DAY_MS) });
    writeFileSync(options.truth, `${JSON.stringify({ scenario: scenario.name, site, seed, rigs, startTs, rows }, null, 1)}\n`);
  }
  const farm = startFarm({
    url,
    site,
    rigs,
    intervalMs,
    seed,
    scenario,
    clock,
    patient: options.speed !== 1,
    sign: options.sign,
    ...(options.pduMs === null ? {} : { pduMs: options.pduMs }),
    ...(durationMs === null ? {} : { durationMs }),
    ...(backfillMs > 0 ? { backfill: { forMs: backfillMs, intervalMs: backfillIntervalMs } } : {}),
    ...(username === null ? {} : { credentials: { username, password: process.env["MQTT_PASSWORD"] ?? "" } }),
  });
  const print = (): void => {
    const stats = farm.stats();
    process.stdout.write(`${options.json ? JSON.stringify(stats) : lineOf(stats)}\n`);
  };
  // A parent that started it has a line to it, and no wish to read.
  const printing = (options.stats || options.json || process.channel === undefined) && !options.quiet ? setInterval(print, STATS_MS) : null;
  const stop = (): void => void farm.stop();
  process.once("SIGTERM", stop);
  // Ctrl-C goes to everything in the terminal's group; with a parent, it is the parent who says when to end.
  process.on("SIGINT", process.channel === undefined ? stop : () => undefined);
  process.once("disconnect", stop);
  // A parent that was killed while this program was being loaded has let go already: nothing will tell it again.
  if (process.connected === false) stop();
  try {
    await farm.done;
  } finally {
    if (printing !== null) {
      clearInterval(printing);
      print();
    }
    await farm.stop();
    if (process.connected) process.disconnect();
  }
};

try {
  const options = argumentsOf(process.argv.slice(2), Date.now());
  if (options.help) process.stdout.write(HELP);
  else if (options.gatewayKeys) tellKeys(options);
  else if (options.stdoutUntilTs !== null) await tellPast(options, loadScenario(options.scenario), options.stdoutUntilTs);
  else await run(options, loadScenario(options.scenario));
} catch (error) {
  if (!(error instanceof ArgumentsInvalid || error instanceof ScenarioInvalid)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
