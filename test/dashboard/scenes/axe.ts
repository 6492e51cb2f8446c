import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import type { World } from "../world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds on the page as it is, one line each; of `rules` alone where some are named. */
export const violationsOn = async (page: Page, rules: readonly string[] = []): Promise<string[]> => {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(AXE);
  const wanted = JSON.stringify(rules.length === 0 ? { type: "tag", values: TAGS } : { type: "rule", values: rules });
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ${wanted}, resultTypes: ["violations"] }).then(({ violations }) => violations)`,
  )) as Found[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary?.replaceAll("\n", " ").slice(0, 220) ?? ""}`),
  );
};

/** In both schemes: all rules in the one, and what looks at colours in the other; the document is the same. */
export const violationsInBoth = async (page: Page): Promise<string[]> => {
  const dark = await violationsOn(page);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await violationsOn(page, ["color-contrast"]);
  await page.emulateMedia({ colorScheme: "dark" });
  return [...dark, ...light.map((each) => `light: ${each}`)];
};

export const contrastScenes = (world: () => World): void => {
  test("in what opens: forms, verdicts, menus, windows, a replay, an outage", async () => {
    const { page, mock } = await world().visit("/rigs/a-r2-12");
    await page.getByRole("button", { name: "Verify" }).click();
    await page.locator(".verdict").waitFor();
    await page.getByRole("button", { name: "Add a record" }).click();
    await page.getByRole("button", { name: "Add a part" }).click();
    await page.getByRole("button", { name: "Seal the record" }).click();
    expect(await violationsInBoth(page)).toEqual([]);
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to a page or a rig").fill("b-r3");
    await page.getByText("b-r3-02").waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Start the replay" }).waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
    await page.getByRole("button", { name: "Start the replay" }).click();
    await page.getByRole("button", { name: "Back to live" }).waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
    await page.getByRole("button", { name: "Back to live" }).click();
    await page.getByRole("navigation").getByRole("link", { name: "Alarms" }).click();
    await page
      .getByRole("button", { name: /^Acknowledge/ })
      .first()
      .click();
    await page.getByLabel("Acknowledge as").waitFor();
    mock.raise(3);
    await page.locator(".mantine-Notification-root").waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
    mock.refuse(true);
    mock.cut();
    await page.getByText("The server does not answer.").waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
  }, 120_000);

  test("in all that opens on the page of access", async () => {
    const { page } = await world().visit("/access", { password: "open sesame" });
    await page.getByLabel("Password", { exact: true }).fill("open sesame");
    await page.getByLabel("Name", { exact: true }).fill("admin");
    await page.keyboard.press("Enter");
    await page.getByText("gateway-c1").first().waitFor();
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    await page.locator(".qr").waitFor();
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByRole("button", { name: "Let somebody in" }).click();
    await page.getByRole("button", { name: "Give a credential" }).click();
    await page.getByRole("button", { name: "End the credential of meter-2" }).click();
    expect(await violationsInBoth(page)).toEqual([]);
    const device = page.getByRole("form", { name: "Give a credential" });
    await device.getByLabel("Name").fill("gateway-c2");
    await device.getByRole("button", { name: "Make the password" }).click();
    await page.locator(".shown-once").waitFor();
    await page.getByRole("button", { name: "Change badge-17" }).click();
    await page.getByRole("button", { name: "Check the chain" }).click();
    await page.getByText("follow from one another").waitFor();
    expect(await violationsInBoth(page)).toEqual([]);
  }, 60_000);
};
