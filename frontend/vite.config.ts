import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { bundleSize } from "./building/bundleSize.ts";
import { mantineCss } from "./building/mantineVariables.ts";

const server = process.env.ICESTREAM_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), mantineCss(), bundleSize()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.ICESTREAM_UI_OUT ?? "../src/icestream/server/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the content security policy takes no fonts or scripts from data: URLs
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/share": server,
      "/openapi.json": server,
    },
  },
});
