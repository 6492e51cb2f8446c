/** The gateway as a whole: fake machines of every dialect, a broker that comes and goes, and the server's own fold at the other end. */
import mqtt from "mqtt";
import { afterEach, describe, expect, test } from "@jest/globals";
import { commandTopicOf, readResponse, requestBytes, type AnyRequest } from "../../server/twin/command.ts";
import { DIALECTS } from "../../simulators/devices/park.ts";
import { until } from "../servers/until.ts";
import { openWorld, type WorldOptions } from "./world.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
const worldOf = async (options: WorldOptions) => {
  const world = await openWorld(options);
  stops.push(world.close);
  return world;
};

const near = (a: number | null, b: number, share: number): boolean => a !== null && Math.abs(a - b) <= share * Math.max(b, 1e-9);

describe("a site with machines of every dialect", () => {
  test("comes up: found, identified, read, signed, each figure in its unit", async () => {
    const world = await worldOf({ rigs: 40, firstHost: "127.28.1.1", range: "127.28.1.0/26" });
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    const gateway = world.gatewayWith();
    world.register(gateway.publicKey);
    stops.push(gateway.stop);
    gateway.start();
    const { served } = world.park;
    await until(
      () => world.farm.twins.size === served.length && [...world.farm.twins.values()].every(({ counts }) => counts.readings >= 2),
      "all are read",
    );
    expect(new Set(served.map(({ dialect }) => dialect.name))).toEqual(new Set(Object.keys(DIALECTS)));
    for (const { device, dialect } of served) {
      const mac = (device.plan.identity.mac ?? "").replaceAll(":", "").toLowerCase();
      const twin = world.farm.twins.get(`m-${mac}`);
      if (twin === undefined) throw new Error(`no twin of ${device.host} (${dialect.name})`);
      const m = device.shown();
      if (m === null) throw new Error(`${device.host} is dark`);
      const { latest, identity } = twin;
      const of = `${device.host} ${dialect.name} ${identity.model}`;
      expect([of, twin.format, twin.tier]).toEqual([of, dialect.name, "gateway-signed"]);
      if (dialect.name === "axeos") {
        expect([of, identity.model, near(latest.hashrateThs, 1.07, 0.2), near(latest.powerW, 19, 0.3)]).toEqual([
          of,
          "Bitaxe Gamma",
          true,
          true,
        ]);
        continue;
      }
      expect([of, identity.model?.startsWith(device.plan.identity.model ?? "?")]).toEqual([of, true]);
      expect([of, near(latest.hashrateThs, m.hashrateThs, 0.05)]).toEqual([of, true]);
      // Bitmain's firmware does not know its power
      expect([of, latest.powerW === null ? dialect.name : near(latest.powerW, m.powerW, 0.05)]).toEqual([
        of,
        latest.powerW === null ? "antminer" : true,
      ]);
      expect([of, latest.boards.length, near(latest.boardC ?? latest.chipC, m.boardC ?? 0, 0.3)]).toEqual([of, m.boards.length, true]);
      if (dialect.name !== "avalon")
        expect([of, latest.boards.map(({ chips }) => chips)]).toEqual([of, m.boards.map(({ chips }) => chips)]);
      expect([of, latest.fans.map(({ rpm }) => (rpm ?? 0) > 1_000)]).toEqual([of, m.fans.map(() => true)]);
      expect([of, latest.pools.map(({ url, active }) => [url, active])]).toEqual([of, m.pools.map(({ url, active }) => [url, active])]);
      expect([of, twin.quality]).toEqual([of, {}]);
      expect([of, twin.counts.missed, twin.counts.duplicates]).toEqual([of, 0, 0]);
    }
    expect(world.farm.inbox).toEqual([]);
  });

  test("lives with machines that answer slowly, half, or not at all", async () => {
    const manners = { latencyMs: 10, cut: 0.05, silent: 0.01, reset: 0.05 };
    const world = await worldOf({
      rigs: 20,
      firstHost: "127.28.2.1",
      range: "127.28.2.0/27",
      manners,
      flags: ["--timeout", "700", "--rescan", "10"],
    });
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    const gateway = world.gatewayWith();
    stops.push(gateway.stop);
    gateway.start();
    await until(
      () => world.farm.twins.size === 20 && [...world.farm.twins.values()].every(({ counts }) => counts.readings >= 5),
      () => `all are read, of ${[...world.farm.twins.values()].map(({ rig, counts }) => `${rig} ${counts.readings}`).join(", ")}`,
      60_000,
    );
    for (const twin of world.farm.twins.values()) {
      const thinks = twin.latest.hashrateThs;
      expect(thinks === null || (thinks > 0.5 && thinks < 400)).toBe(true);
    }
  });
});

