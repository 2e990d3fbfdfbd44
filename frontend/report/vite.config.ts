import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { bundleSize } from "../building/bundleSize.ts";
import { inlineable } from "../building/inlineable.ts";
import { mantineCss } from "../building/mantineVariables.ts";

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Modules that talk to the server, and those that take the same from files; and fewer charts. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  [place("../src/api/client.ts"), place("api/client.ts")],
  [place("../src/api/ws.ts"), place("api/ws.ts")],
  [place("../src/charts/echarts.ts"), place("charts/echarts.ts")],
]);

function overFiles(): Plugin {
  return {
    name: "over-files",
    enforce: "pre",
    async resolveId(source, importer) {
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found ? INSTEAD.get(found.id) : null;
    },
  };
}

/** One classic script and one style sheet: a page that is opened from a folder loads no modules. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  plugins: [overFiles(), react(), mantineCss(), inlineable(), bundleSize(450_000)],
  resolve: { alias: { "@": place("../src") } },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: process.env.ICESTREAM_REPORT_OUT ?? "../../src/icestream/report/static",
    emptyOutDir: true,
    target: "es2023",
    lib: {
      entry: "main.tsx",
      formats: ["iife"],
      name: "icestreamReport",
      fileName: () => "report.js",
      cssFileName: "report",
    },
  },
});
