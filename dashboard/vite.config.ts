import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:8080";

export default defineConfig({
  root: "dashboard",
  plugins: [react()],
  build: {
    outDir: "../build/dashboard",
    emptyOutDir: true,
    target: "es2022",
    // Each lazy part brings its own few rules; one sheet for all would be read before the first picture.
    cssCodeSplit: true,
    reportCompressedSize: true,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/metrics": server, "/socket.io": { target: server, ws: true } },
  },
});
