// `npm run icons`: draws dashboard/public/mark.svg as the pictures that installing wants. They are committed; a browser is needed to make them.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const FOLDER = resolve(import.meta.dirname, "../dashboard/public");
const mark = readFileSync(join(FOLDER, "mark.svg"), "utf8");
/** A maskable icon is cut to any shape: the mark stays within the middle 80 %, on its own ground. */
const ICONS = [
  { file: "icon-192.png", size: 192, inset: 0, ground: "transparent" },
  { file: "icon-512.png", size: 512, inset: 0, ground: "transparent" },
  { file: "icon-maskable.png", size: 512, inset: 64, ground: "#0e1213" },
];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const { file, size, inset, ground } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0;background:${ground}}svg{display:block;margin:${inset}px;width:${size - 2 * inset}px}</style>${mark}`,
  );
  writeFileSync(join(FOLDER, file), await page.screenshot({ omitBackground: true }));
}
await browser.close();
