import { expect, test } from "@jest/globals";
import { isLive, until, type World } from "../world.ts";

export const feedScenes = (world: () => World): void => {
  test("frames are drawn and acknowledged", async () => {
    const { page, mock } = await world().visit("/");
    await isLive(page);
    const before = mock.acks();
    await until("three more frames", () => mock.acks() >= before + 3);
    expect(mock.resyncs()).toBe(0);
  });

  test("a skipped number asks for the whole, and the view goes on", async () => {
    const { page, mock, complaints } = await world().visit("/rigs");
    await isLive(page);
    mock.skipNumber();
    await until("a resync", () => mock.resyncs() > 0);
    const after = mock.acks();
    await until("frames again", () => mock.acks() > after + 2);
    expect(mock.resyncs()).toBe(1);
    await page.getByText("a-r1-01").waitFor();
    expect(complaints).toEqual([]);
  });

  test("an outage is told with the age of what is shown; the page comes back by itself", async () => {
    const { page, mock } = await world().visit("/rigs?q=a-r1");
    await isLive(page);
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    mock.refuse(true);
    mock.cut();
    await page.locator('.link-state[data-state="offline"]').waitFor();
    await page.getByText(/The server does not answer.*/).waitFor();
    await page.getByText(/last data · .+ ago/).waitFor();
    expect(await page.getByText("a-r1-01").count()).toBe(1);
    mock.refuse(false);
    await isLive(page);
    await until("nothing is said of it", async () => (await page.getByText("The server does not answer").count()) === 0);
    expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
    const after = mock.acks();
    await until("frames again", () => mock.acks() > after + 2);
  });

  test("silence on an open line is called stale", async () => {
    const { page, mock, complaints } = await world().visit("/");
    await isLive(page);
    mock.mute(true);
    // Nine of the ten seconds pass at once.
    await page.evaluate(() => {
      const now = performance.now.bind(performance);
      performance.now = () => now() + 9_000;
    });
    await page.locator('.link-state[data-state="stale"]').waitFor({ timeout: 20_000 });
    await page.getByText("Connected, but no data comes.").waitFor();
    mock.mute(false);
    await isLive(page);
    expect(complaints).toEqual([]);
  }, 40_000);

  test("a new critical alarm is called out once; those that stood before are not", async () => {
    const { page, mock } = await world().visit("/");
    await isLive(page);
    expect(await page.locator(".mantine-Notification-root").count()).toBe(0);
    mock.raise(5);
    await page.locator(".mantine-Notification-root").waitFor();
    expect(await page.locator(".mantine-Notification-root").textContent()).toContain("a-r1-06");
    const after = mock.acks();
    await until("more frames", () => mock.acks() > after + 3);
    expect(await page.locator(".mantine-Notification-root").count()).toBe(1);
    await page.locator(".mantine-Notification-root").click();
    await page.getByRole("heading", { level: 1, name: "a-r1-06" }).waitFor();
  });
};
