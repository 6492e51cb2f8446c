/**
 * Script smuggled in as text: planted wherever people, devices and other programs can put words, then looked for in a real Chromium on every
 * page that may show them. Harm is a script that ran, a dialog, markup of ours in the page, or a breach of the CSP (which would have come
 * from such markup).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { attack, SITE, type Attack, type Stage } from "./stage.ts";

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Breaks out of text, of an attribute in either quote, and of a script; each way sets the mark. */
const EVIL = `"'><img src=x onerror=__harm=1><script>__harm=1</script><svg onload=__harm=1>`;
const SHORT = `<img src=x onerror=__harm=1>`;
const LINK = "javascript:__harm=1";

/** Run before anything else of each page. */
const WATCH = `
  window.__found = [];
  Object.defineProperty(window, "__harm", { configurable: false, set: () => void window.__found.push("a script ran") });
  document.addEventListener("securitypolicyviolation", (event) =>
    window.__found.push("the CSP was breached: " + event.violatedDirective + " " + event.blockedURI));
`;
/** What is in the page as markup though it came as text. */
const LOOK = `[
  ...window.__found,
  ...[...document.querySelectorAll('img[src="x"], [onerror], [onload], [href^="javascript:" i], [src^="javascript:" i]')]
    .map((element) => "it became markup: " + element.outerHTML.slice(0, 80)),
]`;

/** Opens an address as somebody with that cookie; gives what harm it did and how often the planted text was to be seen. */
type Visit = (path: string) => Promise<{ readonly harm: readonly string[]; readonly shown: number }>;

const withBrowser = async <T>(cookie: string, url: string, work: (visit: Visit, page: Page) => Promise<T>): Promise<T> => {
  const profile = mkdtempSync(join(tmpdir(), "rigtwin-browser-"));
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });
  try {
    const context = await browser.newContext({ timezoneId: "UTC" });
    const [name = "", value = ""] = cookie.split("=");
    if (cookie !== "") await context.addCookies([{ name, value, url }]);
    await context.addInitScript(WATCH);
    const page = await context.newPage();
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const visit: Visit = async (path) => {
      dialogs.length = 0;
      await page.goto(url + path);
      await page.waitForLoadState("load");
      // Drawn: the farm's words come over the feed and by questions of their own.
      for (let tries = 0; tries < 40 && (await page.locator(".skeleton").count()) > 0; tries++) await wait(100);
      await wait(400);
      const shown = (await page.locator("body").innerText()).split("__harm").length - 1;
      return { harm: [...((await page.evaluate(LOOK)) as string[]), ...dialogs], shown };
    };
    return await work(visit, page);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
};

interface Planted {
  readonly order: string;
}
/** Puts it wherever words can be put. What is refused cannot be shown. */
const plant = async (stage: Stage): Promise<Planted> => {
  const { send, ask } = stage;
  const device = await stage.device("dev-a", { clientId: "evil" });
  const root = `rigtwin/v1/${SITE}/dev-a`;
  const say = (channel: string, payload: unknown): Promise<void> =>
    new Promise((done) =>
      device.publish(`${root}/${channel}`, typeof payload === "string" ? payload : JSON.stringify(payload), { qos: 1 }, () => done()),
    );
  await say("birth", {
    v: 1,
    ts: Date.now(),
    boot: "evil",
    identity: { make: SHORT, model: EVIL, serial: SHORT, firmware: EVIL, firmwareVersion: SHORT, controlBoard: SHORT, mac: SHORT },
    nameplate: null,
    position: { container: SHORT, rack: SHORT, slot: SHORT },
  });
  for (const seq of [1, 2])
    await say("telemetry", {
      v: 1,
      ts: Date.now(),
      seq,
      boot: "evil",
      m: {
        mode: "mining",
        hashrateThs: 100,
        powerW: 3_000,
        pools: [{ index: 0, url: LINK, worker: EVIL, active: true, alive: true, accepted: 1, rejected: 0, stale: 0 }],
        errors: [{ code: "FAN_FAILED", severity: "critical", component: "fan", index: 0, raw: EVIL }],
      },
    });
  // Refused, and so shown in the inbox with its first bytes.
  await say("telemetry", EVIL);
  device.end(true);
  for (let tries = 0; tries < 50 && (await ask("admin", "/api/v1/rigs/dev-a")).status !== 200; tries++) await wait(100);
  const opened = await send("admin", "/api/v1/orders", {
    key: "attack-0001",
    by: "x",
    title: EVIL,
    detail: EVIL,
    kind: "inspection",
    corrective: true,
    rigs: ["dev-a"],
    assignee: SHORT,
    checklist: [{ text: EVIL }],
  });
  if (opened.status !== 201) throw new Error(`no order: ${opened.text}`);
  const sealed = await send("admin", "/api/v1/rigs/dev-a/records", {
    kind: "cleaning",
    performedTs: Date.now() - 60_000,
    technician: SHORT,
    summary: EVIL,
    parts: [{ part: "fan", index: 0, oldSerial: SHORT, newSerial: SHORT }],
  });
  if (sealed.status !== 201) throw new Error(`no record: ${sealed.text}`);
  await send("admin", "/api/v1/notifications/channels", {
    id: "evil",
    label: SHORT,
    kind: "webhook",
    secrets: { url: "https://evil.example/" },
  });
  // Its program is listed among the sessions of whoever logs in.
  await ask("nobody", "/api/v1/login", {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": EVIL },
    body: JSON.stringify({ name: "the-operator", password: stage.secrets["operator"] }),
  });
  await send("operator", "/api/v1/me/tokens", { name: SHORT, scopes: ["read"], days: 1 });
  return { order: (JSON.parse(opened.text) as { id: string }).id };
};

