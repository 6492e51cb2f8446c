/** The simulated farm, where one is wanted. */
import { createSimulator } from "../edge/simulator.ts";
import { withKeys } from "../flows/gateways.ts";
import { enterHistory } from "../flows/history.ts";
import type { Data } from "./data.ts";
import { builtPath, say, type House } from "./house.ts";

/** Between two simulated readings of the past; the charts of hours need no more. */
const PAST_INTERVAL_S = 30;
const HOUR_MS = 3_600_000;

export type Simulated = ReturnType<typeof createSimulated>;

export const createSimulated = ({ config, clock, status, runs }: House) => {
  const wanted = config.simulate && config.rigs > 0;
  const simulator = createSimulator({
    program: builtPath("simulators/main.js"),
    site: config.site,
    rigs: config.rigs,
    seed: config.seed,
    scenario: config.scenario,
    intervalS: config.interval,
    onExit: (code) => status.say("simulator", "simulated farm", "", `it ended with code ${code}`),
  });
  return {
    /** Public keys of its gateways, none where it does not run. */
    keys: async (): Promise<Record<string, string>> => (wanted ? await simulator.keys() : {}),
    /** Enters its past into a journal that is still empty. */
    async enterPast({ journal }: Data): Promise<void> {
      if (!wanted || config.backfill === 0 || journal.head().pos > 0) return;
      const toTs = clock.now();
      const fromTs = toTs - config.backfill * HOUR_MS;
      const past = withKeys(await simulator.keys(), fromTs, simulator.past(config.backfill, PAST_INTERVAL_S, toTs));
      const n = await enterHistory({ append: journal.append, onProgress: () => undefined }, past, fromTs, toTs);
      say(`  entered ${n} messages of a simulated past of ${config.backfill} h`);
    },
    start(mqttUrl: string): void {
      if (!wanted) return;
      simulator.start(mqttUrl);
      runs("the simulator", simulator.stop);
      status.say("simulator", "simulated farm", `${config.rigs} rigs, scenario ${config.scenario}`, null);
    },
  };
};
