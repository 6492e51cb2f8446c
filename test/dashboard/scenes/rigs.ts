import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, until, type World } from "../world.ts";

const names = (page: Page): Promise<string[]> =>
  page
    .locator(".rig-row")
    .evaluateAll((rows) =>
      rows.toSorted((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex)).map((row) => row.querySelector("a")?.textContent ?? ""),
    );
const column = (page: Page, at: number): Promise<number[]> =>
  page
    .locator(".rig-row")
    .evaluateAll(
      (rows, k) =>
        rows
          .toSorted((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex))
          .map((row) => Number(row.children[k]?.textContent.replaceAll("\u202f", ""))),
      at,
    );

export const rigsScenes = (world: () => World): void => {
  test("search, state and order stand in the address and come back with it", async () => {
    const { page } = await world().visit("/rigs");
    await isLive(page);
    await page.getByLabel("Name, model, serial, IP, place").fill("Container B");
    await page
      .getByRole("group", { name: "Filter by state" })
      .getByRole("button", { name: /Hashing/ })
      .click();
    await page.getByRole("columnheader", { name: /Board/ }).getByRole("button").click();
    await until("the order is by board temperature", () => page.url().includes("sort=-boardC"));
    const url = page.url();
    expect(new URL(url).searchParams.get("q")).toBe("Container B");
    expect(new URL(url).searchParams.get("state")).toBe("hashing");
    await page.goto(url);
    await until("rows", async () => (await names(page)).length > 5);
    expect((await names(page)).every((name) => name.startsWith("b-"))).toBe(true);
    const temperatures = await column(page, 7);
    expect(temperatures.every((value, i) => i === 0 || value <= (temperatures[i - 1] ?? 0) + 3)).toBe(true);
    expect(await page.getByRole("columnheader", { name: /Board/ }).getAttribute("aria-sort")).toBe("descending");
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await until("all rigs", async () => (await page.getByRole("grid").getAttribute("aria-rowcount")) === "289");
  });

  test("only the rows in sight exist, and the last of ten thousand is reached by one key", async () => {
    const { page } = await world().visit("/rigs", { rigs: 10_000 });
    await isLive(page);
    await until("rows", async () => (await names(page)).length > 5);
    expect(await page.locator(".rig-row").count()).toBeLessThan(60);
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.locator('.rig-row[aria-rowindex="10001"][data-active="true"]').waitFor();
    await page.keyboard.press("ArrowUp");
    await page.locator('.rig-row[aria-rowindex="10000"][data-active="true"]').waitFor();
    await page.keyboard.press("Enter");
    await until("the rig's page", () => /\/rigs\/.+/.test(new URL(page.url()).pathname));
  }, 60_000);

  test("values live on and rows stay where they are under the hand", async () => {
    const { page } = await world().visit("/rigs?sort=-hashrateThs");
    await isLive(page);
    await until("rows", async () => (await names(page)).length > 5);
    await page.getByRole("grid").hover();
    await page.getByText("Rows held while you are here").waitFor();
    const before = { names: await names(page), values: await column(page, 5) };
    await until("values moved", async () => String(await column(page, 5)) !== String(before.values));
    expect(await names(page)).toEqual(before.names);
  }, 40_000);

  test("the file has what is shown: units in the head, UTC times, the filter's rows in the table's order", async () => {
    const { page } = await world().visit("/rigs?state=offline,fault&cols=rig,state,serial,hashrateThs,seen");
    await isLive(page);
    await until("rows", async () => (await names(page)).length === 6);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    expect(download.suggestedFilename()).toMatch(/^fjord-1-rigs-\d{4}-\d\d-\d\dT\d{6}\.csv$/);
    const lines = readFileSync(await download.path(), "utf8")
      .trimEnd()
      .split("\r\n");
    expect(lines[0]).toBe("Rig,State,Hashrate (TH/s),Last reading (UTC),Serial");
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(await names(page));
    expect(lines.slice(1).filter((line) => line.split(",")[1] === "offline")).toHaveLength(3);
    expect(lines.every((line, i) => i === 0 || /,\d{4}-\d\d-\d\dT[\d:.]+Z,/.test(line))).toBe(true);
  });

  test("columns are chosen and kept in the address", async () => {
    const { page } = await world().visit("/rigs");
    await isLive(page);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Firmware").check();
    await page.getByRole("columnheader", { name: "Firmware" }).waitFor();
    expect(new URL(page.url()).searchParams.get("cols")).toContain("firmware");
    await page.getByRole("button", { name: "As at first" }).click();
    await until("the first columns", async () => (await page.getByRole("columnheader", { name: "Firmware" }).count()) === 0);
  });

  test("a click on a row opens its rig", async () => {
    const { page, complaints } = await world().visit("/rigs");
    await page.getByText("a-r1-05").waitFor();
    await page.locator(".rig-row", { hasText: "a-r1-05" }).click({ position: { x: 500, y: 10 } });
    await page.getByRole("heading", { level: 1, name: "a-r1-05" }).waitFor();
    expect(complaints).toEqual([]);
  });
};
