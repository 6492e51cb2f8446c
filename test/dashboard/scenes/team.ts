import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, until, type World } from "../world.ts";
import { violationsInBoth } from "./axe.ts";

const actsAs = (page: Page, badge: string): Promise<void> =>
  page.evaluate((name) => localStorage.setItem("rigtwin-badge", JSON.stringify(name)), badge);
const SHY = `"'><img src=x onerror=window.harm=1><script>window.harm=1</script>`;

export const teamScenes = (world: () => World): void => {
  test("who is here and on which page, until they leave", async () => {
    const { page, mock, complaints } = await world().visit("/");
    await isLive(page);
    const other = await page.context().newPage();
    await other.goto(`${mock.url}/rigs/b-r2-03`);
    await isLive(other);
    await page.getByRole("button", { name: /^Who is here/ }).click();
    const list = page.locator(".people");
    await list.getByRole("link", { name: "/rigs/b-r2-03" }).waitFor();
    await list.getByText("(you)").waitFor();
    await other.close();
    await until("only one page is left", async () => (await list.getByRole("link").allTextContents()).join() === "/");
    expect(complaints).toEqual([]);
  }, 90_000);

  test("a comment reaches whom it mentions, is never markup, and is seen but once", async () => {
    const { page, mock, complaints } = await world().visit("/rigs/a-r2-12");
    await isLive(page);
    const form = page.getByRole("form", { name: "Add a comment" });
    await form.getByLabel("Add a comment").fill(`@badge-21 listen: ${SHY}`);
    await form.getByLabel("You are").fill("badge-17");
    await form.getByRole("button", { name: "Comment" }).click();
    await page.locator(".comments").getByText("<script>").waitFor();
    expect(await page.evaluate(() => "harm" in window)).toBe(false);
    expect(await page.locator(".comments img").count()).toBe(0);
    await actsAs(page, "badge-21");
    await page.goto(mock.url);
    await page.getByLabel("1 new mention").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: /Shift/ }).click();
    const mine = page.getByRole("region", { name: "For you" });
    await mine.getByRole("link", { name: "on a-r2-12" }).waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
    // Somebody else's word comes without a reload.
    await mock.notes.flow.addComment({ about: { of: "rig", rig: "b-r1-01" }, text: "and this, @badge-21", by: "badge-4" });
    await page.getByLabel("2 new mentions").waitFor();
    await mine.getByRole("button", { name: "Mark as seen" }).click();
    await until("nothing is new", async () => (await page.getByLabel(/new mention/).count()) === 0);
    expect(mock.notes.flow.mentions("badge-21")).toMatchObject({ unseen: 0, seenTo: 2 });
    expect(complaints).toEqual([]);
  }, 90_000);

  test("a shift is handed over by keyboard, with what stands open beside it", async () => {
    const { page, mock, complaints } = await world().visit("/shift");
    await isLive(page);
    await page.getByRole("region", { name: "Stands open now" }).getByRole("link", { name: /a r4/ }).waitFor();
    await page.getByLabel("Shift that ends").focus();
    await page.keyboard.press("Enter");
    await page.getByText("Say which shift, what it leaves, and who you are.").waitFor();
    await page.keyboard.type("night");
    await page.keyboard.press("Tab");
    await page.keyboard.type("badge-17");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Container B runs warm.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Handed over.").waitFor();
    await page.locator(".handovers").getByText("Container B runs warm.").waitFor();
    expect(mock.notes.flow.handovers(1).handovers[0]).toMatchObject({ shift: "night", by: "badge-17" });
    expect(complaints).toEqual([]);
  }, 90_000);

  test("who may only read, is not offered to write", async () => {
    const { page } = await world().visit("/shift", { access: { role: "engineer" } });
    await page.getByText("Your role reads what was handed over").waitFor();
    expect(await page.getByRole("button", { name: "Hand over" }).count()).toBe(0);
  });

  test("a copied link opens what was seen: page and filter, and in a replay its very moment; a comment on it is written now", async () => {
    const { page, mock } = await world().visit("/rigs?state=offline&q=a-");
    await isLive(page);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copy = async (): Promise<string> => {
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.getByText(/^Copied\./).waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      await page.getByRole("button", { name: "Copy link" }).click();
      return link;
    };
    expect(await copy()).toBe(page.url());
    const to = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
    await page.goto(new URL(`/rigs?q=a-r1&replay=${to - 3_600_000}-${to}&speed=1`, page.url()).href);
    await page.locator('.link-state[data-state="replay"]').waitFor();
    await page.getByRole("slider").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    const moment = page.locator(".replay-ends strong");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    const seen = await moment.textContent();
    await page.getByRole("button", { name: "Comment on this moment" }).click();
    await page.getByRole("textbox", { name: "Add a comment" }).fill("here it dips");
    await page.getByRole("textbox", { name: "You are" }).fill("badge-17");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    await until("it is said", () => mock.notes.count() === 1);
    const about = mock.notes.flow.comments({ limit: 1 }).comments[0]?.about;
    // A step of the slider may lie between.
    expect(about?.of === "moment" ? Math.abs(to - about.ts) : Infinity).toBeLessThanOrEqual(2_000);
    const link = await copy();
    const colleague = await page.context().newPage();
    await colleague.goto(link);
    await colleague.locator('.link-state[data-state="replay"]').waitFor();
    await colleague.getByRole("button", { name: "Play", exact: true }).waitFor();
    await until("it stands at the same moment", async () => (await colleague.locator(".replay-ends strong").textContent()) === seen);
    expect(new URL(colleague.url()).searchParams.get("q")).toBe("a-r1");
    await colleague.close();
  }, 90_000);
};
