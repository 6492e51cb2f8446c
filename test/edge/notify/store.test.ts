import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openNotifyStore } from "../../../server/edge/notify/store.ts";
import { createNotifyDesk } from "../../../server/flows/notify-desk.ts";
import { newFarm } from "../../../server/twin/farm.ts";
import { newChannel, notifications, notifyRules } from "../../../server/twin/notify/shapes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rigtwin-notify-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const deskOf = () => {
  const farm = newFarm("farm");
  return createNotifyDesk({
    now: () => 1_764_000_000_000,
    farm: () => farm,
    store: openNotifyStore(folder),
    send: () => Promise.resolve({ outcome: "sent", detail: "HTTP 200" }),
    poke: () => undefined,
  });
};
const hook = { id: "ops", label: "Ops", kind: "webhook", secrets: { url: "https://example.org/T0/verysecret", key: "hush-hush" } };

test("a secret goes in, stays over a restart and over changes that leave it out, and never comes out", async () => {
  await deskOf().setChannel(newChannel.parse(hook));
  const { secrets: _, ...rest } = hook;
  const answer = await deskOf().setChannel(newChannel.parse({ ...rest, label: "Operations" }));
  expect(answer.channels).toMatchObject([
    { secrets: { url: "set", key: "set" }, host: "example.org", state: "untried", channel: { label: "Operations" } },
  ]);
  expect(JSON.stringify(answer)).not.toMatch(/verysecret|hush/);
  expect(notifications.parse(answer)).toEqual(answer);
  expect(openNotifyStore(folder).secrets("ops")).toEqual(hook.secrets);
});

test("what a backup takes has no secret in it; both files are their owner's alone", async () => {
  await deskOf().setChannel(newChannel.parse(hook));
  expect(readFileSync(join(folder, "notify.json"), "utf8")).not.toMatch(/verysecret|hush/);
  for (const name of ["notify.json", "notify-secrets.json"]) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("a channel that is taken away takes its secrets and its routes with it; another kind needs another name", async () => {
  const desk = deskOf();
  await desk.setChannel(newChannel.parse(hook));
  await expect(desk.setNotifyRules(notifyRules.parse({ routes: [{ ...ROUTE, channel: "nobody" }] }))).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  await desk.setNotifyRules(notifyRules.parse({ routes: [ROUTE] }));
  await expect(desk.setChannel(newChannel.parse({ id: "ops", label: "Ops", kind: "slack" }))).rejects.toMatchObject({
    code: "REQUEST_INVALID",
  });
  expect((await desk.endChannel("ops")).rules.routes).toEqual([]);
  expect(readFileSync(join(folder, "notify-secrets.json"), "utf8")).toBe("{}");
  await expect(desk.endChannel("ops")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await desk.setChannel(newChannel.parse({ id: "ops", label: "Ops", kind: "webhook" }));
  expect(desk.notifications().channels[0]).toMatchObject({ state: "incomplete", says: "Not set: url" });
});
const ROUTE = { channel: "ops", least: "major" as const, sites: [], days: [1], from: "00:00", to: "00:00", when: "at-once" as const };

test("a file that cannot be read is named; what is in it is not", () => {
  writeFileSync(join(folder, "notify-secrets.json"), '{"ops": {"key": "hush-hush"');
  expect(() => openNotifyStore(folder)).toThrow(/notify-secrets\.json/);
  expect(() => openNotifyStore(folder)).not.toThrow(/hush/);
});
