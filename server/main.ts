/** Builds every part, joins them, starts them in order and stops them in reverse. Nothing imports this file. */
import "./v8.ts";
import { readFileSync } from "node:fs";
import { helpText, readConfig, type Config } from "./config.ts";
import { openData } from "./join/data.ts";
import { openEnergy } from "./join/energy.ts";
import { SIMULATOR } from "./flows/devices.ts";
import { createSimulated } from "./join/farm.ts";
import { startFold } from "./join/fold.ts";
import { builtPath, createHouse, say, type House } from "./join/house.ts";
import { createLedger, startChain } from "./join/ledger.ts";
import { startMqtt } from "./join/mqtt.ts";
import { watchOwnHealth } from "./join/own-health.ts";
import { openDoor, type Door } from "./join/people.ts";
import { startWeb } from "./join/web.ts";
import { Refused } from "./twin/refusal.ts";

const { version } = JSON.parse(readFileSync(builtPath("../package.json"), "utf8")) as { version: string };

const greet = ({ host, site, dataDir, tlsCert }: Config, port: number, mqttUrl: string, { localRole }: Door): void => {
  const own = `${tlsCert === null ? "http" : "https"}://${host === "0.0.0.0" || host === "::" ? "localhost" : host}:${port}`;
  say("");
  say(`  Rigtwin ${version} · site ${site}`);
  say(`  Dashboard   ${own}`);
  say(`  API         ${own}/api/v1/reference`);
  say(`  MQTT        ${mqttUrl.replace(/\/\/[^@/]*@/, "//")}`);
  say(`  Data        ${dataDir}`);
  if (localRole !== null)
    say(`  On this machine nobody needs to log in: callers from here have the role ${localRole} (LOCAL_ROLE=none ends that)`);
  say(`  Stop with Ctrl-C.`);
};

const withUser = (mqttUrl: string, password: string): string => {
  const url = new URL(mqttUrl);
  url.username = SIMULATOR;
  url.password = password;
  return url.href;
};

const run = async (house: House): Promise<void> => {
  const data = await openData(house);
  const door = await openDoor(house);
  // Not with the greeting: a start that ends before that has made the admin all the same, and no other shows the password.
  if (door.shownPassword !== null) say(`  Log in as    admin, password ${door.shownPassword} (shown this once)`);
  // Its second of start-up passes while the journal is read.
  const chainAt = startChain(house);
  chainAt.catch(() => undefined);
  const simulated = createSimulated(house);
  await simulated.enterPast(data);
  const energy = await openEnergy(house);
  const fold = await startFold(house, data, await simulated.keys(), energy.totals);
  const ledger = createLedger(house, data, fold, await chainAt);
  const { port, broker } = await startWeb(house, data, fold, ledger, door, energy);
  await ledger.start();
  watchOwnHealth(house, data, fold, ledger);
  const mqttUrl = await startMqtt(house, data, fold, door, energy, broker);
  simulated.start(house.config.mqttUrl ?? withUser(mqttUrl, door.simulatorPassword));
  greet(house.config, port, mqttUrl, door);
};

const end = async (house: House | null, code: number): Promise<void> => {
  // A part that hangs must not keep a terminal.
  setTimeout(() => process.exit(code === 0 ? 1 : code), 15_000).unref();
  await house?.stopAll();
  process.exit(code);
};

const main = async (): Promise<void> => {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) return say(helpText());
  let house: House | null = null;
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      say("  Stopping …");
      void end(house, 0);
    });
  try {
    house = createHouse(readConfig(argv, process.env), version);
    await run(house);
  } catch (error) {
    if (stopping) return;
    console.error(error instanceof Refused ? error.detail : error);
    await end(house, error instanceof Refused && error.code === "CONFIG_INVALID" ? 2 : 1);
  }
};

void main();
