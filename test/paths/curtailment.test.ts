/** Commands and a short curtailment of the simulated farm, through a Mosquitto that is nobody's own. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import mqtt from "mqtt";
import type { Command } from "../../server/twin/commands.ts";
import { curtailment, type Curtailment } from "../../server/twin/curtail/shapes.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startMosquitto, type Mosquitto } from "../servers/mosquitto.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const RIGS = 10;
interface Site {
  readonly rigs: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly reportedW: number;
}
interface Listed {
  readonly commands: readonly Command[];
}

needs("mosquitto")("the simulated farm behind Mosquitto", () => {
  let broker: Mosquitto;
  let server: Rigtwin;
  const clients: mqtt.MqttClient[] = [];
  /** Ended after the tests, however they end: a client that goes on would disturb every test after these. */
  const connect = async (clientId: string): Promise<mqtt.MqttClient> => {
    const client = await mqtt.connectAsync(broker.url, { clientId });
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    broker = await startMosquitto(pathTo("mosquitto"));
    server = await startRigtwin({ site: "curtailed", rigs: RIGS, intervalS: 1, mqttUrl: broker.url, scenario: "calm-day" });
    await until(async () => (await server.get<Site>(ROUTES.site)).byState["hashing"] === RIGS, "all rigs hash", 60_000);
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) await client.endAsync(true);
    await server.remove();
    await broker.stop();
  });
  const post = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await server.api(path, body);
    if (answer.status >= 300) throw new Error(`${path} answers ${answer.status}: ${answer.text}`);
    return answer.json as T;
  };
  const now = async (): Promise<Curtailment> => curtailment.parse(await server.get(ROUTES.curtailment));

  test("a command is planned, ordered, carried out and answered; who, when and why stay with it; nothing of it is retained", async () => {
    const rigs = ["rig-0001", "rig-0002", "nobody"];
    const planned = await post<{ affected: { rig: string }[]; held: { rig: string }[] }>(ROUTES.commandPlan, {
      method: "locate",
      args: { on: true },
      rigs,
    });
    expect([planned.affected.map(({ rig }) => rig), planned.held.map(({ rig }) => rig)]).toEqual([["rig-0001", "rig-0002"], ["nobody"]]);
    await post(ROUTES.commands, { method: "locate", args: { on: true }, rigs, by: "badge-17", why: "Which one is it?" });
    const done = async (): Promise<readonly Command[]> => (await server.get<Listed>(ROUTES.commands)).commands;
    await until(async () => (await done()).every(({ state }) => state === "SUCCESSFUL"), "both are carried out");
    expect(await done()).toMatchObject([
      { by: "badge-17", why: "Which one is it?", method: "locate" },
      { by: "badge-17", why: "Which one is it?", method: "locate" },
    ]);
    // Whoever comes later finds no order: what is retained comes before what is published after the subscription.
    const late = await connect("late");
    const heard: string[] = [];
    late.on("message", (topic) => void heard.push(topic));
    await late.subscribeAsync("rigtwin/v1/+/+/cmd/#", { qos: 1 });
    await late.publishAsync("rigtwin/v1/curtailed/nobody/cmd/locate", "{}", { qos: 1 });
    await until(() => heard.length > 0, "its own message comes back");
    expect(heard).toEqual(["rigtwin/v1/curtailed/nobody/cmd/locate"]);
  });

  test("MaestroOS's topic brings the farm to half; killed meanwhile it goes on; at 100 all are woken, and it says what it saved", async () => {
    await post(ROUTES.curtailment, { what: "settings", settings: { batchSize: 3, gapS: 1, mqtt: {} }, by: "badge-17" });
    const grid = await connect("grid");
    const say = (target: number): Promise<unknown> =>
      grid.publishAsync("maestro/target", JSON.stringify({ target, timestamp: Math.floor(Date.now() / 1_000) }), { qos: 1 });
    await say(50);
    await until(async () => ((await now()).active?.counts["paused"] ?? 0) > 0, "the first pause", 60_000);
    await server.kill9();
    await server.restart();
    await until(
      async () => {
        const { active } = await now();
        return active?.phase === "held" && active.drawnW <= (active.limitW ?? 0) && (active.savedKwh ?? 0) > 0;
      },
      "it is held below half",
      120_000,
    );
    const { active } = await now();
    expect(active).toMatchObject({ wishes: [{ source: "mqtt", target: { of: "pct", value: 50 } }] });
    const asleep = active?.members.filter(({ state }) => state === "paused").map(({ rig }) => rig) ?? [];
    expect(asleep.length).toBeGreaterThanOrEqual(RIGS / 2 - 1);
    expect(asleep.length).toBeLessThan(RIGS);
    await say(100);
    await until(
      async () => {
        const twins = await Promise.all(asleep.map((rig) => server.get<{ latest: { mode: string } }>(pathOf(ROUTES.rig, { rig }))));
        return twins.every(({ latest }) => latest.mode !== "paused");
      },
      "all are awake",
      60_000,
    );
    const after = await now();
    const told = after.active ?? after.past[0];
    expect(told?.savedKwh).toBeGreaterThan(0);
    expect(told?.saved).toBeGreaterThan(0);
    // At noon of a sunny day half the farm runs on its own plants alone.
    expect(told?.savedKgco2e).toBeGreaterThanOrEqual(0);
  }, 240_000);
});
