import { expect, test } from "@jest/globals";
import decodeQR from "qr/decode.js";
import type { Page } from "playwright-core";
import { isLive, PHONE, until, type World } from "../world.ts";

const PASSWORD = "open sesame";
const DARK_MS = 10_000;
const QR_PX = 240;

const logIn = async (page: Page): Promise<void> => {
  await page.getByLabel("Name", { exact: true }).fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
};
const isShown = (page: Page, text: string): Promise<void> => page.getByText(text).first().waitFor();

export const accessScenes = (world: () => World): void => {
  test("a token is made by keyboard, shown once, and a session that is ended goes dark", async () => {
    const { page, complaints } = await world().visit("/access", { password: PASSWORD });
    await logIn(page);
    await isShown(page, "My tokens");
    await page.getByRole("button", { name: "Make a token" }).focus();
    await page.keyboard.press("Enter");
    // The form took the focus: one types on at once.
    await page.keyboard.type("prometheus");
    await page.keyboard.press("Enter");
    const shown = page.getByRole("group", { name: "Token prometheus" });
    await shown.waitFor();
    expect(await shown.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await shown.textContent()).toContain("rtw_");
    await shown.getByRole("button", { name: "Kept it, close" }).click();
    await page.getByRole("rowheader", { name: "prometheus" }).waitFor();
    expect(await page.content()).not.toContain("rtw_");

    // The same person elsewhere: a page of the farm, live.
    const other = await page.context().browser()?.newContext({ timezoneId: "UTC" });
    if (other === undefined) throw new Error("no second browser");
    try {
      const elsewhere = await other.newPage();
      await elsewhere.goto(new URL("/rigs", page.url()).href);
      await logIn(elsewhere);
      await isLive(elsewhere);
      await isShown(elsewhere, "a-r1-01");
      await page.reload();
      await isShown(page, "this one");
      const lines = page.getByRole("group", { name: "My sessions" }).getByRole("row").filter({ hasNotText: "this one" });
      await lines.getByRole("button", { name: /^End the session/ }).click();
      await lines.getByRole("button", { name: /Really/ }).click();
      const endedMs = Date.now();
      await elsewhere.getByLabel("Password", { exact: true }).waitFor({ timeout: DARK_MS });
      expect(Date.now() - endedMs).toBeLessThan(DARK_MS);
      expect(await elsewhere.getByText("a-r1-01").count()).toBe(0);
      await isLive(page);
    } finally {
      await other.close();
    }
    expect(complaints.filter((line) => !/401|WebSocket/.test(line))).toEqual([]);
  });

  test("the QR code is one that a camera reads as the key; recovery codes follow the right code only", async () => {
    const { page } = await world().visit("/access", { password: PASSWORD, size: PHONE });
    await logIn(page);
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    const qr = page.locator(".qr");
    await qr.waitFor();
    const dots = await page.evaluate(async (size) => {
      const svg = document.querySelector(".qr");
      if (svg === null) return "";
      const image = new Image();
      image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = size;
      const context = canvas.getContext("2d");
      context?.drawImage(image, 0, 0, size, size);
      const { data } = context?.getImageData(0, 0, size, size) ?? { data: [] };
      return Array.from({ length: size * size }, (_, i) => ((data[4 * i] ?? 0) < 128 ? "#" : " ")).join("");
    }, QR_PX);
    const rgba = Uint8ClampedArray.from([...dots].flatMap((dot) => (dot === "#" ? [0, 0, 0, 255] : [255, 255, 255, 255])));
    expect(decodeQR({ width: QR_PX, height: QR_PX, data: rgba })).toBe(
      "otpauth://totp/Rigtwin:admin?issuer=Rigtwin&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
    );
    await page.getByLabel("Code of the app").fill("000000");
    await page.getByRole("button", { name: "Switch it on" }).click();
    await isShown(page, "That is not the code the app shows now.");
    await page.getByLabel("Code of the app").fill("123456");
    await page.getByRole("button", { name: "Switch it on" }).click();
    await page.getByRole("group", { name: "Recovery codes" }).waitFor();
    expect(await page.locator(".secret > span").count()).toBe(10);
  });

  test("who may see twins only gets theirs first, and nothing of the farm", async () => {
    const { page } = await world().visit("/", {
      password: PASSWORD,
      access: { role: "investor", wallet: "0x00000000000000000000000000000000000000aa" },
    });
    await logIn(page);
    await page.getByRole("heading", { level: 1, name: "My twins" }).waitFor();
    await page.getByRole("link", { name: "Twin #24" }).waitFor();
    expect(await page.locator("section.panel h2").allTextContents()).toEqual(["My twins", "You", "My sessions", "My tokens"]);
    expect(await page.getByRole("navigation").count()).toBe(0);
    await page.getByRole("link", { name: "Twin #24" }).click();
    await page.locator(".passport, .twin-top").first().waitFor();
  });

  test("a caller of this machine is told why it is in, and can go through the door", async () => {
    const { page } = await world().visit("/access");
    await isShown(page, "Let in because you call from this machine");
    await page.getByRole("button", { name: "Log in with an account" }).click();
    await page.getByRole("button", { name: "Go on without an account" }).click();
    await isLive(page);
    expect(await page.getByLabel("Password", { exact: true }).count()).toBe(0);
  });

  test("an audit with a changed line is found out", async () => {
    const { page } = await world().visit("/access");
    const check = page.getByRole("button", { name: "Check the chain" });
    await check.click();
    await isShown(page, "All 2 lines follow from one another");
    await page.route(/audit\/export/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: (await answer.text()).replace('"role":"admin"', '"role":"owner"') });
    });
    await check.click();
    await isShown(page, "Line 2 does not follow");
    await until("the good verdict is gone", async () => (await page.getByText("follow from one another").count()) === 0);
  });
};
