import { expect, test } from "@jest/globals";
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

  test("no alarm is a calm page", async () => {
    const { page, complaints } = await world().visit("/alarms", { rigs: 8 });
    await page.getByText("All quiet").waitFor();
    expect(complaints).toEqual([]);
  });
};
