/**
 * What 200 viewers of a whole farm cost the server more than one: its CPU with one and with 200, in turns on one server under the same rate.
 * Then what viewers that stop reading hold of its memory. Linux only: read from /proc.
 * `--viewers N` (200), `--seconds N` of a turn (60), `--turns N` of each (4), `--rigs N` (10,000) at `--interval N` s (10).
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ROUTES } from "../../server/twin/wire.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { cpuS, memoryMb } from "./proc.ts";
import { figure, median, optionOf, type Emit } from "./report.ts";
import type { Heard, Wish } from "./viewers-worker.ts";

const LIMIT_PCT = 5;
/** A whole of 10,000 rigs and two frames, before the kernel takes them. */
const LIMIT_DEAF_MB = 8;
const DEAF = 20;
/** Until all rigs have spoken. */
const WARM_UP_MS = 30_000;
/** A farm of ten thousand enters its tokens once, for many minutes and with much of the server: that is waited for. */
const ENTERED_MS = 30 * 60_000;
const LOOK_MS = 5_000;
/** The wholes of 200 viewers are 700 MB. */
const SETTLE_MS = 25_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const entered = async (server: Rigtwin): Promise<void> => {
  const deadline = performance.now() + ENTERED_MS;
  for (let told = ""; ; await pause(LOOK_MS)) {
    const { detail } = (await server.get<{ ports: Record<string, { detail: string }> }>(ROUTES.status)).ports["chain"] ?? { detail: "" };
    if (detail === "every record is final") return;
    if (performance.now() > deadline) throw new Error(`the tokens are not entered: ${detail}`);
    if (detail !== told) process.stderr.write(`viewers: ${detail}\n`);
    told = detail;
  }
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const shown = (pct: number): string => pct.toFixed(1);

const worker = (): ChildProcess => fork(fileURLToPath(new URL("viewers-worker.js", import.meta.url)));
const have = async (child: ChildProcess, wish: Wish): Promise<void> => {
  const ready = once(child, "message");
  child.send(wish);
  await ready;
};
const heardBy = async (child: ChildProcess): Promise<Heard> => {
  const answer = once(child, "message");
  child.send("count");
  return ((await answer) as [Heard])[0];
};

export const run = async (emit: Emit): Promise<void> => {
  const many = optionOf("viewers", 200);
  // A farm of this size is kept for replays each minute: a turn has that in it once.
  const seconds = optionOf("seconds", 60);
  const turns = optionOf("turns", 4);
  const rigs = optionOf("rigs", 10_000);
  const interval = optionOf("interval", 10);
  const server = await startRigtwin({ rigs: 0 });
  const program = fileURLToPath(new URL("../../simulators/main.js", import.meta.url));
  const flags = { url: server.mqttUrl, site: "farm", rigs, interval: `${interval}s`, scenario: "calm-day" };
  const farm = spawn(process.execPath, [program, ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [seeing, deaf] = [worker(), worker()];
  const measured = async (viewers: number): Promise<{ readonly pct: number; readonly framesPerS: number }> => {
    await have(seeing, { url: server.url, viewers, deaf: false });
    await pause(SETTLE_MS);
    const before = await heardBy(seeing);
    const [fromS, fromMs] = [cpuS(server.pid()), performance.now()];
    await pause(seconds * 1_000);
    const [tookS, ms] = [cpuS(server.pid()) - fromS, performance.now() - fromMs];
    const { frames } = await heardBy(seeing);
    return { pct: (100_000 * tookS) / ms, framesPerS: (1_000 * (frames - before.frames)) / ms / viewers };
  };
  try {
    await pause(WARM_UP_MS);
    await entered(server);
    const one: number[] = [];
    const all: number[] = [];
    const paces: number[] = [];
    const few = async (): Promise<void> => void one.push((await measured(1)).pct);
    const crowd = async (): Promise<void> => {
      const { pct, framesPerS } = await measured(many);
      all.push(pct);
      paces.push(framesPerS);
    };
    // A server grows cheaper in its first half hour: every second pair stands the other way round, so that this weighs on neither.
    for (let turn = 0; turn < turns; turn += 1)
      for (const measure of turn % 2 === 0 ? [few, crowd] : [crowd, few]) {
        await measure();
        process.stderr.write(`viewers: ${one.map(shown).join(" ")} % with one, ${all.map(shown).join(" ")} % with ${many}\n`);
      }
    const more = all.map((pct, turn) => pct - (one[turn] ?? NaN));
    const against = "the goal";
    emit(
      figure({
        bench: "viewers-cpu",
        ours: mean(more),
        limit: LIMIT_PCT,
        unit: `% of a core more with ${many} than with one, mean of ${turns} pairs`,
        against,
        withOne: median(one),
        withAll: median(all),
        turns: `${one.map(shown).join(" ")} | ${all.map(shown).join(" ")}`,
        framesPerS: median(paces),
        rigs,
      }),
    );
    await have(seeing, { url: server.url, viewers: 1, deaf: false });
    await pause(SETTLE_MS);
    // The whole server's memory goes up and down with its collections by more than these viewers hold: the middle of each minute is compared.
    const residents = async (): Promise<number[]> => {
      const samples: number[] = [];
      for (const deadline = Date.now() + seconds * 1_000; Date.now() < deadline; await pause(1_000))
        samples.push(memoryMb(server.pid(), "VmRSS"));
      return samples;
    };
    const before = median(await residents());
    await have(deaf, { url: server.url, viewers: DEAF, deaf: true });
    const held = (await residents()).map((mb) => (mb - before) / DEAF);
    emit(
      figure({
        bench: "deaf-viewer",
        ours: median(held),
        limit: LIMIT_DEAF_MB,
        unit: "MB resident each, median",
        against,
        most: Math.max(...held),
        last: held.at(-1) ?? 0,
        deaf: DEAF,
      }),
    );
  } finally {
    seeing.kill("SIGKILL");
    deaf.kill("SIGKILL");
    farm.kill("SIGKILL");
    await server.remove();
  }
};
