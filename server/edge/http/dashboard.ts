/** The built dashboard, read once at start: what is served is a whole build, also while the next one is being written. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { RequestHandler, Response } from "express";
import { sendProblem } from "./problem.ts";

const gzipped = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};
const PACKED = new Set([".png", ".ico", ".webp", ".woff2"]);
const LEAST_TO_PACK = 1_024;

interface Asset {
  readonly type: string;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly hashed: boolean;
  readonly plain: Buffer;
  readonly gzip: Buffer | null;
  readonly brotli: Buffer | null;
}
export type Assets = ReadonlyMap<string, Asset>;

const beside = (path: string): Promise<Buffer | null> => readFile(path).catch(() => null);

const assetOf = async (path: string, name: string): Promise<Asset> => {
  const ending = extname(path);
  const plain = await readFile(path);
  const packs = !PACKED.has(ending) && plain.length >= LEAST_TO_PACK;
  return {
    type: TYPES[ending] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
    hashed: name.startsWith("/assets/"),
    plain,
    gzip: packs ? ((await beside(`${path}.gz`)) ?? (await gzipped(plain))) : null,
    brotli: packs ? await beside(`${path}.br`) : null,
  };
};

/** Reads every file below `folder`; null where there is no index.html. Of `x.br` and `x.gz` beside `x` the packed form is taken. */
export const readDashboard = async (folder: string): Promise<Assets | null> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const assets = new Map<string, Asset>();
  for (const entry of found) {
    if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    assets.set(name, await assetOf(path, name));
  }
  return assets.has("/index.html") ? assets : null;
};

const MISSING = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rigtwin</title>
<style>:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>
<h1>The dashboard is not built yet</h1><p>The server is running; its figures are at <a href="/api/v1/site">/api/v1/site</a>, its API is described at <a href="/api/v1/reference">/api/v1/reference</a>.</p>
<p>Stop it, run <code>npm run build</code>, and start it again.</p></html>`;

const send = (response: Response, asset: Asset): void => {
  const { req: request } = response;
  response.setHeader("Content-Type", asset.type);
  response.setHeader("Cache-Control", asset.hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("ETag", asset.etag);
  response.setHeader("Vary", "Accept-Encoding");
  if (request.fresh) return void response.status(304).end();
  // Browsers name gzip first and mean no preference by it; brotli is the smaller.
  const coding =
    asset.brotli !== null && request.acceptsEncodings("br")
      ? "br"
      : asset.gzip !== null && request.acceptsEncodings("gzip")
        ? "gzip"
        : null;
  const bytes = coding === "br" ? asset.brotli : coding === "gzip" ? asset.gzip : null;
  if (coding !== null) response.setHeader("Content-Encoding", coding);
  response.end(bytes ?? asset.plain);
};

/** Serves files, and index.html for every other path: the dashboard finds its own way from there. */
export const serveDashboard =
  (assets: Assets | null): RequestHandler =>
  (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return sendProblem(response, "METHOD_NOT_ALLOWED", `${request.method} is not taken here; GET, HEAD are.`);
    }
    const asset = assets?.get(request.path);
    if (asset !== undefined) return send(response, asset);
    // A missing script answered with a page would be a riddle in the browser's console.
    if (extname(request.path) !== "" && request.accepts(["html", "*/*"]) !== "html")
      return sendProblem(response, "NOT_FOUND", `There is no file ${request.path}.`);
    const index = assets?.get("/index.html");
    if (index !== undefined) return send(response, index);
    response.status(503).setHeader("Cache-Control", "no-store").type("html").send(MISSING);
  };
