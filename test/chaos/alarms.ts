/** Faults come and go while the server is killed again and again: its alarms must be those of a server that nothing happened to. */
import { openAlarmHistory } from "../../server/edge/alarm-history.ts";
import { canonicalBytes } from "../../server/twin/canonical.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { activeAlarms } from "../../server/twin/alarms/book.ts";
import type { Alarm, AlarmKind, Entry } from "../../server/twin/twin.ts";
import type { Status } from "../../server/twin/api.ts";
import { ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher } from "../servers/device.ts";
import { journalOf } from "../servers/evidence.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import type { Random } from "./random.ts";
import type { Around, Scened } from "./scenes.ts";
import { verdict } from "./verdicts.ts";

const KILLS = 50;
const RIGS = 12;
const STEP_MS = 1_000;
const HOLD_MS = 8_000;
/** Longer than the server is away and holds together, so that nobody misses a fault for want of time. */
const SPELL_MS = 90_000;
const SETTLE_MS = 60_000;
/** How each rig is at fault, by its number. */
const FAULTS = ["board-missing", "too-hot", "fan-stopped", "pool-dead", "hung", "fault"] as const satisfies readonly AlarmKind[];

const measured = (kind: (typeof FAULTS)[number] | null, seq: number): object => {
  const board = (index: number) => ({
    index,
    hashrateThs: kind === "board-missing" && index === 1 ? 0 : 66.7,
    chips: kind === "board-missing" && index === 1 ? 0 : 108,
    expectedChips: 108,
    // sensors of their own: boards that say the very same for long are an alarm that stands as long as they do
    boardC: 60.1 + index + (seq % 9) / 10,
    chipC: kind === "too-hot" ? 120 + index : 73.2 + index + (seq % 7) / 10,
  });
  return {
    mode: kind === "fault" ? "fault" : "mining",
    hashrateThs: kind === "hung" ? 0 : kind === "board-missing" ? 133 : 200,
    powerW: 3_500,
    intakeC: 25 + (seq % 8) / 10,
    boardC: 61,
    chipC: kind === "too-hot" ? 120 : 74,
    fanPct: 60,
    uptimeS: 90_000 + seq,
    fans: [0, 1, 2, 3].map((index) => ({ index, rpm: kind === "fan-stopped" && index === 2 ? 0 : 3_700 })),
    boards: [board(0), board(1), board(2)],
    pools: [
      { index: 0, url: "stratum+tcp://one.example:3333", worker: "farm.w", active: kind !== "pool-dead", alive: kind !== "pool-dead" },
    ],
  };
};

/** Rigs that speak to both servers at once. */
const speakTo = (urls: readonly string[], site: string, random: Random) => {
  const publishers = urls.map((url, i) => createPublisher(url, `alarms-${i}`));
  const rigs = Array.from({ length: RIGS }, (_, i) => ({
    name: `rig-${i}`,
    kind: FAULTS[i % FAULTS.length] ?? "hung",
    lag: random.whole(0, SPELL_MS),
  }));
  const identity = { make: "Bitmain", model: "Antminer S21" };
  const nameplate = { hashrateThs: 200, powerW: 3_500, boards: 3, chips: 108, fans: 4 };
  const forget = (): void => undefined;
  const tell = (topic: string, value: object, retain = false): void => {
    for (const publisher of publishers) publisher.publish(topic, JSON.stringify(value), { retain }).catch(forget);
  };
  for (const { name } of rigs) tell(topicOf(site, name, "birth"), { v: 1, ts: Date.now(), boot: "b1", identity, nameplate }, true);
  const startMs = Date.now();
  let seq = 0;
  let isCalm = false;
  const timer = setInterval(() => {
    seq += 1;
    const passedMs = Date.now() - startMs;
    for (const { name, kind, lag } of rigs) {
      const isAtFault = !isCalm && Math.floor((passedMs + lag) / SPELL_MS) % 2 === 1;
      tell(topicOf(site, name, "telemetry"), { v: 1, ts: Date.now(), seq, boot: "b1", m: measured(isAtFault ? kind : null, seq) });
    }
  }, STEP_MS);
  return {
    waiting: () => Math.max(...publishers.map((publisher) => publisher.waiting())),
    calm: (): void => void (isCalm = true),
    end: (): void => {
      clearInterval(timer);
      for (const publisher of publishers) publisher.end();
    },
  };
};

/** Faults that last a minute and a half need holds of seconds. */
const shorten = async (server: Rigtwin): Promise<void> => {
  for (const kind of FAULTS)
    await server.api(ROUTES.alarmRules, { what: "alarm-rule", kind, setting: { holdMs: HOLD_MS, clearMs: HOLD_MS / 2 }, by: "chaos" });
};

