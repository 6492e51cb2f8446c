/** Every page in the states nobody wishes for: nothing there yet, an API that fails, a line that is down. None loads for ever, none breaks. */
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, until, type World } from "../world.ts";
import { addresses, go } from "./tour.ts";

const inside = (): string[] => addresses().filter((each) => !each.startsWith("/twin/"));
const settles = async (page: Page, address: string): Promise<void> => {
  await page.locator("h1").first().waitFor({ state: "attached" });
  await until(`${address} waits no more`, async () => (await page.locator(".skeleton").count()) === 0);
};
const thrown = (complaints: readonly string[]): string[] => complaints.filter((text) => text.startsWith("thrown"));

export const stateScenes = (world: () => World): void => {
  test("a farm that is empty has pages that say so", async () => {
    const { page, complaints } = await world().visit("/", { rigs: 0 });
    await isLive(page);
    for (const address of inside()) {
      await go(page, address);
      await settles(page, address);
    }
    expect(thrown(complaints)).toEqual([]);
  }, 120_000);

  test("what an API that fails was asked for, says why and can be asked again; what is live goes on", async () => {
    const { page, mock, complaints } = await world().visit("/");
    await isLive(page);
    mock.failing(true);
    let failed = 0;
    page.on("response", (response) => {
      if (response.status() === 503 && !/\/api\/v1\/me|comments/.test(response.url())) failed += 1;
    });
    const silent: string[] = [];
    for (const address of inside()) {
      failed = 0;
      await go(page, address);
      await settles(page, address);
      if (failed > 0)
        await page
          .getByText("STORE_UNAVAILABLE")
          .first()
          .waitFor({ timeout: 5_000 })
          .catch(() => silent.push(address));
      expect([address, await page.locator('.link-state[data-state="live"]').count()]).toEqual([address, 1]);
    }
    expect(silent).toEqual([]);
    expect(thrown(complaints)).toEqual([]);
  }, 120_000);

  test("a line that is down is told on every page with the age of what is shown, and none needs to be loaded anew", async () => {
    const { page, mock, complaints } = await world().visit("/");
    await isLive(page);
    mock.refuse(true);
    mock.cut();
    for (const address of inside()) {
      await go(page, address);
      await page.locator('.link-state[data-state="offline"]').waitFor();
      await page.getByText("The server does not answer.").first().waitFor();
      await page.getByText(/last data · .+ ago/).waitFor();
      await settles(page, address);
    }
    mock.refuse(false);
    await isLive(page);
    expect(thrown(complaints)).toEqual([]);
  }, 120_000);
};
