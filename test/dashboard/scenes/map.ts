import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, until, type World } from "../world.ts";

/** How many different colours the canvas shows. */
const colours = (page: Page): Promise<number> =>
  page.locator(".floor canvas").evaluate((canvas: HTMLCanvasElement) => {
    const copy = new OffscreenCanvas(Math.max(1, canvas.width), Math.max(1, canvas.height)).getContext("2d", { willReadFrequently: true });
    copy?.drawImage(canvas, 0, 0);
    const data = copy?.getImageData(0, 0, copy.canvas.width, copy.canvas.height).data ?? new Uint8ClampedArray();
    const seen = new Set<number>();
    for (let i = 0; i < data.length; i += 4)
      if ((data[i + 3] ?? 0) === 255) seen.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
    return seen.size;
  });

export const mapScenes = (world: () => World): void => {
  test("is painted in every mode, with a legend that names the unit", async () => {
    const { page, complaints } = await world().visit("/map");
    await isLive(page);
    for (const [name, unit] of [
      ["Board", "°C"],
      ["Chip", "°C"],
      ["Intake", "°C"],
      ["Power", "W"],
      ["Efficiency", "J/TH"],
      ["Age", "s"],
      ["Hashrate", "% of nameplate"],
      ["State", "Hashing"],
    ] as const) {
      await page.getByRole("group", { name: "Colour by" }).getByRole("button", { name }).click();
      await until(`${name} is painted`, async () => (await colours(page)) > 3);
      expect(await page.locator(".legend").textContent()).toContain(unit);
    }
    expect(page.url()).toContain("by=state");
    expect(complaints).toEqual([]);
  });

  test("the pointer reads a rig and opens it", async () => {
    const { page } = await world().visit("/map");
    await until("it is painted", async () => (await colours(page)) > 3);
    await page.locator(".floor").hover({ position: { x: 14, y: 48 } });
    await page.locator(".tip").waitFor();
    expect(await page.locator(".tip").textContent()).toMatch(/a-r1-01.*TH\/s.*°C.*W.*ago/);
    await page.locator(".floor").click({ position: { x: 14, y: 48 } });
    await page.getByRole("heading", { level: 1, name: "a-r1-01" }).waitFor();
  });

  test("arrow keys walk as the rigs stand and say where, Enter opens", async () => {
    const { page } = await world().visit("/map");
    await until("it is painted", async () => (await colours(page)) > 3);
    await page.locator(".floor").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    const spoken = page.locator("p[aria-live]");
    await until("it is said", async () => (await spoken.textContent())?.startsWith("a-r3-02,") === true);
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await until("home", async () => (await spoken.textContent())?.startsWith("a-r1-01,") === true);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "a-r1-01" }).waitFor();
  });

  test("a search finds a rig and Enter opens it", async () => {
    const { page, complaints } = await world().visit("/map");
    await isLive(page);
    await page.getByLabel("Find a rig").fill("d-r4-0");
    await page.getByText("9 found").waitFor();
    await page.getByLabel("Find a rig").fill("d-r4-07");
    await page.getByText("1 found").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "d-r4-07" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("ten thousand rigs are painted, zoomed and walked", async () => {
    const { page, complaints } = await world().visit("/map", { rigs: 10_000 });
    await isLive(page);
    await until("it is painted", async () => (await colours(page)) > 3);
    for (let i = 0; i < 3; i += 1) await page.getByRole("button", { name: "Larger" }).click();
    await until("it is painted anew", async () => (await colours(page)) > 3);
    await page.locator(".floor").focus();
    await page.keyboard.press("End");
    await until("it scrolled", async () => (await page.locator(".floor").evaluate((floor) => floor.scrollTop)) > 0);
    expect(complaints).toEqual([]);
  }, 60_000);
};
