import { expect, test } from "@jest/globals";
import { alarmActs } from "../../../server/twin/alarm-bulk.ts";
import { acknowledge } from "../../../server/twin/api.ts";
import { isLive, until, type World } from "../world.ts";

export const alarmScenes = (world: () => World): void => {
  test("the gravest that nobody has seen stand first", async () => {
    const { page } = await world().visit("/alarms");
    await isLive(page);
    const rows = await page.locator(".alarm-row").allTextContents();
    expect(rows).toHaveLength(15);
    expect(rows[0]).toMatch(/^Critical.*Acknowledge$/);
    expect(rows.at(-1)).toMatch(/seen by badge-04$/);
  });

  test("acknowledging asks once under which pseudonym, then shows it", async () => {
    const { page, mock } = await world().visit("/alarms");
    await isLive(page);
    await page.getByRole("button", { name: "Acknowledge Low hashrate of a-r4-03" }).click();
    await page.getByLabel("Acknowledge as").fill("badge-30");
    await page.keyboard.press("Enter");
    await page.locator(".alarm-row", { hasText: "a-r4-03" }).getByText("seen by badge-30").waitFor();
    await page.getByRole("button", { name: "Acknowledge Low hashrate of b-r6-04" }).click();
    await page.locator(".alarm-row", { hasText: "b-r6-04" }).getByText("seen by badge-30").waitFor();
    expect(mock.posted().map((body) => acknowledge.parse(body).by)).toEqual(["badge-30", "badge-30"]);
  });

  test("severity, state and words narrow the list, and stand in the address", async () => {
    const { page } = await world().visit("/alarms");
    await isLive(page);
    await page.getByRole("group", { name: "Filter by severity" }).getByRole("button", { name: /Major/ }).click();
    await page.getByLabel("Rig or words").fill("hottest");
    await until("three are left", async () => (await page.locator(".alarm-row").count()) === 3);
    await page.getByRole("button", { name: "Cleared" }).click();
    await page.getByText("No alarm fits").waitFor();
    expect(new URL(page.url()).searchParams.get("show")).toBe("cleared");
    await page.getByLabel("Rig or words").fill("");
    await until("cleared ones", async () => (await page.locator('.alarm-row[data-cleared="true"]').count()) > 3);
  });

  test("what is chosen is acknowledged together, incidents with all their alarms", async () => {
    const { page, mock } = await world().visit("/alarms");
    await isLive(page);
    await page.getByLabel(/^Choose: Rack a r4/).check();
    const bulk = page.getByRole("group", { name: "With what is chosen" });
    await bulk.getByRole("button", { name: "Acknowledge" }).click();
    await bulk.getByText("Say who you are first.").waitFor();
    await bulk.getByLabel("Your badge").fill("badge-30");
    await bulk.getByRole("button", { name: "Acknowledge" }).click();
    await bulk.getByText(/^Done to \d+ alarms\.$/).waitFor();
    await page.locator(".incident", { hasText: "Rack a r4" }).getByText("all seen").waitFor();
    expect(alarmActs.parse(mock.posted().at(-1))).toMatchObject({
      what: "acknowledge",
      by: "badge-30",
      incidents: [expect.stringMatching(/rack\/a r4$/)],
    });
  });

  test("maintenance is planned and ended, a rule is changed and put back, by keyboard", async () => {
    const { page, mock } = await world().visit("/alarms/windows");
    await page.getByRole("button", { name: "Plan maintenance" }).click();
    const form = page.getByRole("form", { name: "Plan maintenance" });
    await form.getByLabel("Of", { exact: true }).selectOption("site");
    await form.getByLabel("Reason").fill("Transformer");
    await form.getByLabel("Your badge").fill("badge-30");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "End the maintenance of the whole site" }).click();
    await page.getByText("Over").waitFor();
    await page.getByRole("link", { name: "Rules" }).click();
    await page.getByLabel("Rule", { exact: true }).fill("intake");
    await page.getByRole("button", { name: "Change Intake too hot" }).click();
    await page.getByLabel("Held before it is raised, s").fill("600");
    await page.getByRole("button", { name: "Try on the past week" }).press("Enter");
    await page.getByText(/^Would have raised 14 on 5 rigs since .*; as it was set, 3\.$/).waitFor();
    expect(mock.posted().at(-1)).toMatchObject({ kind: "intake-hot", setting: { holdMs: 600_000 }, days: 7 });
    await page.getByLabel("Held before it is raised, s").press("Enter");
    await page.getByText("changed").waitFor();
    expect(mock.posted().at(-1)).toMatchObject({ what: "alarm-rule", kind: "intake-hot", setting: { holdMs: 600_000 }, by: "badge-30" });
    await page.getByRole("button", { name: "Change Intake too hot" }).click();
    await page.getByRole("button", { name: "As it comes" }).click();
    await until("it is as it comes", async () => (await page.getByText("changed").count()) === 0);
  });

  test("a channel is made, tested and routed; its secret is not shown again", async () => {
    const { page } = await world().visit("/alarms/notifications");
    await page.getByText("Nobody is told anything yet").waitFor();
    await page.getByRole("button", { name: "New channel" }).click();
    const form = page.getByRole("form", { name: "New channel" });
    await form.getByLabel("Kind").selectOption("webhook");
    await form.getByLabel("Name in routes").fill("broken");
    await form.getByLabel("Shown as").fill("Night shift");
    await form.getByLabel("Address of the webhook").fill("https://example.org/hook/verysecret");
    await form.getByRole("button", { name: "Save the channel" }).click();
    await page.getByRole("button", { name: "Send a test by Night shift" }).click();
    await page.getByText(/It did not get through .*HTTP 404 no such hook/).waitFor();
    await page.getByRole("button", { name: "Add a route" }).click();
    await page.getByLabel("Least severity").selectOption("critical");
    await page.getByRole("button", { name: "Save who is told what" }).click();
    await page.getByText("Saved.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Change Night shift" }).click();
    await page.getByText("set; leave empty to keep it").waitFor();
    expect(await page.getByLabel("Least severity").inputValue()).toBe("critical");
    expect(await page.content()).not.toContain("verysecret");
  });

  test("no alarm is a calm page", async () => {
    const { page, complaints } = await world().visit("/alarms", { rigs: 8 });
    await page.getByText("All quiet").waitFor();
    expect(complaints).toEqual([]);
  });
};
