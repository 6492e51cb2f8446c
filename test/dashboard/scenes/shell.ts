/** The installed shell: what stays when the server goes, and what comes while no page is open. */
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { startMock } from "../mock/server.ts";
import { isLive, until, type World } from "../world.ts";

const controlled = (page: Page): Promise<void> =>
  until("the worker looks after the page", () => page.evaluate(() => navigator.serviceWorker.controller !== null));

export const shellScenes = (world: () => World): void => {
  test("it can be installed: a manifest, icons that are there, a worker", async () => {
    const { page, mock, complaints } = await world().visit("/", { workers: true });
    const manifest = (await (await fetch(`${mock.url}/manifest.webmanifest`)).json()) as {
      icons: { src: string; sizes: string }[];
      start_url: string;
    };
    expect(manifest.start_url).toBe("/");
    for (const { src, sizes } of manifest.icons.filter(({ src: name }) => name.endsWith(".png"))) {
      const png = Buffer.from(await (await fetch(mock.url + src)).arrayBuffer());
      expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`).toBe(sizes);
    }
    await controlled(page);
    expect(complaints).toEqual([]);
  });

  test("a dead server leaves the shell and says so, never an old answer as if it were new; the page comes back by itself", async () => {
    const { page, mock } = await world().visit("/rigs?q=a-r1", { workers: true });
    await isLive(page);
    await controlled(page);
    await page.getByRole("navigation").getByRole("link", { name: "Status" }).click();
    await page.getByRole("heading", { level: 1, name: "Status" }).waitFor();
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const port = Number(new URL(mock.url).port);
    await mock.close();
    await page.locator('.link-state[data-state="offline"]').waitFor();
    await page.getByText("The server does not answer.").first().waitFor();
    const kept = await page.evaluate(async () => {
      const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
      return (await Promise.all(caches_.map((cache) => cache.keys()))).flat().map(({ url }) => new URL(url).pathname);
    });
    expect(kept).toContain("/index.html");
    expect(
      kept.filter((path) => !/^\/(assets\/|index\.html$|scheme\.js$|mark\.svg$|icon-192\.png$|manifest\.webmanifest$)/.test(path)),
    ).toEqual([]);
    // Loaded anew without a server: the shell, and nothing that looks like now.
    const cold = await page.context().newPage();
    await cold.goto(mock.url);
    await cold.locator('.link-state[data-state="offline"]').waitFor();
    await cold.getByText("The server does not answer.").first().waitFor();
    expect(await cold.locator(".tile-value").count()).toBe(0);
    const again = await startMock({ rigs: 288, now: Date.now, files: world().files, port });
    try {
      await isLive(page);
      await isLive(cold);
      await cold.locator(".tile-value").first().waitFor();
      expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
      await until("nothing is said of it", async () => (await page.getByText("The server does not answer").count()) === 0);
    } finally {
      await cold.close();
      await again.close();
    }
  }, 60_000);

  test("this browser is told by push from its button on, and no more after it; a message shows while another page is open", async () => {
    const { page, mock } = await world().visit("/alarms/notifications", { workers: true });
    await page.context().grantPermissions(["notifications"]);
    await controlled(page);
    // No push service is reached from here: what it would give is given, the rest is real.
    await page.evaluate(() => {
      let given: object | null = null;
      const text = { endpoint: "https://push.example.org/send/abc", keys: { p256dh: "B".repeat(87), auth: "A".repeat(22) } };
      const subscription = { endpoint: text.endpoint, toJSON: () => text, unsubscribe: async () => ((given = null), true) };
      Object.assign(PushManager.prototype, { subscribe: async () => (given = subscription), getSubscription: async () => given });
      Notification.requestPermission = async () => "granted";
    });
    await page.getByRole("button", { name: "Tell this browser" }).click();
    await page.getByText("This browser is told from now on.").waitFor();
    await page.getByText("(this one)").waitFor();
    expect(mock.push()).toMatchObject([{ endpoint: "https://push.example.org/send/abc" }]);
    await page.getByRole("button", { name: "Tell it no more" }).click();
    await page.getByRole("button", { name: "Tell this browser" }).waitFor();
    expect(mock.push()).toEqual([]);

    const line = await page.context().newCDPSession(page);
    const registration = new Promise<string>((resolve) =>
      line.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const [one] = registrations;
        if (one !== undefined) resolve(one.registrationId);
      }),
    );
    await line.send("ServiceWorker.enable");
    const data = JSON.stringify({
      title: "Critical: Rack A-1",
      body: "12 of 24 rigs",
      site: "fjord-1",
      severity: "critical",
      tag: "i1",
      path: "/alarms",
    });
    await line.send("ServiceWorker.deliverPushMessage", { origin: mock.url, registrationId: await registration, data });
    const shown = (): Promise<{ title: string; body: string }[]> =>
      page.evaluate(async () =>
        ((await (await navigator.serviceWorker.getRegistration())?.getNotifications()) ?? []).map(({ title, body }) => ({ title, body })),
      );
    await until("it is shown", async () => (await shown()).length === 1);
    expect(await shown()).toEqual([{ title: "Critical: Rack A-1", body: "fjord-1\n12 of 24 rigs" }]);
  }, 60_000);
};
