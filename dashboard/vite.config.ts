import { createHash } from "node:crypto";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { build, defineConfig, type Plugin } from "vite";

const server = "http://127.0.0.1:8080";
const VERIFIER = "verify.html";

const sha256 = (text: string, as: "hex" | "base64"): string => createHash("sha256").update(text).digest(as);
/** A closing tag within a script would end it. */
const asScript = (code: string): string => code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

/** The saved verifier as one page: its rules let it run the one script that is in it, and ask nodes; nothing else. */
const pageOf = (script: string, style: string): string => `<!doctype html>
<html lang="en" data-mantine-color-scheme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${sha256(script, "base64")}'; style-src 'unsafe-inline'; connect-src https: http:; base-uri 'none'; form-action 'none'">
<title>Rigtwin verifier</title>
<style>${style}</style>
</head>
<body>
<div id="root"><p class="unsaved">Save this file to your disk and open it from there. Opened from a farm's server it does not run: what a server sends, it can change.</p></div>
<script>${script}</script>
</body>
</html>
`;

/** One script of all that an entry needs. That Vite's own helper for lazy parts asks where it stands is no warning here: there are none. */
const oneScript = (entry: string) => ({
  input: join(import.meta.dirname, entry),
  output: { format: "iife" as const, codeSplitting: false },
  checks: { emptyImportMeta: false },
});

/** Builds the verifier into one file beside the dashboard, with its fingerprint in a file of its own. */
const verifier = (): Plugin => ({
  name: "rigtwin-verifier",
  apply: "build",
  async generateBundle() {
    const built = await build({
      configFile: false,
      root: import.meta.dirname,
      logLevel: "warn",
      mode: "production",
      // Whatever NODE_ENV says: the same sources give the same fingerprint.
      oxc: { jsx: { runtime: "automatic", development: false } },
      define: { "process.env.NODE_ENV": '"production"' },
      build: {
        write: false,
        target: "es2022",
        cssCodeSplit: false,
        reportCompressedSize: false,
        modulePreload: false,
        rollupOptions: oneScript("verifier/main.tsx"),
      },
    });
    const files = (Array.isArray(built) ? built : [built]).flatMap((one) => ("output" in one ? one.output : []));
    const script = files.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
    const style = files.flatMap((file) => (file.type === "asset" && file.fileName.endsWith(".css") ? [String(file.source)] : []));
    if (script.length !== 1) this.error(`the verifier has become ${script.length} scripts`);
    const page = pageOf(asScript(script[0] ?? ""), style.join(""));
    const fingerprint = sha256(page, "hex");
    this.emitFile({ type: "asset", fileName: VERIFIER, source: page });
    this.emitFile({ type: "asset", fileName: `${VERIFIER}.sha256.txt`, source: `${fingerprint}  ${VERIFIER}\n` });
    this.info(`${VERIFIER}: SHA-256 ${fingerprint}`);
  },
});

/** The entry's own files as index.html names them, and what installing wants. */
const shellOf = (html: string): string[] => [
  "/index.html",
  ...[...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? ""),
  "/icon-192.png",
];

/** Builds the service worker with the names of the files it keeps: another build is another worker, and another cache. */
const worker = (): Plugin => ({
  name: "rigtwin-worker",
  apply: "build",
  generateBundle: {
    order: "post",
    async handler(_options, bundle) {
      const index = bundle["index.html"];
      if (index?.type !== "asset") return this.error("there is no index.html to keep");
      const shell = [...new Set(shellOf(String(index.source)))];
      const built = await build({
        configFile: false,
        root: import.meta.dirname,
        logLevel: "warn",
        mode: "production",
        publicDir: false,
        define: {
          RIGTWIN_SHELL: JSON.stringify(shell),
          RIGTWIN_CACHE: JSON.stringify(`rigtwin-${sha256(String(index.source), "hex").slice(0, 16)}`),
        },
        build: {
          write: false,
          target: "es2022",
          modulePreload: false,
          rollupOptions: oneScript("worker/main.ts"),
        },
      });
      const code = (Array.isArray(built) ? built : [built])
        .flatMap((one) => ("output" in one ? one.output : []))
        .flatMap((file) => (file.type === "chunk" ? [file.code] : []));
      if (code.length !== 1) return this.error(`the worker has become ${code.length} scripts`);
      this.emitFile({ type: "asset", fileName: "sw.js", source: code[0] ?? "" });
    },
  },
});

export default defineConfig({
  root: "dashboard",
  plugins: [react(), verifier(), worker()],
  build: {
    outDir: "../build/dashboard",
    emptyOutDir: true,
    target: "es2022",
    // Each lazy part brings its own few rules; one sheet for all would be read before the first picture.
    cssCodeSplit: true,
    reportCompressedSize: true,
    // The hall in 3D is this large, and loaded only when somebody asks for it.
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/metrics": server, "/socket.io": { target: server, ws: true } },
  },
});
