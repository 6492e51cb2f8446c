/** The Sparkplug host's word about itself, on a real broker: there, lost without a goodbye, there again, gone. */
import mqtt from "mqtt";
import { afterEach, expect, test } from "@jest/globals";
import { createMqtt } from "../../server/edge/mqtt/client.ts";
import { startHass } from "../../server/flows/hass.ts";
import { hostState } from "../../server/twin/dialects/sparkplug-host.ts";
import { newFarm } from "../../server/twin/farm.ts";
import { isHassEcho } from "../../server/twin/hass.ts";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { freePort, startMosquitto } from "../servers/mosquitto.ts";
import { needs, pathTo } from "../servers/have.ts";
import { until } from "../servers/until.ts";
import { createTotals } from "../../server/flows/site-totals.ts";
import { NOTHING_KNOWN } from "../../server/twin/energy-settings.ts";

const stops: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
needs("mosquitto")("a Sparkplug host on Mosquitto", () => {
  test("birth and Will of each connection have the same time", async () => {
    const broker = await startMosquitto(pathTo("mosquitto"));
    stops.push(broker.stop);
    const listener = await mqtt.connectAsync(broker.url, { clientId: "listener" });
    stops.push(() => listener.endAsync(true));
    const said: { online: boolean; timestamp: number }[] = [];
    listener.on("message", (_topic, payload) => said.push(JSON.parse(payload.toString()) as { online: boolean; timestamp: number }));
    await listener.subscribeAsync("spBv1.0/STATE/rigtwin-farm", { qos: 1 });
    // the line in between can be cut as a cable is
    const sockets: Socket[] = [];
    const port = await freePort();
    const line = createServer((socket) => {
      const onwards = connectTcp(Number(new URL(broker.url).port), "127.0.0.1");
      sockets.push(socket, onwards);
      for (const end of [socket, onwards]) end.on("error", () => undefined);
      socket.pipe(onwards).pipe(socket);
    });
    await new Promise<void>((done) => line.listen(port, "127.0.0.1", done));
    stops.push(() => new Promise((done) => line.close(done)));
    let now = 1_790_000_000_000;
    const client = createMqtt({
      url: `mqtt://127.0.0.1:${port}`,
      clientId: "host",
      topics: ["spBv1.0/#"],
      onMessage: (_message, done) => done(null),
      host: hostState("farm"),
      now: () => (now += 1_000),
    });
    stops.push(client.stop);
    client.start();
    await until(() => said.length === 1, "it is there");
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(() => said.length === 3, "it was lost, and is there again");
    // the death of an earlier connection, late: it must not stay retained
    await listener.publishAsync("spBv1.0/STATE/rigtwin-farm", JSON.stringify({ online: false, timestamp: 1 }), { qos: 1, retain: true });
    await until(() => said.length === 5, "it says again that it is there");
    expect(said.splice(3)).toEqual([{ online: false, timestamp: 1 }, said[2]]);
    await client.stop();
    await until(() => said.length === 4, "it is gone");
    expect(said.map(({ online }) => online)).toEqual([true, false, true, false]);
    expect(said[1]?.timestamp).toBe(said[0]?.timestamp);
    expect(said[3]?.timestamp).toBe(said[2]?.timestamp);
    expect(said[2]?.timestamp).toBeGreaterThan(said[0]?.timestamp ?? 0);
  });
  test("what it publishes itself, and hears again, is kept nowhere; what others publish is, and all is acknowledged", async () => {
    const broker = await startMosquitto(pathTo("mosquitto"));
    stops.push(broker.stop);
    const kept: string[] = [];
    const client = createMqtt({
      url: broker.url,
      clientId: "server",
      topics: ["#"],
      isEcho: (topic) => isHassEcho("farm", topic),
      onMessage: ({ topic }, done) => {
        kept.push(topic);
        done(null);
      },
    });
    stops.push(client.stop);
    client.start();
    await until(client.connected, "it is connected");
    const farm = newFarm("farm");
    stops.push(
      startHass({
        totals: createTotals(() => NOTHING_KNOWN),
        clock: { now: () => 0, every: () => () => undefined },
        farm: () => farm,
        level: "site",
        version: "1",
        connected: client.connected,
        retain: client.retain,
        onError: (what, error) => {
          throw new Error(what, { cause: error });
        },
      }),
    );
    const finder = await mqtt.connectAsync(broker.url, { clientId: "finder" });
    stops.push(() => finder.endAsync(true));
    const found = new Map<string, string>();
    finder.on("message", (topic, payload, { retain }) => retain && found.set(topic, payload.toString()));
    await until(async () => {
      await finder.subscribeAsync(["homeassistant/+/+/+/config", "rigtwin-ha/#"], { qos: 1 });
      if (found.size !== 11) throw new Error(`${found.size} ${[...found.keys()].join(" ")}`);
      return true;
    }, "a late comer finds the site's ten figures and its state");
    await finder.publishAsync("shed/7/values", "1", { qos: 1 });
    await until(() => kept.length === 1, "what others say is kept");
    expect(kept).toEqual(["shed/7/values"]);
    expect(JSON.parse(found.get("homeassistant/sensor/rigtwin_farm/site_hashrateThs/config") ?? "{}")).toMatchObject({
      unit_of_measurement: "TH/s",
      state_topic: "rigtwin-ha/farm/site",
    });
  });
});
