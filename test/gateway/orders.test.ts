import { describe, expect, test } from "@jest/globals";
import { commandTopicOf, readResponse, requestBytes, type AnyRequest } from "../../server/twin/command.ts";
import { CannotDo } from "../../server/gateway/drivers/driver.ts";
import { createOrders, type Answered } from "../../server/gateway/orders.ts";

const NOW = 1_790_000_000_000;
const request = (over: Partial<AnyRequest> = {}): AnyRequest =>
  ({ method: "reboot", id: "c1", ts: NOW, expiresTs: NOW + 60_000, args: {}, ...over }) as AnyRequest;

const world = (tell: (rig: string, request: AnyRequest) => Promise<string> = async () => "done", before: readonly Answered[] = []) => {
  const said: { topic: string; status: string; detail: string }[] = [];
  let kept: readonly Answered[] = [];
  let nowTs = NOW;
  const orders = createOrders({
    site: "farm",
    now: () => nowTs,
    mine: (rig) => rig === "r1",
    tell,
    respond: (topic, payload) => {
      const read = readResponse(payload);
      if ("code" in read) throw new Error(read.detail);
      said.push({ topic, status: read.status, detail: read.detail });
    },
    before,
    keep: (all) => {
      kept = all;
    },
  });
  const send = (sent: AnyRequest, rig = "r1"): void => orders.receive(commandTopicOf("farm", rig, sent.method), requestBytes(sent));
  return { orders, said, send, kept: () => kept, at: (ts: number) => (nowTs = ts) };
};
const statuses = (said: readonly { status: string }[]): string[] => said.map(({ status }) => status);

describe("an order", () => {
  test("is accepted, carried out once and answered on its own topic", async () => {
    const told: string[] = [];
    const { orders, said, send } = world(async (rig, { method }) => {
      told.push(`${rig} ${method}`);
      return "rebooting";
    });
    send(request());
    await orders.idle();
    expect(told).toEqual(["r1 reboot"]);
    expect(said).toEqual([
      { topic: "rigtwin/v1/farm/r1/cmd/reboot/resp", status: "accepted", detail: "" },
      { topic: "rigtwin/v1/farm/r1/cmd/reboot/resp", status: "succeeded", detail: "rebooting" },
    ]);
  });
  test("that comes twice is answered as before and not carried out again, also after a restart", async () => {
    let times = 0;
    const first = world(async () => String(++times));
    first.send(request());
    await first.orders.idle();
    first.send(request());
    await first.orders.idle();
    expect(statuses(first.said)).toEqual(["accepted", "succeeded", "succeeded"]);
    const second = world(async () => String(++times), first.kept());
    second.send(request());
    await second.orders.idle();
    expect(second.said.map(({ status, detail }) => [status, detail])).toEqual([["succeeded", "1"]]);
    expect(times).toBe(1);
  });
  test("that a restart interrupted is not repeated, and says so", async () => {
    let times = 0;
    const never = world(() => new Promise(() => undefined));
    never.send(request());
    const again = world(async () => String(++times), never.kept());
    again.send(request());
    await again.orders.idle();
    expect(statuses(again.said)).toEqual(["failed"]);
    expect(times).toBe(0);
  });
  test("that is too late is not carried out, also where it waited for its turn", async () => {
    const late = world();
    late.send(request({ expiresTs: NOW }));
    expect(statuses(late.said)).toEqual(["expired"]);
    let go: () => void = () => undefined;
    const waits = world((_rig, { id }) =>
      id === "c1" ? new Promise((resolve) => (go = () => resolve("slow"))) : Promise.resolve("quick"),
    );
    waits.send(request());
    waits.send(request({ id: "c2", method: "resume" }));
    await new Promise((resolve) => setImmediate(resolve));
    waits.at(NOW + 60_001);
    go();
    await waits.orders.idle();
    expect(statuses(waits.said)).toEqual(["accepted", "accepted", "succeeded", "expired"]);
  });
  test("says whether the machine failed or cannot", async () => {
    const failed = world(async () => {
      throw new Error("no answer");
    });
    failed.send(request());
    await failed.orders.idle();
    const cannot = world(async () => {
      throw new CannotDo("no such command");
    });
    cannot.send(request());
    await cannot.orders.idle();
    expect([failed.said.at(-1), cannot.said.at(-1)]).toMatchObject([
      { status: "failed", detail: "no answer" },
      { status: "refused", detail: "no such command" },
    ]);
  });
  test("for another gateway's rig, an answer, or nonsense is not its business", () => {
    const { orders, said, send } = world();
    send(request(), "r2");
    orders.receive("rigtwin/v1/farm/r1/cmd/reboot/resp", requestBytes(request()));
    orders.receive("rigtwin/v1/farm/r1/cmd/reboot", new TextEncoder().encode("{"));
    orders.receive("rigtwin/v1/farm/r1/cmd/explode", requestBytes(request()));
    expect(said).toEqual([]);
  });
});
