/** Attacks over MQTT, by somebody who holds the credential of device dev-a or none. */
import type { MqttClient } from "mqtt";
import { attack, raw, SITE, type Attack, type Stage } from "./stage.ts";

const ROOT = `rigtwin/v1/${SITE}`;
const reading = (seq: number, over: Record<string, unknown> = {}): string =>
  JSON.stringify({ v: 1, ts: Date.now(), seq, boot: "b", m: { mode: "mining", hashrateThs: 100, powerW: 3_000 }, ...over });
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const rigs = async ({ ask }: Stage): Promise<string> => (await ask("admin", "/api/v1/rigs")).text;
const refusals = async ({ ask }: Stage): Promise<string> => (await ask("admin", "/api/v1/refusals")).text;
interface Ingest {
  readonly duplicates: number;
  readonly refused: number;
  readonly late: number;
}
const ingest = async ({ ask }: Stage): Promise<Ingest> =>
  (JSON.parse((await ask("admin", "/api/v1/status")).text) as { ingest: Ingest }).ingest;
const refusedSoFar = async (stage: Stage): Promise<number> => (await ingest(stage)).refused;

/** Publishes and tells whether the broker acknowledged it. */
const published = (client: MqttClient, topic: string, payload: string | Buffer, retain = false): Promise<boolean> =>
  new Promise((done) => {
    const timer = setTimeout(() => done(false), 3_000);
    client.once("close", () => done(false));
    client.on("error", () => done(false));
    client.publish(topic, payload, { qos: 1, retain }, (error) => {
      clearTimeout(timer);
      done(error === undefined || error === null);
    });
  });
const subscribed = (client: MqttClient, filter: string): Promise<boolean> =>
  new Promise((done) => {
    client.on("error", () => done(false));
    client.once("close", () => done(false));
    client.subscribe(filter, { qos: 1 }, (error, granted) => done(error === null && (granted ?? []).some(({ qos }) => qos < 128)));
  });
const cannotPublish = (name: string, topic: string, retain = false, payload = reading(1)): Attack =>
  attack(name, async (stage) => {
    const client = await stage.device("dev-a");
    const taken = await published(client, topic, payload, retain);
    client.end(true);
    return taken ? `the broker acknowledged ${topic}` : null;
  });
const cannotSubscribe = (name: string, filter: string): Attack =>
  attack(name, async (stage) => {
    const client = await stage.device("dev-a");
    const granted = await subscribed(client, filter);
    client.end(true);
    return granted ? `the broker granted ${filter}` : null;
  });
const cannotConnect = (name: string, user: string, options: Parameters<Stage["device"]>[1]): Attack =>
  attack(name, async (stage) => {
    try {
      (await stage.device(user, options)).end(true);
      return "it was let in";
    } catch {
      return null;
    }
  });
/** Acknowledged, for it is the device's own topic, but never part of a twin. */
const isRefused = (name: string, payload: string | Buffer, code: RegExp): Attack =>
  attack(name, async (stage) => {
    const before = await refusedSoFar(stage);
    const client = await stage.device("dev-a");
    await published(client, `${ROOT}/dev-a/telemetry`, payload);
    client.end(true);
    for (let tries = 0; tries < 40; tries++) {
      if ((await refusedSoFar(stage)) > before && code.test(await refusals(stage))) return null;
      await wait(100);
    }
    return "it is not among the refusals";
  });

