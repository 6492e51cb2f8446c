import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, until, type World } from "../world.ts";

const start = async (page: Page, speed: string): Promise<void> => {
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByRole("group", { name: "The last" }).getByRole("button", { name: "6" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: `${speed}×`, exact: true })
    .click();
  await page.getByRole("button", { name: "Start the replay" }).click();
  await page.locator('.link-state[data-state="replay"]').waitFor();
};
const slider = (page: Page) => page.getByRole("slider", { name: "Position in the replay" });
const position = async (page: Page): Promise<number> => Number(await slider(page).inputValue());

export const replayScenes = (world: () => World): void => {
  test("the past plays at its own clock, unmistakably, and Live returns", async () => {
    const { page, complaints } = await world().visit("/");
    await isLive(page);
    await start(page, "100");
    await page.getByText(/Replay — this is \d{4}-.*, not now\./).waitFor();
    expect(await page.locator(".replay-edge").count()).toBe(1);
    const first = await position(page);
    await until("a minute of the past has gone by", async () => (await position(page)) > first + 60_000);
    const shown = (await page.locator(".shell-clock").textContent()) ?? "";
    expect(Math.abs(Date.parse(`${shown.slice(0, 19).replace(" ", "T")}Z`) - (await position(page)))).toBeLessThan(120_000);
    await page.getByRole("button", { name: "Back to live" }).click();
    await isLive(page);
    expect(await page.locator(".replay-edge").count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 40_000);

  test("charts of a replay end at its now", async () => {
    const { page } = await world().visit("/");
    await isLive(page);
    const ends: number[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname === "/api/v1/site/series") ends.push(Number(url.searchParams.get("to")));
    });
    await start(page, "1");
    await until("series of the replay", () => ends.some((to) => to < Date.now() - 5 * 3_600_000));
  });

  test("pause stands still, the slider jumps, the speed changes", async () => {
    const { page } = await world().visit("/map");
    await isLive(page);
    await start(page, "10");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    const still = await position(page);
    await slider(page).focus();
    await page.keyboard.press("End");
    await until("the end", async () => (await position(page)) > still + 5 * 3_600_000);
    await page.keyboard.press("Home");
    await until("the beginning", async () => (await position(page)) < still + 60_000);
    await page.getByRole("region", { name: "Replay controls" }).getByRole("button", { name: "100×" }).click();
    await page.getByRole("button", { name: "Play", exact: true }).click();
    const first = await position(page);
    await until("it plays on", async () => (await position(page)) > first + 60_000);
  }, 40_000);

  test("a rig's page is asked of the replay's room with all its parts, and offers nothing to write", async () => {
    const { page } = await world().visit("/rigs/a-r2-12");
    await page.getByText("Hash boards").waitFor();
    const rooms = new Set<string>();
    page.on("request", (request) => {
      if (request.url().endsWith("/api/v1/rigs/a-r2-12")) rooms.add(request.headers()["x-rigtwin-room"] ?? "live");
    });
    await start(page, "1");
    await until("the rig is asked in the room", () => rooms.has("mock-room"));
    await page.getByText("Hash boards").waitFor();
    expect(await page.getByRole("button", { name: "Add a record" }).count()).toBe(0);
    await page.getByRole("button", { name: "Back to live" }).click();
    await isLive(page);
    rooms.clear();
    await until("the rig is asked live", () => rooms.size > 0);
    expect([...rooms]).toEqual(["live"]);
  }, 40_000);

  test("an address with a window opens in the past", async () => {
    const to = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
    const { page } = await world().visit(`/rigs?replay=${to - 7_200_000}-${to}&speed=100`);
    await page.locator('.link-state[data-state="replay"]').waitFor();
    expect(await slider(page).getAttribute("min")).toBe(String(to - 7_200_000));
    await page.getByRole("button", { name: "Back to live" }).click();
    await isLive(page);
    expect(page.url()).not.toContain("replay=");
  });

  test("a window that ends before it begins is refused in words", async () => {
    const { page } = await world().visit("/");
    await isLive(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByLabel("To").fill("2020-01-01T00:00:00");
    await page.getByRole("button", { name: "Start the replay" }).click();
    await page.getByText("The end must lie after the beginning.").waitFor();
    expect(await page.locator(".replay-edge").count()).toBe(0);
  });
};
