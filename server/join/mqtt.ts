/** The broker that devices talk to: the embedded one, or an outside one. */
import { createBroker } from "../edge/broker/broker.ts";
import { createMqtt } from "../edge/mqtt/client.ts";
import { ROOT, topicOf } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import type { House } from "./house.ts";

/** Starts it and gives its address. Throws Refused PORT_IN_USE. */
export const startMqtt = async ({ config, status, runs }: House, { journal }: Data, { farm }: Fold): Promise<string> => {
  if (config.mqttUrl === null) {
    let broken = 0;
    const sayBroken = (client: string, reason: string): void => {
      broken += 1;
      sayPort(`; closed ${broken} connections that broke the protocol, the last of "${client.slice(0, 64)}": ${reason}`);
    };
    const broker = createBroker({
      host: config.mqttHost,
      port: config.mqttPort,
      onMessage: journal.append,
      onBroken: sayBroken,
      retained: () => [...farm().retained].map(([topic, payload]) => ({ topic, payload })),
    });
    const listening = await broker.start();
    runs("the broker", broker.stop);
    const sayPort = (more: string): void => status.say("mqtt", "embedded broker", `port ${listening.port}${more}`, null, true);
    sayPort("");
    return `mqtt://127.0.0.1:${listening.port}`;
  }
  const client = createMqtt({
    url: config.mqttUrl,
    clientId: config.mqttClient ?? `rigtwin-${config.site}`,
    topics: [`${ROOT}/#`],
    share: config.mqttShare,
    unshared: [topicOf(config.site, "+", "birth"), topicOf(config.site, "+", "state")],
    onMessage: journal.append,
    onHealth: (gone) => status.say("mqtt", "outside broker", "subscribed", gone, true),
  });
  status.say("mqtt", "outside broker", "", "not connected yet", true);
  client.start();
  runs("the broker's client", client.stop);
  return config.mqttUrl;
};
