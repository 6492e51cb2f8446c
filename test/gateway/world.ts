/** Fake machines, a broker, a fold and a gateway in one process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBroker } from "../../server/edge/broker/broker.ts";
import { verifyNative } from "../../server/edge/ed25519.ts";
import { argumentsOf } from "../../server/gateway/arguments.ts";
import { createGateway } from "../../server/gateway/gateway.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import type { Act } from "../../server/twin/record.ts";
import type { Message } from "../../server/twin/twin.ts";
import { OWN } from "../../server/twin/wire.ts";
import { GOOD_MANNERS, type Manners } from "../../simulators/devices/serve.ts";
import { openPark, type ParkOptions } from "../../simulators/devices/park.ts";
import { freePort } from "../servers/mosquitto.ts";

export const CALM = { name: "calm", faults: [] } as unknown as ParkOptions["scenario"];

export interface WorldOptions {
  readonly rigs: number;
  readonly firstHost: string;
  readonly range: string;
  readonly manners?: Partial<Manners>;
  readonly dialect?: ParkOptions["dialect"];
  readonly flags?: readonly string[];
}

export const openWorld = async (options: WorldOptions) => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-gateway-"));
  const ports = { rpc: await freePort(), framed: await freePort(), web: await freePort() };
  const mqttPort = await freePort();
  const park = await openPark({
    rigs: options.rigs,
    seed: 1,
    scenario: CALM,
    firstHost: options.firstHost,
    ports,
    manners: { ...GOOD_MANNERS, ...options.manners },
    now: Date.now,
    ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
  });
  const farm = newFarm("farm");
  const heard: Message[] = [];
  let pos = 0;
  const fold = (message: Omit<Message, "client">): void =>
    foldEntry(farm, { ...message, client: "", pos: ++pos, receivedTs: Date.now() }, nothingYet(), verifyNative);
  const broker = () =>
    createBroker({
      host: "127.0.0.1",
      port: mqttPort,
      onMessage: (message, done) => {
        heard.push({ ...message, payload: Uint8Array.from(message.payload) });
        fold(message);
        done(null);
      },
      retained: () => [...farm.retained].map(([topic, payload]) => ({ topic, payload })),
    });
  const complaints: string[] = [];
  const usual = [
    `--mqtt=mqtt://127.0.0.1:${mqttPort}`,
    "--name=gw-1",
    `--range=${options.range}`,
    "--interval=1",
    `--data-dir=${folder}`,
    `--rpc-port=${ports.rpc}`,
    `--framed-port=${ports.framed}`,
    `--web-port=${ports.web}`,
  ];
  const gatewayWith = (flags: readonly string[] = []) =>
    createGateway(
      argumentsOf([...usual, ...(options.flags ?? []), ...flags], {}),
      () => undefined,
      (text) => complaints.push(text),
    );
  return {
    folder,
    park,
    farm,
    heard,
    complaints,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    broker,
    gatewayWith,
    /** The server believes this key from now on. */
    register(publicKey: string): void {
      const act: Act = { what: "gateway-key", gateway: "gw-1", publicKey, fromTs: 0, toTs: null, by: "test" };
      fold({ topic: OWN.act, payload: new TextEncoder().encode(JSON.stringify(act)), qos: 1, retain: false, dup: false });
    },
    async close(): Promise<void> {
      await park.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
