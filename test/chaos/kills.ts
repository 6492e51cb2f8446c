/** kill -9 at moments that chance chooses: of what runs, of what is just starting, of several at once. */
import { spawnSync } from "node:child_process";
import type { Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";
import type { Random } from "./random.ts";

/** A program that can be killed and started again. */
export interface Victim {
  readonly name: string;
  readonly kill9: () => Promise<void>;
  /** Null where it is started again by the one who keeps it. */
  readonly restart: (() => Promise<void>) | null;
  /** Whether it is also killed in the middle of its start. */
  readonly early: boolean;
  /** Resolves when it has something in hand that is not safe yet, or after a while. */
  readonly ripe?: () => Promise<void>;
}

/** The local chain's process, by the folder it was given; the server starts it again by itself. */
export const chainOf = (server: Rigtwin): Victim => {
  const pid = (): number | null => {
    const { stdout } = spawnSync("ps", ["-e", "-o", "pid=,args="], { encoding: "utf8" });
    const line = stdout.split("\n").find((one) => one.includes(`--data-dir ${server.dataDir}/chain`));
    return line === undefined ? null : Number.parseInt(line, 10);
  };
  return {
    name: "chain",
    async kill9() {
      await until(() => pid() !== null, "the chain's process runs", 60_000);
      const found = pid();
      try {
        if (found !== null) process.kill(found, "SIGKILL");
      } catch {
        // gone between the look and the kill, with the server that kept it
      }
    },
    restart: null,
    early: false,
  };
};

/** A start that was asked for and may not be over. */
interface Starting {
  begun: boolean;
  over: boolean;
  /** It was killed in the middle: that it failed is as it should be. */
  killed: boolean;
  readonly done: Promise<void>;
}
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const startLater = (restart: () => Promise<void>, afterMs: number): Starting => {
  const starting: Starting = { begun: false, over: false, killed: false, done: Promise.resolve() };
  const run = async (): Promise<void> => {
    await pause(afterMs);
    starting.begun = true;
    try {
      await restart();
    } catch (error) {
      if (!starting.killed) throw error;
    } finally {
      starting.over = true;
    }
  };
  const done = run();
  // It is awaited before the next kill of the same program, or at the end.
  done.catch(() => undefined);
  return Object.assign(starting, { done });
};

/** Kills in the order of the list; resolves when everything runs again with the times of the kills by name, ms UTC. Throws where a start failed. */
export const runKills = async (
  list: readonly Victim[],
  random: Random,
  tell: (what: string) => void,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const starts = new Map<Victim, Starting>();
  const times = new Map<string, number[]>();
  for (const victim of list) {
    await pause(random.whole(100, 2_000));
    const starting = starts.get(victim);
    if (starting !== undefined && victim.early && random.chance(0.4)) {
      await until(() => starting.begun, "the start has begun");
      await pause(random.whole(50, 1_500));
      starting.killed = !starting.over;
    } else {
      await starting?.done;
      // Moments of chance mostly hit a program at rest; every other kill waits until there is something to lose.
      if (victim.ripe !== undefined && (!times.has(victim.name) || random.chance(0.5))) await victim.ripe();
    }
    await victim.kill9();
    times.set(victim.name, [...(times.get(victim.name) ?? []), Date.now()]);
    tell(`${victim.name}${starting?.killed === true ? ", in the middle of its start" : ""}`);
    await starting?.done;
    if (victim.restart !== null) starts.set(victim, startLater(victim.restart, random.whole(0, 1_500)));
  }
  for (const { done } of starts.values()) await done;
  return times;
};