describe("a broker that is away", () => {
  const readings = (world: Awaited<ReturnType<typeof worldOf>>) => [...world.farm.twins.values()];

  test("loses nothing: what was read meanwhile comes later, in order, once", async () => {
    const world = await worldOf({ rigs: 4, firstHost: "127.28.3.1", range: "127.28.3.0/28" });
    const gateway = world.gatewayWith();
    gateway.start();
    await until(() => gateway.outbox.status().waiting >= 3, "readings wait on disk");
    // killed in the middle: another process goes on with what lies on the disk
    await gateway.stop();
    const second = world.gatewayWith();
    stops.push(second.stop);
    second.start();
    await until(() => second.outbox.status().waiting >= 6, "more wait");
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    await until(() => second.outbox.status().waiting <= 1 && readings(world).length === 4, "all came");
    await until(() => readings(world).every(({ counts }) => counts.readings >= 5), "and go on");
    for (const { rig, counts } of readings(world)) expect([rig, counts.missed, counts.late]).toEqual([rig, 0, 0]);
  });

  test("for longer than there is room: the gap is in the twin, to the reading", async () => {
    const world = await worldOf({ rigs: 3, firstHost: "127.28.4.1", range: "127.28.4.0/29", flags: ["--spool-mb", "1"] });
    const gateway = world.gatewayWith();
    stops.push(gateway.stop);
    gateway.start();
    await until(() => gateway.fleet.status().miners === 3, "they are found");
    const [miner] = [...gateway.fleet.all()];
    if (miner === undefined) throw new Error("nobody");
    // an hour of readings of one machine, as fast as they can be made
    const { answersLine, answersText } = await import("../../server/gateway/message.ts");
    const { text } = answersText({ summary: { SUMMARY: [{ "GHS 5s": 100_000, filler: "x".repeat(20_000) }] } });
    for (let seq = 1; seq <= 200; seq++) {
      gateway.outbox.put(answersLine("hour", { ts: Date.now() - 200_000 + seq * 1_000, seq, boot: "b" }, text));
      await gateway.outbox.flush();
    }
    expect(world.complaints.some((complaint) => complaint.includes("thinned"))).toBe(true);
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    await until(() => gateway.outbox.status().waiting <= 1, "all came");
    const twin = world.farm.twins.get("hour");
    expect((twin?.counts.readings ?? 0) + (twin?.counts.missed ?? 0)).toBe(200);
    expect(twin?.counts.missed).toBeGreaterThan(0);
  });

  test("is told by the broker that the gateway is lost", async () => {
    const world = await worldOf({ rigs: 1, firstHost: "127.28.5.1", range: "127.28.5.1" });
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    const gateway = world.gatewayWith();
    gateway.start();
    const states = () =>
      world.heard.filter(({ topic }) => topic === "rigtwin/v1/farm/gw-1/state").map(({ payload }) => String(Buffer.from(payload)));
    await until(() => states().some((state) => state.includes('"online"')), "it is there");
    await gateway.stop();
    await until(() => states().at(-1)?.includes('"offline"') === true, "it said goodbye");
  });
});

describe("commands", () => {
  test.each(Object.keys(DIALECTS))("reach a machine that speaks %s, and show in what it does", async (name) => {
    const at = Object.keys(DIALECTS).indexOf(name);
    const host = `127.28.6.${at + 1}`;
    const world = await worldOf({ rigs: 1, firstHost: host, range: host, dialect: DIALECTS[name] });
    const broker = world.broker();
    await broker.start();
    stops.push(broker.stop);
    const gateway = world.gatewayWith();
    stops.push(gateway.stop);
    gateway.start();
    await until(() => world.farm.twins.size === 1, "it is there");
    const rig = [...world.farm.twins.keys()][0] ?? "";
    const client = await mqtt.connectAsync(world.mqttUrl, { clientId: "operator" });
    stops.push(() => client.endAsync(true));
    const answers = new Map<string, string>();
    client.on("message", (_topic, payload) => {
      const read = readResponse(payload);
      if (!("code" in read) && read.status !== "accepted") answers.set(read.id, `${read.status} ${read.detail}`);
    });
    await client.subscribeAsync("rigtwin/v1/farm/+/cmd/+/resp");
    const order = async (request: Pick<AnyRequest, "method" | "args">): Promise<string> => {
      const id = `${request.method}-${answers.size}`;
      const ts = Date.now();
      const whole = { ...request, id, ts, expiresTs: ts + 60_000 } as AnyRequest;
      await client.publishAsync(commandTopicOf("farm", rig, request.method), Buffer.from(requestBytes(whole)), { qos: 1 });
      await until(() => answers.has(id), `${request.method} is answered`);
      return answers.get(id) ?? "";
    };
    const { orders } = world.park.served[0]?.device ?? {};
    expect(await order({ method: "pause", args: {} })).toMatch(/^succeeded/);
    expect(orders?.paused).toBe(true);
    await until(
      () => world.farm.twins.get(rig)?.state === "paused" || world.farm.twins.get(rig)?.latest.hashrateThs === 0,
      "the twin shows it",
    );
    expect(await order({ method: "resume", args: {} })).toMatch(/^succeeded/);
    expect(orders?.paused).toBe(false);
    expect(await order({ method: "locate", args: { on: true } })).toMatch(/^succeeded/);
    expect(orders?.locating).toBe(true);
    expect(await order({ method: "pools", args: { pools: [{ url: "stratum+tcp://new.example:3333", worker: "w.1" }] } })).toMatch(
      /^succeeded/,
    );
    await until(() => world.farm.twins.get(rig)?.latest.pools[0]?.url.includes("new.example:3333") === true, "the twin shows the pool");
    const power = await order({ method: "power-target", args: { powerW: 2_500 } });
    expect(power).toMatch(["braiins", "luxos", "whatsminer", "whatsminer3"].includes(name) ? /^succeeded/ : /^refused .* has no command/);
    const fan = await order({ method: "fan-mode", args: { mode: "manual", speedPct: 80 } });
    expect(fan).toMatch(["antminer", "luxos", "vnish", "avalon", "axeos"].includes(name) ? /^succeeded/ : /^refused/);
    expect(await order({ method: "reboot", args: {} })).toMatch(/^succeeded/);
    expect(orders?.rebootTs).not.toBeNull();
  });
});