export const BROKER: readonly Attack[] = [
  attack("(the stage works: a device's own reading is taken)", async (stage) => {
    const client = await stage.device("dev-a");
    const taken = await published(client, `${ROOT}/dev-a/telemetry`, reading(1));
    client.end(true);
    return taken ? null : "a device cannot speak for itself";
  }),
  cannotPublish("device A publishes B's readings", `${ROOT}/dev-b/telemetry`),
  cannotPublish("device A publishes B's state", `${ROOT}/dev-b/state`),
  cannotPublish("device A retains on B's birth", `${ROOT}/dev-b/birth`, true),
  cannotPublish("device A commands B", `${ROOT}/dev-b/cmd/reboot`),
  cannotPublish("device A answers in B's name", `${ROOT}/dev-b/cmd/reboot/resp`),
  cannotPublish("device A commands itself as the server would", `${ROOT}/dev-a/cmd/reboot`),
  cannotPublish("a command is retained", `${ROOT}/dev-a/cmd/reboot`, true),
  cannotPublish("a reading is retained", `${ROOT}/dev-a/telemetry`, true),
  cannotPublish("device A speaks for another site", "rigtwin/v1/elsewhere/dev-a/telemetry"),
  cannotPublish("device A publishes site energy", `${ROOT}/energy/telemetry`),
  cannotPublish("device A publishes another dialect's topic", "shellies/meter-1/emeter/0/power"),
  attack("device A's Will is on B's topic", async (stage) => {
    try {
      (await stage.device("dev-a", { will: { topic: `${ROOT}/dev-b/state`, payload: Buffer.from("x"), qos: 1, retain: true } })).end(true);
      return "it was let in";
    } catch {
      return null;
    }
  }),
  attack("device A's Will is a retained command", async (stage) => {
    try {
      (await stage.device("dev-a", { will: { topic: `${ROOT}/dev-a/cmd/reboot`, payload: Buffer.from("x"), qos: 1, retain: true } })).end(
        true,
      );
      return "it was let in";
    } catch {
      return null;
    }
  }),
  attack("a message on $SYS", async (stage) => {
    const client = await stage.device("dev-a");
    await published(client, "$SYS/broker/version", "forged");
    client.end(true);
    return (await rigs(stage)).includes("forged") ? "it reached the farm" : null;
  }),
  attack("a message on the journal's own topics", async (stage) => {
    const client = await stage.device("dev-a");
    await published(client, "$rigtwin/record", JSON.stringify({ rig: "dev-a", forged: true }));
    client.end(true);
    return (await stage.ask("admin", "/api/v1/rigs/dev-a/records")).text.includes("forged") ? "it became a record" : null;
  }),
  cannotSubscribe("device A subscribes to B's commands", `${ROOT}/dev-b/cmd/+`),
  cannotSubscribe("device A subscribes to B's readings", `${ROOT}/dev-b/telemetry`),
  cannotSubscribe("# as a device", "#"),
  cannotSubscribe("+ in place of a rig", `${ROOT}/+/cmd/+`),
  cannotSubscribe("+ at every level", "+/+/+/+/+"),
  cannotSubscribe("$share/x/#", "$share/x/#"),
  cannotSubscribe("$share on B's topics", `$share/x/${ROOT}/dev-b/cmd/+`),
  cannotSubscribe("$SYS/#", "$SYS/#"),
  cannotSubscribe("the site from above", `${ROOT}/#`),
  cannotConnect("no credential", "", { username: undefined as unknown as string, password: undefined as unknown as string }),
  cannotConnect("a wrong password", "dev-a", { password: "wrong" }),
  cannotConnect("an empty password", "dev-a", { password: "" }),
  cannotConnect("B's name with A's password", "dev-b", { password: "dev-a" }),
  cannotConnect("# in the client id", "dev-a", { clientId: "a/#" }),
  cannotConnect("+ in the client id", "dev-a", { clientId: "+" }),
  cannotConnect("+ in the username", "+", { password: "x" }),
  cannotConnect("# in the username", "#", { password: "x" }),
  cannotConnect("the simulator's name", "rigtwin-simulator", { password: "" }),
  cannotConnect("the server's name", "rigtwin-server", { password: "rigtwin-server" }),
  attack("client-id takeover: A connects under B's client id", async (stage) => {
    const b = await stage.device("dev-b", { clientId: "gateway" });
    const a = await stage.device("dev-a", { clientId: "gateway" });
    await wait(500);
    const survived = b.connected;
    a.end(true);
    b.end(true);
    return survived ? null : "B was thrown out";
  }),
  attack("a 1 MB payload is read", async (stage) => {
    const tooLarge = async (): Promise<number> => {
      const { text } = await stage.ask("admin", "/api/v1/refusals");
      return (JSON.parse(text) as { byCode: Record<string, number> }).byCode["PAYLOAD_TOO_LARGE"] ?? 0;
    };
    const before = await tooLarge();
    const client = await stage.device("dev-a");
    await published(client, `${ROOT}/dev-a/telemetry`, Buffer.alloc(1_048_576, "a"));
    client.end(true);
    for (let tries = 0; tries < 40; tries++) {
      if ((await tooLarge()) === before + 1) return null;
      await wait(100);
    }
    return "it was not refused for its size";
  }),
  attack("an 8 MB packet is gathered", async (stage) => {
    const client = await stage.device("dev-a");
    const taken = await published(client, `${ROOT}/dev-a/telemetry`, Buffer.alloc(8_388_608, "a"));
    client.end(true);
    return taken ? "it was acknowledged" : null;
  }),
  attack("a packet that claims 256 MB", async (stage) => {
    const { closed } = await raw(stage.mqttPort, Uint8Array.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]), 5_000);
    return closed ? null : "the broker waits for it";
  }),
  attack("a topic of 300 levels", async (stage) => {
    const client = await stage.device("dev-a");
    await published(client, Array.from({ length: 300 }, () => "a").join("/"), "x");
    client.end(true);
    return stage.alive() && (await stage.ask("admin", "/api/v1/health")).status === 200 ? null : "the server is gone";
  }),
  attack("replayed old messages count twice", async (stage) => {
    const client = await stage.device("dev-a");
    const same = reading(777, { boot: "replayed" });
    for (let i = 0; i < 5; i++) await published(client, `${ROOT}/dev-a/telemetry`, same);
    client.end(true);
    for (let tries = 0; tries < 40; tries++) {
      if ((await ingest(stage)).duplicates >= 4) return null;
      await wait(100);
    }
    return "the copies were not seen as such";
  }),
  attack("replayed old messages set the twin back", async (stage) => {
    const hashrate = async (): Promise<number> => {
      const { status, text } = await stage.ask("admin", "/api/v1/rigs/dev-a");
      return status === 200 ? ((JSON.parse(text) as { latest: { hashrateThs: number | null } }).latest.hashrateThs ?? 0) : 0;
    };
    const client = await stage.device("dev-a");
    const say = (seq: number, ageMs: number, hashrateThs: number): Promise<boolean> =>
      published(
        client,
        `${ROOT}/dev-a/telemetry`,
        reading(seq, { boot: "old", ts: Date.now() - ageMs, m: { mode: "mining", hashrateThs, powerW: 3_000 } }),
      );
    await say(50, 0, 111);
    for (let tries = 0; tries < 40 && (await hashrate()) !== 111; tries++) await wait(100);
    if ((await hashrate()) !== 111) return "the new one was not taken: the attack proves nothing";
    const before = await ingest(stage);
    await say(10, 3_600_000, 5);
    for (let tries = 0; tries < 40 && (await ingest(stage)).late <= before.late; tries++) await wait(100);
    client.end(true);
    const now = await hashrate();
    return now === 111 ? null : `the twin shows ${now}`;
  }),
  attack("a device whose password was renewed stays connected", async (stage) => {
    const made = await stage.send("admin", "/api/v1/devices", { name: "dev-d", topics: [] });
    const { password } = JSON.parse(made.text) as { password: string };
    const client = await stage.device("dev-d", { password });
    await stage.send("admin", "/api/v1/devices/dev-d", {});
    for (let tries = 0; tries < 40 && client.connected; tries++) await wait(100);
    if (client.connected) return "it is still there";
    try {
      (await stage.device("dev-d", { password })).end(true);
      return "the old password still opens";
    } catch {
      return null;
    }
  }),
  isRefused("NaN as a figure", '{"v":1,"ts":1,"seq":2,"boot":"b","m":{"hashrateThs":NaN}}', /PAYLOAD_NOT_JSON|NUMBER_NOT_FINITE/),
  isRefused("type flip: a figure becomes a text", reading(3, { m: { hashrateThs: "100; DROP" } }), /PAYLOAD_INVALID/),
  isRefused("type flip: the payload becomes a list", "[1,2,3]", /PAYLOAD_INVALID/),
  isRefused("a reading of the year 2100", reading(4, { ts: 4_102_444_800_000 }), /CLOCK_IN_FUTURE/),
  isRefused("bytes that are no UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x80]), /PAYLOAD_NOT_UTF8/),
  attack("prototype pollution in a payload", async (stage) => {
    const client = await stage.device("dev-a");
    await published(
      client,
      `${ROOT}/dev-a/telemetry`,
      `{"v":1,"ts":${Date.now()},"seq":9,"boot":"b","__proto__":{"polluted":1},"m":{"__proto__":{"polluted":1}}}`,
    );
    client.end(true);
    await wait(300);
    return (await stage.ask("admin", "/api/v1/site")).text.includes("polluted") ? "an answer is polluted" : null;
  }),
  attack("a revoked device stays connected", async (stage) => {
    const made = await stage.send("admin", "/api/v1/devices", { name: "dev-c", topics: [] });
    const { password } = JSON.parse(made.text) as { password: string };
    const client = await stage.device("dev-c", { password });
    await stage.ask("admin", "/api/v1/devices/dev-c", { method: "DELETE" });
    for (let tries = 0; tries < 40 && client.connected; tries++) await wait(100);
    return client.connected ? "it is still there" : null;
  }),
];
