import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ROUTES } from "../../server/twin/wire.ts";
import { ask, startHttp, stopAll, type Started } from "./http/farm.ts";

const INDEX = `<!doctype html><title>Farm</title>${"<!-- figures -->".repeat(200)}`;
const SCRIPT = `console.log("${"x".repeat(5_000)}");`;
let folder: string;
let http: Started;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rigtwin-dashboard-"));
  const files = {
    "index.html": INDEX,
    "assets/main-AbC123.js": SCRIPT,
    "assets/main-AbC123.js.br": "packed by brotli",
    "assets/style-1.css": "a{}",
    "mark.svg": "<svg/>",
    "picture.png": "p".repeat(5_000),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await writeFile(`${folder}.secret`, "not for you");
  http = await startHttp({ dashboard: folder });
});
afterAll(async () => {
  await stopAll();
  await rm(folder, { recursive: true });
  await rm(`${folder}.secret`);
});

describe("the dashboard's files", () => {
  test.each([
    ["/", INDEX, "text/html; charset=utf-8", "no-cache"],
    ["/index.html", INDEX, "text/html; charset=utf-8", "no-cache"],
    ["/assets/main-AbC123.js", SCRIPT, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
    ["/assets/style-1.css", "a{}", "text/css; charset=utf-8", "public, max-age=31536000, immutable"],
    ["/mark.svg", "<svg/>", "image/svg+xml", "no-cache"],
  ])("%s", async (path, text, type, caching) => {
    const heard = await ask(http.port, path);
    expect([heard.status, heard.text, heard.headers["content-type"], heard.headers["cache-control"]]).toEqual([200, text, type, caching]);
    expect([heard.headers["content-encoding"], heard.headers["vary"]]).toEqual([undefined, "Accept-Encoding"]);
  });

  test("packed for those who take it: what the build packed, else gzip", async () => {
    const packed = await ask(http.port, "/", { headers: { "accept-encoding": "gzip, br" } });
    expect([packed.headers["content-encoding"], gunzipSync(packed.bytes).toString()]).toEqual(["gzip", INDEX]);
    expect(packed.bytes.length).toBeLessThan(INDEX.length / 5);
    const brotli = await ask(http.port, "/assets/main-AbC123.js", { headers: { "accept-encoding": "gzip, br" } });
    expect([brotli.headers["content-encoding"], brotli.text]).toEqual(["br", "packed by brotli"]);
    expect((await ask(http.port, "/assets/main-AbC123.js", { headers: { "accept-encoding": "gzip" } })).headers["content-encoding"]).toBe(
      "gzip",
    );
    expect((await ask(http.port, "/picture.png", { headers: { "accept-encoding": "gzip" } })).headers["content-encoding"]).toBeUndefined();
    expect(
      (await ask(http.port, "/assets/style-1.css", { headers: { "accept-encoding": "gzip" } })).headers["content-encoding"],
    ).toBeUndefined();
  });

  test("what the browser has already is not sent again", async () => {
    const { etag } = (await ask(http.port, "/mark.svg")).headers;
    const again = await ask(http.port, "/mark.svg", { headers: { "if-none-match": String(etag) } });
    expect([again.status, again.text]).toEqual([304, ""]);
    expect((await ask(http.port, "/mark.svg", { headers: { "if-none-match": '"old"' } })).status).toBe(200);
  });

  test.each(["/rigs", "/rigs/rig-0001", "/replay?from=5", "/a/b/c"])("%s is a page of the dashboard", async (path) => {
    const heard = await ask(http.port, path, { headers: { accept: "text/html,*/*" } });
    expect([heard.status, heard.text]).toEqual([200, INDEX]);
  });

  test.each([
    ["/assets/gone-9.js", "*/*"],
    ["/missing.png", "image/png"],
    ["/assets/main-AbC123.js.br", "*/*"],
    ["/assets/main-AbC123.js.map", "application/json"],
  ])("%s is not there, and no page is given for it", async (path, accept) => {
    const heard = await ask(http.port, path, { headers: { accept } });
    expect([heard.status, heard.code()]).toEqual([404, "NOT_FOUND"]);
  });

  test("nothing outside the folder is served, however it is asked for", async () => {
    const name = folder.split("/").at(-1)!;
    for (const path of [
      `/../${name}.secret`,
      `/..%2f${name}.secret`,
      `/%2e%2e/${name}.secret`,
      `/assets/..%5c..%5c${name}.secret`,
      "/etc/passwd",
      "//etc/passwd",
    ])
      expect((await ask(http.port, path)).text).not.toMatch(/not for you|root:/);
  });

  test("only reading", async () => {
    const heard = await ask(http.port, "/rigs", { method: "POST" });
    expect([heard.status, heard.code(), heard.headers["allow"]]).toEqual([405, "METHOD_NOT_ALLOWED", "GET, HEAD"]);
    const head = await ask(http.port, "/", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  test("a dashboard that is not built is told, and the API works", async () => {
    const bare = await startHttp({ dashboard: join(folder, "nowhere") });
    const heard = await ask(bare.port, "/rigs", { headers: { accept: "text/html" } });
    expect([heard.status, heard.headers["content-type"]]).toEqual([503, "text/html; charset=utf-8"]);
    expect(heard.text).toContain("not built");
    expect((await ask(bare.port, ROUTES.site)).status).toBe(200);
  });
});

describe("what a browser is told", () => {
  test.each(["/", "/assets/main-AbC123.js", ROUTES.site, ROUTES.reference, "/api/v1/nothing"])("at %s", async (path) => {
    const { headers } = await ask(http.port, path);
    const policy = new Map(
      String(headers["content-security-policy"])
        .split(";")
        .map((part) => [part.split(" ")[0], part.split(" ").slice(1).join(" ")] as const),
    );
    expect(policy.get("default-src")).toBe("'none'");
    expect(policy.get("script-src")).toBe("'self'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
    expect(policy.get("base-uri")).toBe("'none'");
    expect([...policy.keys()]).not.toContain("upgrade-insecure-requests");
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer" });
    expect([headers["x-powered-by"], headers["strict-transport-security"]]).toEqual([undefined, undefined]);
  });
});
