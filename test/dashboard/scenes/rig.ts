import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { newRecord } from "../../../server/twin/api.ts";
import { isLive, PHONE, until, WIDE, type World } from "../world.ts";
import { violationsOn } from "./axe.ts";

const verify = async (page: Page): Promise<string> => {
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict").waitFor();
  return (await page.locator(".verdict").textContent()) ?? "";
};

export const rigScenes = (world: () => World): void => {
  test("an honest book holds: every hash, every link, the chain's own count", async () => {
    const { page, complaints } = await world().visit("/rigs/a-r2-12");
    await page.getByText("Fan 3 stood still").waitFor();
    const verdict = await verify(page);
    expect(verdict).toContain("All 5 records hold.");
    expect(verdict).toContain("No record that the contract counts is missing.");
    expect(verdict).toContain("The contract has 5 of 5 records for this token.");
    expect(await page.locator('.verdict [data-result="failed"]').count()).toBe(0);
    await page.getByText("proves nothing to outsiders").waitFor();
    expect(complaints).toEqual([]);
  });

  test("one changed word is found and named", async () => {
    const { page, mock } = await world().visit("/");
    mock.tamper("a-r2-12", 3);
    await page.goto(`${mock.url}/rigs/a-r2-12`);
    await page.getByText("All good.").waitFor();
    const verdict = await verify(page);
    expect(verdict).toContain("Something does not hold.");
    expect(await page.locator('.verdict li[data-result="failed"]').allTextContents()).toEqual([
      "record 3: the bytes do not give this hash",
    ]);
  });

  test("a record left out is found by its missing link and by the chain's count", async () => {
    const { page, mock } = await world().visit("/");
    mock.hide("a-r2-12", 4);
    await page.goto(`${mock.url}/rigs/a-r2-12`);
    await page.getByText("Dust blown out").waitFor();
    const verdict = await verify(page);
    expect(verdict).toContain("Something does not hold.");
    expect(verdict).toContain("The contract counts 4 works; the bundle leaves some out.");
    expect(verdict).toContain("record 4 carries the number 5");
  });

  test("a newest record left out is found by the chain's count alone", async () => {
    const { page, mock } = await world().visit("/");
    mock.hide("a-r2-12", 5);
    await page.goto(`${mock.url}/rigs/a-r2-12`);
    await page.getByText("Dust blown out").waitFor();
    const verdict = await verify(page);
    expect(verdict).toContain("Something does not hold.");
    expect(verdict).toContain("The contract counts 4 works; the bundle leaves some out.");
  });

  test("the reader's own node is asked, and a dead one is told from a lie", async () => {
    const { page } = await world().visit("/rigs/a-r2-12");
    await page.getByText("Fan 3 stood still").waitFor();
    await page.getByLabel("Check through this node").fill("http://127.0.0.1:9/");
    await page.getByText("The answers come from the node you named").waitFor();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("not everything could be checked").waitFor();
    await page
      .getByText(/The chain could not be asked/)
      .first()
      .waitFor();
    expect(await page.locator('.verdict [data-result="failed"]').count()).toBe(0);
  });

  test("a record is added, sealed, sent and final before the reader's eyes, and holds", async () => {
    const { page, mock } = await world().visit("/rigs/b-r2-03");
    await isLive(page);
    await page.getByRole("button", { name: "Add a record" }).click();
    await page.getByRole("button", { name: "Seal the record" }).click();
    await page.getByText("Say what was done.").waitFor();
    await page.getByText("Who did it? A pseudonym.").waitFor();
    expect(mock.posted()).toHaveLength(0);
    await page.getByLabel("What was done").selectOption("part-replaced");
    await page.getByLabel("Technician").fill("badge-21");
    await page.getByLabel("Summary").fill("Fan 2 replaced after it stood still.");
    await page.getByRole("button", { name: "Add a part" }).click();
    await page.getByRole("group", { name: "Part 1" }).getByLabel("Part", { exact: true }).selectOption("fan");
    await page.getByLabel("Place").fill("2");
    await page.getByLabel("New serial").fill("F7-40001");
    await page.getByRole("button", { name: "Seal the record" }).click();
    const entry = page.locator(".record", { hasText: "Fan 2 replaced" });
    await entry.locator('.way[aria-label="Record is sealed"]').waitFor();
    await entry.locator('.way[aria-label="Record is final"]').waitFor({ timeout: 15_000 });
    expect(newRecord.parse(mock.posted()[0])).toMatchObject({
      kind: "part-replaced",
      technician: "badge-21",
      parts: [{ part: "fan", index: 1, oldSerial: null, newSerial: "F7-40001" }],
    });
    expect(await verify(page)).toContain("All 6 records hold.");
  }, 40_000);

  test("what is not to be trusted says why beside the value", async () => {
    const { page } = await world().visit("/rigs/a-r3-07");
    await page.locator(".flag").first().waitFor();
    const flags = await page
      .locator(".flag")
      .evaluateAll((all) => all.map((flag) => `${flag.textContent}: ${flag.getAttribute("title") ?? ""}`));
    expect(flags.filter((flag) => flag.startsWith("sentinel: the machine's word"))).toHaveLength(4);
    expect(flags.some((flag) => flag.startsWith("frozen: "))).toBe(true);
  });

  test("an outlying chip and a silent board part are marked", async () => {
    const { page, complaints } = await world().visit("/rigs/a-r2-12");
    await page.getByText(/Chip 42 .*°C/).waitFor();
    await page.goto(new URL("/rigs/a-r6-12", page.url()).href);
    await page.getByText("47 do not answer").waitFor();
    await page.getByText("61 / 108").waitFor();
    await page.getByText("BOARD_CHIPS_MISSING").waitFor();
    expect(complaints).toEqual([]);
  });

  test("charts zoom by keyboard and by drag, ask the series of that range, and go back to now", async () => {
    const { page } = await world().visit("/rigs/a-r2-12?range=1h");
    await isLive(page);
    const spans: number[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith("/series")) spans.push(Number(url.searchParams.get("to")) - Number(url.searchParams.get("from")));
    });
    await page.locator(".chart-box canvas").first().waitFor();
    await page.getByRole("button", { name: "Zoom in" }).click();
    await until("half an hour is asked", () => spans.includes(1_800_000));
    const box = await page.locator(".chart-box canvas").first().boundingBox();
    if (box === null) throw new Error("no chart");
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 320, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await until("less than that is asked", () => spans.some((span) => span < 1_000_000));
    await page.getByRole("button", { name: "Back to now" }).click();
    await until("the hour is asked again", () => spans.at(-1) === 3_600_000);
  });

  test("a chart can be read as a table", async () => {
    const { page } = await world().visit("/rigs/a-r2-12");
    await page.locator(".chart-box canvas").first().waitFor();
    expect(await page.locator(".chart-box").first().getAttribute("aria-label")).toMatch(/Hashrate: last .*TH\/s, lowest .*, highest/);
    await page.getByRole("button", { name: "Table" }).first().click();
    await page.getByRole("columnheader", { name: /Hashrate \(TH\/s\)/ }).waitFor();
  });

  for (const [scheme, name, size] of [
    ["dark", "wide", WIDE],
    ["light", "phone", PHONE],
  ] as const)
    test(`a part swapped without a record is asked about; its forms and the substitute's have nothing that axe finds, ${scheme}, ${name}`, async () => {
      const { page } = await world().visit("/", { scheme, size });
      const change = { rig: "a-r2-12", number: 1, part: "board", index: 1, oldSerial: "HB-77120-C-000018", newSerial: "HB-88031-A-000207" };
      const psu = { ...change, number: 2, part: "psu", index: null, oldSerial: "PSU-APW12-1417", newSerial: "PSU-APW12-9931" };
      await page.route("**/api/v1/part-changes*", (route) =>
        route.fulfill({
          json: { total: 2, changes: [change, psu].map((one) => ({ ...one, seenTs: Date.now() - 3_600_000, explained: null })) },
        }),
      );
      await page.goto(new URL("/rigs/a-r2-12", page.url()).href);
      const questions = page.locator(".panel", { has: page.getByText("HB-88031-A-000207") });
      await questions.getByRole("button", { name: "Record the replacement" }).first().click();
      await page.getByLabel("New serial").first().waitFor();
      await questions.getByRole("button", { name: "State a reason" }).last().click();
      await page.getByRole("button", { name: "Replaced by another" }).click();
      await page.getByLabel("Machine that takes its place").waitFor();
      await until("it is drawn", async () => (await page.locator(".skeleton").count()) === 0);
      expect(await violationsOn(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    });
};
