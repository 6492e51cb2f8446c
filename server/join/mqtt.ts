/** The broker that devices talk to: the embedded one, or an outside one. */
import { createBroker } from "../edge/broker/broker.ts";
import { createMqtt } from "../edge/mqtt/client.ts";
import { readFileSync } from "node:fs";
import { startHass } from "../flows/hass.ts";
import { SIMULATOR } from "../flows/devices.ts";
import { mayPublish, maySubscribe, type Device } from "../twin/device-rules.ts";
import { hostState } from "../twin/dialects/sparkplug-host.ts";
import { isHassEcho } from "../twin/hass.ts";
import { Refused } from "../twin/refusal.ts";
import { topicOf } from "../twin/wire.ts";
import type { Data } from "./data.ts";
import type { Energy } from "./energy.ts";
import type { Fold } from "./fold.ts";
import { complain, type House } from "./house.ts";
import type { Door } from "./people.ts";

/** Messages a second of one connection without a credential, which is of this machine. */
const ANONYMOUS_RATE = 20_000;
/** As the status page counts them. */
const LIMITS = {
  rate: "mqtt message delayed",
  size: "mqtt packet too long",
  connections: "mqtt connection too many",
  reader: "mqtt reader too slow",
  session: "mqtt session too far behind",
};
const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

/** TLS beside the plain listener, where a certificate is given; with certificates that vouch for devices, those may come without a password. */
const tlsOf = ({ mqttTlsPort, mqttClientCa, tlsCert, tlsKey }: House["config"]) =>
  mqttTlsPort === null || tlsCert === null || tlsKey === null
    ? null
    : {
        port: mqttTlsPort,
        options: {
          cert: readFileSync(tlsCert),
          key: readFileSync(tlsKey),
          ...(mqttClientCa === null ? {} : { ca: readFileSync(mqttClientCa), requestCert: true, rejectUnauthorized: false }),
        },
      };

/** Starts it and gives its address. Throws Refused PORT_IN_USE. */
export const startMqtt = async (
  { config, version, clock, status, runs }: House,
  { journal }: Data,
  { farm, publishBy, hasBegun }: Fold,
  door: Door,
  { totals }: Energy,
  sender: { publish: (topic: string, payload: Uint8Array) => Promise<void> },
): Promise<string> => {
  const take: typeof journal.append = (message, done) =>
    hasBegun()
      ? journal.append(message, done)
      : done(new Refused("JOURNAL_UNAVAILABLE", "The journal has no room for the entry of this start: nothing is acknowledged."));
  const hass = { clock, farm, totals, level: config.hassDiscovery, version, onError: complain };
  if (config.mqttUrl === null) {
    let broken = 0;
    const sayBroken = (client: string, reason: string): void => {
      broken += 1;
      sayPort(`; closed ${broken} connections that broke the protocol, the last of "${client.slice(0, 64)}": ${reason}`);
    };
    const { devices, later } = door;
    const anonymous = config.mqttAnonymous ?? (config.simulate && LOOPBACK.test(config.mqttHost));
    const broker = createBroker<Device>({
      anonymous,
      admit: devices.admit,
      certified: devices.certified,
      mayPublish: (device, topic, retain) => mayPublish(device, config.site, topic, retain),
      maySubscribe: (device, filter) => maySubscribe(device, config.site, filter),
      perS: (device) => (device === SIMULATOR ? Infinity : device === null ? ANONYMOUS_RATE : config.mqttRate),
      onSeen: devices.see,
      onDenied: (what) => status.count(`mqtt ${what} denied`),
      onLimit: (what) => status.count(LIMITS[what]),
      tls: tlsOf(config),
      host: config.mqttHost,
      port: config.mqttPort,
      onMessage: take,
      onBroken: sayBroken,
      retained: () => [...farm().retained].map(([topic, payload]) => ({ topic, payload })),
    });
    const listening = await broker.start();
    sender.publish = broker.publish;
    runs("the broker", broker.stop);
    publishBy(broker.publish);
    const host = hostState(config.site);
    await broker.retain(host.topic, host.payload(true, clock.now()));
    runs("what Home Assistant is told", startHass({ ...hass, connected: () => true, retain: broker.retain }));
    Object.assign(later, { disconnect: broker.disconnect, connected: broker.isConnected, rigs: () => [...farm().twins.keys()] });
    const tls = listening.tlsPort === null ? "" : `, TLS on port ${listening.tlsPort}`;
    const open = anonymous ? ", devices need no credential" : "";
    const sayPort = (more: string): void => status.say("mqtt", "embedded broker", `port ${listening.port}${tls}${open}${more}`, null, true);
    sayPort("");
    return `mqtt://127.0.0.1:${listening.port}`;
  }
  const client = createMqtt({
    url: config.mqttUrl,
    clientId: config.mqttClient ?? `rigtwin-${config.site}`,
    topics: config.mqttTopics.split(","),
    host: hostState(config.site),
    now: clock.now,
    every: clock.every,
    share: config.mqttShare,
    unshared: [topicOf(config.site, "+", "birth"), topicOf(config.site, "+", "state")],
    isEcho: (topic) => isHassEcho(config.site, topic),
    onMessage: take,
    onHealth: (gone) => status.say("mqtt", "outside broker", "subscribed", gone, true),
  });
  status.say("mqtt", "outside broker", "", "not connected yet", true);
  publishBy(client.publish);
  client.start();
  sender.publish = client.publish;
  runs("the broker's client", client.stop);
  runs("what Home Assistant is told", startHass({ ...hass, connected: client.connected, retain: client.retain }));
  return config.mqttUrl;
};