/** Planted once for all pages. */
const planting = new WeakMap<Stage, Promise<Planted>>();
const plantedOn = (stage: Stage): Promise<Planted> => {
  const before = planting.get(stage) ?? plant(stage);
  planting.set(stage, before);
  return before;
};

/** `least`: so often the planted text must be read there, or the attack proves nothing. */
const pageAttack = (
  name: string,
  path: (planted: Planted) => string,
  least: number,
  who: "admin" | "operator" | "nobody" = "admin",
): Attack =>
  attack(`XSS: ${name}`, async (stage) => {
    const planted = await plantedOn(stage);
    return withBrowser(stage.cookieOf(who), stage.url, async (visit) => {
      for (let tries = 0; ; tries++) {
        const { harm, shown } = await visit(path(planted));
        if (harm.length > 0) return harm.join("; ");
        if (shown >= least) return null;
        if (tries === 5) return `the planted text is there ${shown} times, not ${least}: the attack proves nothing`;
      }
    });
  });

export const BROWSER: readonly Attack[] = [
  attack("(the browser works: a script that is let through is noticed, in each way)", (stage) =>
    withBrowser("", stage.url, async (visit, page) => {
      const missed: string[] = [];
      for (const [way, html, expected] of [
        ["run", `<script>__harm=1</script>`, "a script ran"],
        ["markup", SHORT, "it became markup"],
        ["dialog", `<script>alert(1)</script>`, "a dialog"],
        ["csp", `<meta http-equiv="Content-Security-Policy" content="script-src 'none'"><script>__harm=1</script>`, "the CSP was breached"],
      ] as const) {
        await page.route("**/trap", (route) => route.fulfill({ contentType: "text/html", body: html }));
        if (!(await visit("/trap")).harm.some((harm) => harm.startsWith(expected))) missed.push(way);
        await page.unrouteAll();
      }
      return missed.length === 0 ? null : `not noticed: ${missed.join(", ")}`;
    }),
  ),
  pageAttack("a machine's names and pools on its page", () => "/rigs/dev-a", 2),
  pageAttack("a machine's names in the table of rigs", () => "/rigs", 0),
  pageAttack("a machine's place on the floor map", () => "/map", 0),
  pageAttack("a machine's names on the overview", () => "/", 0),
  pageAttack("a machine's errors among the alarms", () => "/alarms?show=all", 0),
  pageAttack("a work order's title in the list", () => "/maintenance", 1),
  pageAttack("a work order's words on its page", ({ order }) => `/maintenance/${order}`, 3),
  pageAttack("a refused payload in the inbox", () => "/status", 1),
  pageAttack("a program's name among the sessions", () => "/access", 0, "operator"),
  pageAttack("a record's words and a token's metadata on the public page", () => "/twin/1", 2, "nobody"),
  pageAttack("the token's metadata, opened as a page", () => "/api/v1/twins/1", 1, "nobody"),
  pageAttack("a machine's answer, opened as a page", () => "/api/v1/rigs/dev-a", 1),
  pageAttack("the refusals, opened as a page", () => "/api/v1/refusals", 1),
  pageAttack("a search in an address", () => `/rigs?q=${encodeURIComponent(EVIL)}`, 0),
  pageAttack("an unknown path", () => `/${encodeURIComponent(EVIL)}`, 0),
];
