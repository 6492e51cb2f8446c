import { expect, test } from "@jest/globals";
import { isLive, until, type World } from "../world.ts";

const PAGES = ["Overview", "Floor map", "Rigs", "Alarms", "Maintenance", "Energy", "Economics", "Shift", "Status", "Access"] as const;
export const walkScenes = (world: () => World): void => {
  test("every page is reached by mouse, takes the focus, and complains of nothing", async () => {
    const { page, complaints } = await world().visit("/");
    await isLive(page);
    for (const name of [...PAGES.slice(1), PAGES[0]]) {
      // Pages have tabs of their own, which are navigation too.
      await page.locator("a.nav-link", { hasText: name }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
      expect(await page.title()).toContain(name);
    }
    expect(complaints).toEqual([]);
  });

  test("every page is reached by keyboard alone", async () => {
    const { page } = await world().visit("/");
    await isLive(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the page");
    // The page's way of the focus: a new page takes it, and the navigation lies right before it.
    await page.keyboard.press("Enter");
    for (const name of [...PAGES.slice(1), PAGES[0]]) {
      for (let steps = 0; steps <= PAGES.length + 2; steps += 1) {
        await page.keyboard.press("Shift+Tab");
        if ((await page.evaluate(() => document.activeElement?.textContent ?? "")).startsWith(name)) break;
        if (steps > PAGES.length + 1) throw new Error(`Tab does not reach ${name}`);
      }
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    }
  });

  test("Ctrl+K jumps to a rig by a few letters", async () => {
    const { page, complaints } = await world().visit("/");
    await isLive(page);
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to a page or a rig").fill("c-r4-07");
    await page.getByRole("button", { name: /c-r4-07/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "c-r4-07" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("tiles lead to their pages", async () => {
    const { page, complaints } = await world().visit("/");
    for (const [name, title] of [
      ["Power", "Energy"],
      ["Active alarms", "Alarms"],
      ["Rigs by state", "Rigs"],
      ["Hashrate", "Floor map"],
    ] as const) {
      await page.locator(".tile", { hasText: name }).first().click();
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await page.goBack();
      await page.locator(".tiles").waitFor();
    }
    expect(complaints).toEqual([]);
  });

  test("every figure of the overview has a unit, an age and a source", async () => {
    const { page } = await world().visit("/");
    await page.locator(".tiles").waitFor();
    const tiles = await page.locator(".tile").evaluateAll((all) =>
      all.map((tile) => ({
        text: tile.textContent,
        foot: tile.querySelector(".tile-foot")?.textContent ?? "",
        bare: [...tile.querySelectorAll(".tile-value")].filter((value) => value.querySelector(".unit")?.textContent === "").length,
      })),
    );
    expect(tiles).toHaveLength(7);
    for (const { foot, bare } of tiles) {
      expect(foot).toMatch(/\S+ · .+ ago/);
      expect(bare).toBe(0);
    }
  });

  test("an empty farm is told how rigs appear", async () => {
    const { page, complaints } = await world().visit("/", { rigs: 0 });
    await page.getByText("No rig has been seen yet").waitFor();
    await page.getByText("All quiet").waitFor();
    await page.getByRole("link", { name: "Floor map" }).click();
    await page.getByText("No rig has been seen yet").waitFor();
    await page.getByRole("link", { name: "Rigs" }).click();
    await page.getByText("No rig has been seen yet").waitFor();
    await page.getByRole("link", { name: "Status" }).click();
    await page.getByText("Nothing was refused").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an unknown rig and an unknown page say so", async () => {
    const { page, complaints } = await world().visit("/rigs/no-such-rig");
    await page.getByText("No rig named “no-such-rig”").waitFor();
    await page.goto(new URL("/nonsense", page.url()).href);
    await page.getByText("There is no such page").first().waitFor({ state: "attached" });
    expect(complaints).toEqual([]);
  });

  test("what cannot be read says why, can be tried again, and disturbs nothing live", async () => {
    const { page, mock } = await world().visit("/");
    await isLive(page);
    mock.failing(true);
    await page.getByRole("button", { name: /7/ }).click();
    await page.getByText("STORE_UNAVAILABLE").first().waitFor();
    await isLive(page);
    const failures = page.getByText("STORE_UNAVAILABLE");
    await until("all that was asked failed", async () => (await failures.count()) >= 2);
    const before = await failures.count();
    mock.failing(false);
    await page.getByRole("button", { name: "Try again" }).first().click();
    await until("the chart is back", async () => (await failures.count()) < before);
  });

  test("the scheme is switched and kept", async () => {
    const { page } = await world().visit("/status");
    await isLive(page);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(14, 18, 19)");
    await page.getByRole("button", { name: "Use the light scheme" }).click();
    await page.reload();
    await isLive(page);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(243, 241, 236)");
  });

  test("a page whose code is gone is loaded anew once, then says so; the others go on", async () => {
    const { page, mock } = await world().visit("/");
    await isLive(page);
    await page.route(/energy-.*\.js$/, (route) => route.abort());
    await page.getByRole("navigation").getByRole("link", { name: "Energy" }).click();
    await page.getByRole("button", { name: "Load anew" }).waitFor();
    await isLive(page);
    await page.getByRole("navigation").getByRole("link", { name: "Rigs" }).click();
    await page.getByText("a-r1-01").waitFor();
    await page.unrouteAll();
    await page.goto(`${mock.url}/energy`);
    await page.getByRole("heading", { level: 1, name: "Energy" }).waitFor();
    expect(await page.getByRole("button", { name: "Load anew" }).count()).toBe(0);
  });
};
