import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { PHONE, until, WIDE, type World } from "../world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATHS = [
  "/",
  "/map",
  "/map?by=state",
  "/rigs",
  "/rigs/a-r2-12",
  "/alarms?show=all",
  "/alarms/windows",
  "/alarms/rules",
  "/alarms/notifications",
  "/energy",
  "/energy/sources",
  "/energy/curtailment",
  "/status",
  "/status/inbox",
  "/access",
  "/nowhere",
] as const;

interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}
/** What axe finds on the page as it is, one line each. */
export const violationsOn = async (page: Page): Promise<string[]> => {
  await page.evaluate(AXE);
  const violations = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)",
  )) as Found[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary?.replaceAll("\n", " ").slice(0, 220) ?? ""}`),
  );
};

export const contrastScenes = (world: () => World): void => {
  for (const scheme of ["dark", "light"] as const)
    for (const [name, size] of [
      ["wide", WIDE],
      ["phone", PHONE],
    ] as const)
      test(`on any page, ${scheme}, ${name}`, async () => {
        const { page } = await world().visit("/", { scheme, size });
        for (const path of PATHS) {
          await page.goto(new URL(path, page.url()).href);
          await page.locator("h1").first().waitFor({ state: "attached" });
          await until(`${path} is drawn`, async () => (await page.locator(".skeleton").count()) === 0);
          expect({ path, found: await violationsOn(page) }).toEqual({ path, found: [] });
        }
      }, 120_000);

  for (const scheme of ["dark", "light"] as const)
    test(`in what opens: forms, verdicts, menus, windows, a replay, an outage, ${scheme}`, async () => {
      const { page, mock } = await world().visit("/rigs/a-r2-12", { scheme });
      await page.getByRole("button", { name: "Verify" }).click();
      await page.locator(".verdict").waitFor();
      await page.getByRole("button", { name: "Add a record" }).click();
      await page.getByRole("button", { name: "Add a part" }).click();
      await page.getByRole("button", { name: "Seal the record" }).click();
      expect(await violationsOn(page)).toEqual([]);
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Go to a page or a rig").fill("b-r3");
      await page.getByText("b-r3-02").waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByRole("button", { name: "Start the replay" }).waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await page.getByRole("button", { name: "Start the replay" }).click();
      await page.getByRole("button", { name: "Back to live" }).waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await page.getByRole("button", { name: "Back to live" }).click();
      await page.getByRole("navigation").getByRole("link", { name: "Alarms" }).click();
      await page
        .getByRole("button", { name: /^Acknowledge/ })
        .first()
        .click();
      await page.getByLabel("Acknowledge as").waitFor();
      mock.raise(3);
      await page.locator(".mantine-Notification-root").waitFor();
      expect(await violationsOn(page)).toEqual([]);
      mock.refuse(true);
      mock.cut();
      await page.getByText("The server does not answer.").waitFor();
      expect(await violationsOn(page)).toEqual([]);
    }, 120_000);

  for (const scheme of ["dark", "light"] as const)
    test(`in all that opens on the page of access, ${scheme}`, async () => {
      const { page } = await world().visit("/access", { scheme, password: "open sesame" });
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
      expect(await violationsOn(page)).toEqual([]);
      const device = page.getByRole("form", { name: "Give a credential" });
      await device.getByLabel("Name").fill("gateway-c2");
      await device.getByRole("button", { name: "Make the password" }).click();
      await page.locator(".shown-once").waitFor();
      await page.getByRole("button", { name: "Change badge-17" }).click();
      await page.getByRole("button", { name: "Check the chain" }).click();
      await page.getByText("follow from one another").waitFor();
      expect(await violationsOn(page)).toEqual([]);
    }, 60_000);

  test("on the way in", async () => {
    for (const scheme of ["dark", "light"] as const) {
      const { page } = await world().visit("/", { scheme, password: "open sesame" });
      await page.getByLabel("Password", { exact: true }).waitFor();
      expect(await violationsOn(page)).toEqual([]);
    }
  });
};
