/** An incident of a started server, told by a webhook that this test is; the server is killed between sending and noting it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { notifications, type Notifications } from "../../server/twin/notify/shapes.ts";
import { pathOf, ROUTES, topicOf } from "../../server/twin/wire.ts";
import { createPublisher, readingOf, type Publisher } from "../servers/device.ts";
import { startRigtwin, type Rigtwin } from "../servers/rigtwin.ts";
import { until } from "../servers/until.ts";

const SITE = "told";
interface Call {
  readonly path: string;
  readonly id: string;
  readonly body: { readonly type: string; readonly data: { readonly title: string } };
  readonly response: ServerResponse;
}
const calls: Call[] = [];
/** Paths whose calls are answered by the test, or never. */
const held = new Set<string>(["/hangs"]);
const farEnd = createServer((request: IncomingMessage, response: ServerResponse) => {
  let body = "";
  request.on("data", (piece: Buffer) => void (body += piece.toString()));
  request.on("end", () => {
    const path = request.url ?? "";
    calls.push({ path, id: String(request.headers["webhook-id"]), body: JSON.parse(body) as Call["body"], response });
    if (!held.has(path)) response.end("thanks");
  });
});
const to = (path: string): Call[] => calls.filter((call) => call.path === path);

let server: Rigtwin;
let rig: Publisher;
let url = "";
let seq = 0;
beforeAll(async () => {
  farEnd.listen(0, "127.0.0.1");
  await once(farEnd, "listening");
  url = `http://127.0.0.1:${(farEnd.address() as AddressInfo).port}`;
  server = await startRigtwin({ site: SITE, notifyAllow: "127.0.0.1" });
  rig = createPublisher(server.mqttUrl, "hot");
});
afterAll(async () => {
  rig.end();
  await server.remove();
  farEnd.closeAllConnections();
  farEnd.close();
});

const post = async (path: string, body: unknown): Promise<unknown> => {
  const answer = await server.api(path, body);
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${answer.text}`);
  return answer.json;
};
const hook = (id: string): object => ({ id, label: id, kind: "webhook", secrets: { url: `${url}/${id}`, key: "hush-hush" } });
const now = (): Promise<Notifications> => server.get<Notifications>(ROUTES.notifications);
const hot = async (boardC: number): Promise<void> => {
  seq += 1;
  const reading = readingOf("b", seq, Date.now()) as { m: Record<string, unknown> };
  reading.m["boards"] = [{ index: 0, boardC, chipC: boardC, hashrateThs: 30 }];
  reading.m["boardC"] = boardC;
  await rig.publish(topicOf(SITE, "hot", "telemetry"), JSON.stringify(reading));
};

test("one that hangs is named and delays no other; killed between sending and noting, it is told once more with the same id", async () => {
  for (const id of ["ops", "hangs", "after"]) await post(ROUTES.channels, hook(id));
  expect(await post(pathOf(ROUTES.channelTest, { channel: "ops" }), {})).toMatchObject({ ok: true, says: "HTTP 200 thanks" });
  await post(ROUTES.channels, { ...hook("inside"), secrets: { url: "http://169.254.169.254/latest/" } });
  expect(await post(pathOf(ROUTES.channelTest, { channel: "inside" }), {})).toMatchObject({
    ok: false,
    says: expect.stringContaining("never called"),
  });
  await post(ROUTES.alarmRules, { what: "alarm-rule", kind: "too-hot", setting: { holdMs: 0, clearMs: 0 }, by: "test" });
  const routes = ["ops", "hangs", "after"].map((channel) => ({ channel, least: "minor" }));
  held.add("/after");
  await post(ROUTES.notifications, { gatherS: 0, routes });
  calls.length = 0;
  await hot(130);
  await hot(130);
  await until(() => to("/ops").length === 1 && to("/hangs").length === 1 && to("/after").length === 1, "all three are told");
  expect(to("/ops")[0]?.body).toMatchObject({ type: "incident.opened", data: { title: expect.stringContaining("hot") } });
  await until(
    async () =>
      (await server.get<{ ports: Record<string, { status: string; detail: string }> }>(ROUTES.status)).ports[
        "notifications"
      ]?.detail.includes("hangs: ") ?? false,
    "the status page names the one that hangs",
    30_000,
  );
  const answer = notifications.parse(await now());
  expect(answer.channels.map(({ channel, state }) => [channel.id, state])).toEqual([
    ["ops", "ok"],
    ["hangs", "failing"],
    ["after", "failing"],
    ["inside", "untried"],
  ]);
  expect(JSON.stringify(answer)).not.toContain("hush-hush");

  // The next thing to tell is with "after" when the server is killed: it has it, and the server has not noted so.
  const open = to("/after").length;
  await until(() => to("/after").length > open, "it is tried again", 30_000);
  await server.kill9();
  held.delete("/after");
  const same = new Set(to("/after").map(({ id }) => id));
  await server.restart();
  await until(
    async () => (await now()).recent.some(({ channel, state }) => channel === "after" && state === "sent"),
    "it is told after the restart",
    30_000,
  );
  expect(new Set(to("/after").map(({ id }) => id))).toEqual(same);
  expect(same.size).toBe(1);
  // What was noted as told is not told again.
  expect(to("/ops")).toHaveLength(1);
  const output = server.output();
  expect(output).not.toContain("hush-hush");
}, 150_000);
