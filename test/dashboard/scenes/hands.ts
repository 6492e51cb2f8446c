/** What an operator does with many rigs at once: selections, commands, positions, plans, the month's report. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { isLive, PHONE, until, WIDE, type World } from "../world.ts";
import { violationsOn } from "./axe.ts";

const HALL = "/map?by=alarm&rack=Container A / 1&view=3d";
const asWho = async (page: Page): Promise<void> => {
  await page.addInitScript(() => localStorage.setItem("rigtwin-badge", JSON.stringify("badge-17")));
};
const bar = (page: Page) => page.getByRole("region", { name: "Selected rigs" });

export const handScenes = (world: () => World): void => {
  test("a lasso takes rigs, a dry run says who would be told and who not, and only then something is sent", async () => {
    const { page, mock, complaints } = await world().visit("/map");
    await isLive(page);
    await page.getByRole("button", { name: "Lasso" }).click();
    const floor = page.locator(".floor");
    const at = await floor.boundingBox();
    if (at === null) throw new Error("no map");
    // Around the left of the first container, its head among it.
    await page.mouse.move(at.x + 1, at.y + 40);
    await page.mouse.down();
    for (const [x, y] of [
      [120, 40],
      [120, 140],
      [1, 140],
    ] as const)
      await page.mouse.move(at.x + x, at.y + y, { steps: 4 });
    await page.mouse.up();
    const told = await bar(page).textContent();
    const n = Number(/(\d+) rigs selected/.exec(told ?? "")?.[1]);
    expect(n).toBeGreaterThan(3);
    expect(told).toMatch(/% of nameplate/);
    // A rack's name takes the rack as well.
    await floor.click({ position: { x: 200, y: 29 } });
    await until("the rack is in it", async () => Number(/(\d+) rigs/.exec((await bar(page).textContent()) ?? "")?.[1]) > n);
    await bar(page).getByRole("button", { name: "Command" }).click();
    const panel = page.getByRole("region", { name: /^Command to/ });
    await panel.getByLabel("Command").selectOption("reboot");
    await panel.getByRole("button", { name: "Dry run" }).click();
    await panel.getByText("It is offline.").waitFor();
    expect(mock.posted()).toEqual([]);
    const send = panel.getByRole("button", { name: /^Send to/ });
    expect(await send.isDisabled()).toBe(true);
    await panel.getByLabel("Why").fill("hung since the night");
    await panel.getByLabel("By (badge").fill("badge-17");
    await send.click();
    await panel.getByText(/commands ordered/).waitFor();
    expect(mock.posted()).toMatchObject([{ method: "reboot", by: "badge-17", why: "hung since the night" }]);
    await page.locator(".floor").focus();
    await page.keyboard.press("Escape");
    await bar(page).waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("from the overview to the weakest rack, why, and a work order for it: three clicks", async () => {
    const { page } = await world().visit("/");
    await isLive(page);
    await page
      .getByRole("region", { name: "Weakest racks" })
      .getByRole("link", { name: /Container/ })
      .first()
      .click();
    await until("the rack's alarms are told", async () =>
      /Container \S+ \/ \d+: \d+ rigs selected/.test((await bar(page).textContent()) ?? ""),
    );
    expect(page.url()).toContain("rack=");
    await bar(page).getByRole("button", { name: "Work order" }).click();
    const title = page.getByLabel("What is to be done");
    expect(await title.inputValue()).toMatch(/^Container \S+ \/ \d+: \S/);
    expect((await page.getByLabel("Rigs", { exact: true }).inputValue()).split(" ").length).toBeGreaterThan(2);
    expect(await page.getByLabel("It mends a fault").isChecked()).toBe(true);
    await page.getByLabel("You are").fill("badge-17");
    await page.getByRole("button", { name: "Open the order" }).click();
    await page.getByRole("heading", { level: 1, name: /^WO-1 Container/ }).waitFor();
  });

  test("a file of positions is read first, its faults stand by line, and nothing is applied while there is one; a scan puts one rig", async () => {
    const { page, mock, complaints } = await world().visit("/map");
    await asWho(page);
    await page.reload();
    await isLive(page);
    await page.getByRole("button", { name: "Positions" }).click();
    const panel = page.getByRole("region", { name: "Where rigs stand" });
    const file = (text: string) => ({ name: "p.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    const chooser = panel.getByLabel("CSV file");
    await chooser.setInputFiles(file("rig,container,rack,slot\na-r1-01,Container A,9,1\nnobody,X,1,1\n"));
    await panel.getByText("Line 3: no rig “nobody” is known".replaceAll(/[“”]/g, '"')).waitFor();
    expect(await panel.getByRole("button", { name: /^Move/ }).count()).toBe(0);
    await chooser.setInputFiles(file("rig;container;rack;slot\na-r1-01;Container A;9;1\n"));
    await panel.getByRole("button", { name: "Move 1 rig" }).click();
    await panel.getByText("1 rig moved.").waitFor();
    await panel.getByLabel("Serial, MAC or name").fill("https://maker.example/?sn=S21410185");
    await panel.getByText(/^a-r1-06, now Container A \/ 1 \/ 06/).waitFor();
    await panel.getByLabel("Container", { exact: true }).fill("Container A");
    await panel.getByLabel("Rack", { exact: true }).fill("1");
    await panel.getByLabel("Slot", { exact: true }).fill("07");
    await panel.getByText("a-r1-07 stands there.").waitFor();
    await panel.getByRole("button", { name: "Swap the two" }).click();
    await panel.getByText("a-r1-06 stands at Container A / 1 / 07.").waitFor();
    expect(await panel.getByLabel("Slot", { exact: true }).inputValue()).toBe("08");
    const at = (rack: string, slot: string) => ({ container: "Container A", rack, slot });
    expect(mock.posted()).toEqual([
      [{ rig: "a-r1-01", position: at("9", "1") }],
      [
        { rig: "a-r1-06", position: at("1", "07") },
        { rig: "a-r1-07", position: at("1", "06") },
      ],
    ]);
    expect(complaints).toEqual([]);
  });

  test("rows are taken one by one, as a range and by keyboard, and stay taken whatever the filter; a view is an address with a name", async () => {
    const { page, complaints } = await world().visit("/rigs");
    await isLive(page);
    const box = (rig: string) => page.getByRole("checkbox", { name: `Select ${rig}`, exact: true });
    await box("a-r1-01").click();
    await box("a-r1-05").click({ modifiers: ["Shift"] });
    await bar(page).getByText("5 rigs selected").waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Space");
    await bar(page).getByText("4 rigs selected").waitFor();
    await page.getByPlaceholder("Name, model").fill("b-r");
    await bar(page).getByText("4 of them not shown").waitFor();
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByLabel("Name of this view").fill("Second container");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "Weakest first" }).click();
    await until("it is another view", () => page.url().endsWith("?sort=share"));
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("link", { name: "Second container" }).click();
    await until("it is back", () => page.url().includes("q=b-r"));
    expect(complaints).toEqual([]);
  });

  test("what a plan asks for becomes an order by one button, and is then no longer due", async () => {
    const { page, mock, complaints } = await world().visit("/maintenance/plans");
    await asWho(page);
    await page.reload();
    await isLive(page);
    await page.getByText("No plans yet").waitFor();
    await page.getByRole("button", { name: "Add a plan" }).click();
    await page.getByLabel("What is to be done").fill("Clean filters");
    await page.getByLabel("Every … running hours").fill("2400");
    await page.getByRole("button", { name: "Save the plan" }).click();
    const plan = page.getByRole("region", { name: "Clean filters" });
    await plan
      .getByText(/ran 2.500 h/)
      .first()
      .waitFor();
    await plan.getByRole("button", { name: /^Open an order for \d+ rigs/ }).click();
    await page.getByRole("heading", { level: 1, name: "WO-1 Clean filters" }).waitFor();
    const [order] = mock.work.orders();
    expect(order).toMatchObject({ kind: "cleaning", corrective: false, openedBy: "badge-17" });
    expect(order?.plan).not.toBeNull();
    await page.goto(new URL("/maintenance/plans", page.url()).href);
    await page.getByRole("region", { name: "Clean filters" }).getByText("Nothing is due").waitFor();
    expect(complaints).toEqual([]);
  });

  test("the month's report is to be had as a document and as a table", async () => {
    const { page } = await world().visit("/energy/months");
    await isLive(page);
    await page.getByText(/It says nothing about what will be earned/).waitFor();
    for (const [name, begins] of [
      ["PDF", "%PDF-"],
      ["CSV", "day,wallKwh"],
    ] as const) {
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name }).click();
      expect(readFileSync(await (await download).path(), "latin1").startsWith(begins)).toBe(true);
    }
  });

  test("three dimensions are loaded when asked for, and where no card draws them, the page says why", async () => {
    const { page } = await world().visit("/map");
    const loaded = (): Promise<boolean> =>
      page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => /hall/.test(name)));
    await isLive(page);
    expect(await loaded()).toBe(false);
    await page.getByRole("button", { name: "3D" }).click();
    await page.getByText("The hall is not drawn in 3D here").waitFor();
    expect(await loaded()).toBe(true);
  });

  for (const [scheme, name, size] of [
    ["dark", "wide", WIDE],
    ["light", "phone", PHONE],
  ] as const)
    // The other pages are looked at in the tour.
    test(`axe finds nothing in the hall, ${scheme}, ${name}`, async () => {
      const { page } = await world().visit(HALL, { scheme, size });
      await page.locator("h1").first().waitFor({ state: "attached" });
      await until("the hall is drawn", async () => (await page.locator(".skeleton").count()) === 0);
      expect(await violationsOn(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    });
};
