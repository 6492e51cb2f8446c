import { expect, test } from "@jest/globals";
import { isLive, type World } from "../world.ts";

export const loginScenes = (world: () => World): void => {
  test("from elsewhere the password is asked, a wrong one is told, the right one opens", async () => {
    const { page } = await world().visit("/rigs?q=a-r1-0", { password: "open sesame" });
    const field = page.getByLabel("Password", { exact: true });
    await field.waitFor();
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.getByText("a-r1-01").count()).toBe(0);
    await field.fill("guess");
    await page.keyboard.press("Enter");
    await page.getByText("That is not the password printed at start.").waitFor();
    await field.fill("open sesame");
    await page.keyboard.press("Enter");
    await isLive(page);
    await page.getByText("a-r1-01").waitFor();
    expect(new URL(page.url()).search).toBe("?q=a-r1-0");
  });
};
