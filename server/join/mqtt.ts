/** The broker that devices talk to: the embedded one, or an outside one. */
import { createBroker } from "../edge/broker/broker.ts";
import { createMqtt } from "../edge/mqtt/client.ts";
import { ROOT } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Fold } from "./fold.ts";
import type { House } from "./house.ts";

/** Starts it and gives its address. Throws Refused PORT_IN_USE. */
export const startMqtt = async ({ config, status, runs }: House, { journal }: Data, { farm }: Fold): Promise<string> => {
  if (config.mqttUrl === null) {
    const broker = createBroker({
      host: config.mqttHost,
      port: config.mqttPort,
      onMessage: journal.append,
      retained: () => [...farm().retained].map(([topic, payload]) => ({ topic, payload })),
    });
    const listening = await broker.start();
    runs("the broker", broker.stop);
    status.say("mqtt", "embedded broker", `port ${listening.port}`, null, true);
    return `mqtt://127.0.0.1:${listening.port}`;
  }
  const client = createMqtt({
    url: config.mqttUrl,
    clientId: config.mqttClient ?? `rigtwin-${config.site}`,
    topics: [`${ROOT}/#`],
    share: config.mqttShare,
    onMessage: journal.append,
    onHealth: (gone) => status.say("mqtt", "outside broker", "subscribed", gone, true),
  });
  status.say("mqtt", "outside broker", "", "not connected yet", true);
  client.start();
  runs("the broker's client", client.stop);
  return config.mqttUrl;
};