const textOf = (alarms: readonly Alarm[]): string =>
  Buffer.from(canonicalBytes(alarms.toSorted((a, b) => (a.id < b.id ? -1 : 1)))).toString();

/** What an uninterrupted fold of these entries says was raised and cleared. */
const foldedAlarms = (site: string, entries: readonly Entry[]): { cleared: Alarm[]; active: Alarm[] } => {
  const farm = newFarm(site);
  const cleared = new Map<string, Alarm>();
  for (const entry of entries) {
    const out = nothingYet();
    foldEntry(farm, entry, out);
    for (const alarm of out.alarms) if (alarm.clearedTs !== null) cleared.set(alarm.id, alarm);
  }
  return { cleared: [...cleared.values()], active: activeAlarms(farm.alarms) };
};

const keptAlarms = (dataDir: string): Alarm[] => {
  const history = openAlarmHistory(dataDir);
  try {
    return [...history.page({}, undefined, 1_000_000).alarms];
  } finally {
    history.close();
  }
};
/**
 * What was raised on which rig, of the kinds that the scenario injects. Not how often: what was said while a server was away comes all at
 * once when it is back, and a short calm between two faults may be too short then to be one.
 */
const kindsOf = (alarms: readonly Alarm[]): string =>
  [...new Set(alarms.filter(({ kind }) => (FAULTS as readonly string[]).includes(kind)).map(({ rig, kind }) => `${rig} ${kind}`))]
    .toSorted()
    .join(", ");

/** Two servers, one of them killed; both hear the same. */
export const alarmKills = async ({ random, tell, part }: Around): Promise<Scened> => {
  const site = "alarms";
  const killed = await startRigtwin({ site });
  const whole = await startRigtwin({ site });
  await Promise.all([shorten(killed), shorten(whole)]);
  const rigs = speakTo([killed.mqttUrl, whole.mqttUrl], site, random);
  const kills = Math.max(3, Math.round(KILLS * part));
  try {
    for (let n = 1; n <= kills; n++) {
      await new Promise((done) => setTimeout(done, random.whole(200, 6_000)));
      await killed.kill9();
      tell(`kill ${n} of ${kills}; ${rigs.waiting()} messages wait`);
      await killed.restart();
    }
    rigs.calm();
    const isQuiet = async (server: Rigtwin): Promise<boolean> => {
      const { total } = await server.get<{ total: number }>(`${ROUTES.alarms}?state=active`);
      const { headPos, foldedPos } = (await server.get<Status>(ROUTES.status)).ingest;
      return total === 0 && rigs.waiting() < RIGS && headPos - foldedPos < 2 * RIGS;
    };
    const stillActive = async (server: Rigtwin): Promise<string> => {
      const { alarms } = await server.get<{ alarms: Alarm[] }>(`${ROUTES.alarms}?state=active`);
      return alarms.map(({ rig, kind, message }) => `${rig} ${kind}: ${message}`).join(" ");
    };
    await until(async () => (await isQuiet(killed)) && (await isQuiet(whole)), "every alarm ends", SETTLE_MS).catch(
      async (error: unknown) => {
        const [here, there] = [await stillActive(killed), await stillActive(whole)];
        throw new Error(`${String(error)}; ${rigs.waiting()} messages wait; killed: ${here}; uninterrupted: ${there}`, { cause: error });
      },
    );
    const listed = await killed.get<{ total: number; alarms: Alarm[] }>(`${ROUTES.alarms}?state=all&limit=10000`);
    rigs.end();
    await Promise.all([killed.stop(), whole.stop()]);
    const kept = keptAlarms(killed.dataDir);
    const wanted = foldedAlarms(site, await journalOf(killed.dataDir));
    const calm = keptAlarms(whole.dataDir);
    const [hit, unhit] = [kindsOf(kept), kindsOf(calm)];
    tell(`${kept.length} alarms in the history, ${calm.length} in that of the other server: ${hit}`);
    return {
      verdicts: [
        verdict("something was raised", kept.length > 0 ? null : "no alarm at all"),
        verdict(
          "the history of alarms is byte for byte that of an uninterrupted fold of the same journal",
          textOf(kept) === textOf(wanted.cleared) ? null : `${kept.length} kept, ${wanted.cleared.length} folded`,
        ),
        verdict("the API lists all of them", listed.total === kept.length ? null : `${listed.total} of ${kept.length}`),
        verdict(
          "what was raised on each rig is what a server that was not killed raised",
          hit === unhit ? null : `${hit}; uninterrupted: ${unhit}`,
        ),
      ],
      kills: new Map([["server", kills]]),
    };
  } finally {
    rigs.end();
    await killed.remove();
    await whole.remove();
  }
};
