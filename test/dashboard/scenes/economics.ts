import { expect, test } from "@jest/globals";
import { isLive, PHONE, until, type World } from "../world.ts";
import { violationsOn } from "./axe.ts";

export const economicsScenes = (world: () => World): void => {
  test("a hashprice is entered with its source; revenue is called an estimate and shows age and source", async () => {
    const { page, complaints } = await world().visit("/economics");
    await isLive(page);
    await page.getByText("No hashprice is entered").waitFor();
    expect(await page.getByText("Estimated margin").locator("..").locator(".tile-value").textContent()).toContain("–");
    await page.getByRole("button", { name: "Enter prices" }).click();
    await page.getByLabel("Value (EUR per PH/s and day)").fill("45.2");
    await page.getByLabel("From (UTC day)").fill("2020-01-01");
    await page.getByLabel("Source").fill("pool's own page");
    await page.getByLabel("You are").fill("badge-17");
    await page.getByRole("button", { name: "Enter", exact: true }).click();
    await page
      .getByText(/Hashprice 45\.2000 EUR per PH\/s and day · pool's own page · .* ago/)
      .first()
      .waitFor();
    await until("the margin is told", async () =>
      /\d/.test((await page.getByText("Estimated margin").locator("..").locator(".tile-value").textContent()) ?? ""),
    );
    expect(await page.locator("main").textContent()).not.toMatch(/profit|guarantee|will earn/i);
    expect(await violationsOn(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("by rig the worst tenth is marked, the groups stand in the address, and the CSV is to be had", async () => {
    const { page } = await world().visit("/economics?by=rig", { size: PHONE });
    await isLive(page);
    await until("six of sixty", async () => (await page.getByText("worst tenth").count()) === 6);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Export CSV" }).click();
    expect((await download).url()).toContain("by=rig");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    expect(await violationsOn(page)).toEqual([]);
  });
};
