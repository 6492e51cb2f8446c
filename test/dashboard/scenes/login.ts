import { expect, test } from "@jest/globals";
import { isLive, type World } from "../world.ts";

export const loginScenes = (world: () => World): void => {
  test("from elsewhere name and password are asked, a wrong one is told, the right one opens", async () => {
    const { page } = await world().visit("/rigs?q=a-r1-0", { password: "open sesame" });
    const name = page.getByLabel("Name", { exact: true });
    await name.waitFor();
    expect(await name.evaluate((element) => element === document.activeElement)).toBe(true);
    await name.fill("admin");
    const field = page.getByLabel("Password", { exact: true });
    expect(await page.getByText("a-r1-01").count()).toBe(0);
    await field.fill("guess");
    await page.keyboard.press("Enter");
    await page.getByText("Name, password, code or token is wrong.").waitFor();
    await field.fill("open sesame");
    await page.keyboard.press("Enter");
    await isLive(page);
    await page.getByText("a-r1-01").waitFor();
    expect(new URL(page.url()).search).toBe("?q=a-r1-0");
  });
};
