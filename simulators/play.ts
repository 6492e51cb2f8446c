/** `npm run play -- FOLDER`: publishes the captured answers of real machines as if the machines had just given them. */
import { parseArgs } from "node:util";
import { connectAsync, type MqttClient } from "mqtt";
import { NAME_PATTERN, topicOf } from "../server/twin/wire.ts";
import { machinesIn, type Machine } from "./captures.ts";
import { durationOf } from "./duration.ts";

const HELP = `Publishes captured answers of machines over MQTT.

  npm run play -- FOLDER [options]

FOLDER holds a folder for each machine, or is one machine's folder. Every .json, .txt and .log file in it is one answer.

  --url URL        broker (mqtt://127.0.0.1:1883)
  --site NAME      site in the topics (farm)
  --every TIME     between two rounds (10s)
  --times N        end after so many rounds (until Ctrl-C)
  --once           one round
  --username NAME  MQTT user; the password comes from MQTT_PASSWORD
`;

const ACKNOWLEDGE_MS = 10_000;

class Unusable extends Error {}

interface Options {
  readonly folder: string;
  readonly url: string;
  readonly site: string;
  readonly everyMs: number;
  readonly times: number;
  readonly username: string | undefined;
}

const optionsOf = (args: readonly string[]): Options | null => {
  let read;
  try {
    read = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string", default: "mqtt://127.0.0.1:1883" },
        site: { type: "string", default: "farm" },
        every: { type: "string", default: "10s" },
        times: { type: "string" },
        once: { type: "boolean", default: false },
        username: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const { values, positionals } = read;
  if (values.help) return null;
  const [folder, ...more] = positionals;
  const everyMs = durationOf(values.every);
  const times = values.once ? 1 : values.times === undefined ? Infinity : Number(values.times);
  if (folder === undefined || more.length > 0) throw new Unusable(`Name one folder of captured answers.\n\n${HELP}`);
  if (!NAME_PATTERN.test(values.site)) throw new Unusable(`--site: "${values.site}" is not a name.`);
  if (everyMs === null || everyMs < 0) throw new Unusable(`--every: "${values.every}" is not a time; write it as 10s, 500ms or 1m.`);
  if (!(times >= 1) || (times !== Infinity && !Number.isInteger(times)))
    throw new Unusable(`--times: "${values.times}" is not a whole number from 1.`);
  if (!URL.canParse(values.url)) throw new Unusable(`--url: "${values.url}" is not an address like mqtt://127.0.0.1:1883.`);
  return { folder, url: values.url, site: values.site, everyMs, times, username: values.username };
};

const machinesOf = (folder: string): readonly Machine[] => {
  let machines: readonly Machine[];
  try {
    machines = machinesIn(folder);
  } catch (error) {
    throw new Unusable(`${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (machines.length === 0)
    throw new Unusable(`${folder} holds no captured answers: no .json, .txt or .log file in it or in its folders.`);
  return machines;
};

const connect = async ({ url, username }: Options): Promise<MqttClient> => {
  try {
    // only the first connection is given up at once: a broker that restarts in mid-play is waited for
    return await connectAsync(
      url,
      {
        clientId: `play-${process.pid}`,
        connectTimeout: 5_000,
        reconnectPeriod: 1_000,
        ...(username === undefined ? {} : { username, password: process.env["MQTT_PASSWORD"] ?? "" }),
      },
      false,
    );
  } catch (error) {
    const said =
      error instanceof AggregateError
        ? error.errors.map(String).join("; ")
        : error instanceof Error
          ? error.message || error.name
          : String(error);
    throw new Unusable(
      `No broker takes the connection at ${url}: ${said}\nStart the server with \`npm start\`, or name another broker with --url.`,
      { cause: error },
    );
  }
};

/** Resolves when the broker has acknowledged. */
const publish = async (client: MqttClient, topic: string, payload: string): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`not acknowledged within ${ACKNOWLEDGE_MS / 1_000} s`)), ACKNOWLEDGE_MS);
  });
  try {
    await Promise.race([client.publishAsync(topic, payload, { qos: 1 }), late]);
  } finally {
    clearTimeout(timer);
  }
};

const play = async (options: Options, machines: readonly Machine[]): Promise<void> => {
  const client = await connect(options);
  client.on("error", (error) => process.stderr.write(`${options.url}: ${error.message}\n`));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const boot = `play-${Date.now().toString(36)}`;
  let failed = 0;
  for (let seq = 0; seq < options.times && !stop.signal.aborted; seq++) {
    for (const { rig, answers } of machines) {
      if (stop.signal.aborted) break;
      const startTs = Date.now();
      const payload = JSON.stringify({ v: 1, ts: startTs, seq, boot, answers });
      const line = `${rig}  #${seq}  ${Object.keys(answers).length} answers, ${Buffer.byteLength(payload)} bytes`;
      try {
        await publish(client, topicOf(options.site, rig, "answers"), payload);
        process.stdout.write(`${line}, acknowledged in ${Date.now() - startTs} ms\n`);
      } catch (error) {
        failed += 1;
        process.stderr.write(`${line}: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
    if (seq + 1 < options.times) await pause(options.everyMs, stop.signal);
  }
  await client.endAsync(failed > 0);
  if (failed > 0) throw new Unusable(`${failed} messages were not acknowledged.`);
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resume) => {
    if (signal.aborted) return resume();
    const timer = setTimeout(resume, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resume()), { once: true });
  });

try {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) process.stdout.write(HELP);
  else {
    const machines = machinesOf(options.folder);
    process.stdout.write(`${machines.length} machines to ${options.url}, topics ${topicOf(options.site, "+", "answers")}\n`);
    await play(options, machines);
  }
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
