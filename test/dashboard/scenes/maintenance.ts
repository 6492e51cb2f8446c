import { expect, test } from "@jest/globals";
import { newOrder } from "../../../server/twin/orders/shapes.ts";
import { isLive, PHONE, until, type Visit, type World } from "../world.ts";
import { violationsOn } from "./axe.ts";

const open = (mock: Visit["mock"], key: string, more: object = {}) =>
  mock.work.flow.open(
    newOrder.parse({ key, by: "badge-04", title: "Fan 2 fails", kind: "part-replaced", corrective: true, rigs: ["a-r2-12"], ...more }),
  );

export const maintenanceScenes = (world: () => World): void => {
  test("from the worst rig to a sealed and verified record", async () => {
    const { page, mock, complaints } = await world().visit("/rigs/a-r2-12");
    await isLive(page);
    await page.getByRole("link", { name: "Open a work order", exact: true }).click();
    await page.getByLabel("What is to be done").fill("Fan 2 stands still");
    await page.getByLabel("Kind of work").selectOption("part-replaced");
    await page.getByLabel("You are").fill("badge-17");
    await page.getByRole("button", { name: "Open the order" }).click();
    await page.getByRole("heading", { level: 1, name: "WO-1 Fan 2 stands still" }).waitFor();
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByLabel("Photo of the part and its serial before").check();
    const parts = page.getByRole("region", { name: "Parts used" });
    await parts.getByRole("button", { name: "Edit" }).click();
    await parts.getByLabel("Old serial").fill("F7-1");
    await parts.getByLabel("New serial").fill("F7-2");
    await parts.getByRole("button", { name: "Save" }).click();
    await parts.getByText("F7-1 → F7-2").waitFor();
    await page.getByLabel("Add a note").fill("Bearing worn");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Bearing worn").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByLabel("What was done").fill("Fan changed, hashes again.");
    await page.getByRole("button", { name: "Done, seal the record" }).click();
    const sealed = page.getByRole("region", { name: "Sealed records" });
    await sealed.getByLabel("Record is final").waitFor();
    await sealed.getByRole("button", { name: "Verify" }).click();
    await sealed.getByText(/^Verified: record 6 is on the chain/).waitFor();
    const [order] = mock.work.orders();
    expect(order).toMatchObject({ state: "done", rigs: ["a-r2-12"], parts: [{ oldSerial: "F7-1", newSerial: "F7-2" }] });
    expect(order?.records).toHaveLength(1);
    expect(await violationsOn(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("an alarm opens an order that names it", async () => {
    const { page, mock } = await world().visit("/rigs/a-r4-03");
    await isLive(page);
    await page.getByRole("link", { name: "Open a work order for a-r4-03" }).first().click();
    await until("the title tells the alarm", async () => /hashrate/i.test(await page.getByLabel("What is to be done").inputValue()));
    await page.getByLabel("You are").fill("badge-17");
    await page.getByRole("button", { name: "Open the order" }).click();
    await page.getByRole("heading", { level: 1, name: /^WO-1/ }).waitFor();
    const [order] = mock.work.orders();
    expect(order?.alarm).toContain("a-r4-03/low-hashrate");
    expect(order?.faultTs).not.toBeNull();
  });

  test("two people at one order: the second keeps what was typed, sees what came first, and saves on top", async () => {
    const { page, mock } = await world().visit("/maintenance");
    await isLive(page);
    await open(mock, "key-00000001");
    await page.getByText("Fan 2 fails").click();
    await page.getByLabel("You are").fill("badge-17");
    const details = page.getByRole("region", { name: "Details" });
    await details.getByRole("button", { name: "Edit" }).click();
    await details.getByLabel("More about it").fill("Rattles since Monday");
    await mock.work.flow.change("WO-1", { what: "edit", rev: 1, by: "badge-99", fields: { assignee: "badge-99" } });
    await details.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody else changed this order").waitFor();
    expect(await details.getByLabel("More about it").inputValue()).toBe("Rattles since Monday");
    await page.getByText("badge-99 changed assignee").waitFor();
    expect(mock.work.orders()[0]).toMatchObject({ assignee: "badge-99", detail: "" });
    await details.getByRole("button", { name: "Save" }).click();
    await details.getByText("Rattles since Monday").waitFor();
    expect(mock.work.orders()[0]).toMatchObject({ assignee: "badge-99", detail: "Rattles since Monday" });
  });

  test("what another person does appears on the board by itself; moving needs no mouse", async () => {
    const { page, mock } = await world().visit("/maintenance");
    await page.getByText("No work orders yet").waitFor();
    await open(mock, "key-00000001");
    const card = page.getByRole("region", { name: "Open" }).locator(".order-card");
    await card.waitFor();
    await card.getByLabel("Move WO-1 to").focus();
    await page.keyboard.press("i");
    await page.getByRole("region", { name: "In progress" }).getByText("Fan 2 fails").waitFor();
    await page.getByRole("button", { name: "List" }).click();
    await page.getByRole("cell", { name: "In progress" }).waitFor();
    expect(new URL(page.url()).searchParams.get("view")).toBe("list");
  });

  test("a technician on a phone: one column, a photo from the camera, nothing wider than the screen", async () => {
    const { page, mock, complaints } = await world().visit("/maintenance", { size: PHONE });
    await isLive(page);
    await open(mock, "key-00000001");
    await open(mock, "key-00000002", { title: "Clean rack 3", kind: "cleaning", priority: "urgent", dueTs: Date.now() - 86_400_000 });
    await page.getByText("Fan 2 fails").waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await page.getByText("Fan 2 fails").click();
    await page.getByLabel("You are").fill("badge-17");
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    await page.locator('input[type="file"]').setInputFiles({ name: "label.png", mimeType: "image/png", buffer: png });
    await until("the photo is drawn", () =>
      page.locator(".order-photos img").evaluate((image) => (image as HTMLImageElement).naturalWidth === 1),
    );
    expect(mock.work.orders()[0]?.photos).toMatchObject([{ caption: "label", media: "image/jpeg" }]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    expect(complaints).toEqual([]);
  });
};
