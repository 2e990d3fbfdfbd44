import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const WORKFLOW = "../../src/icestream/engine/graph/workflows/default.json";

/** The page that shows the element, with the workflow that comes with icestream. */
function demo(): Plugin {
  const place = (path: string) => new URL(path, import.meta.url);
  return {
    name: "demo",
    generateBundle() {
      for (const [fileName, from] of [
        ["demo.html", "demo.html"],
        ["demo.json", WORKFLOW],
      ] as const)
        this.emitFile({ type: "asset", fileName, source: readFileSync(place(from)) });
    },
  };
}

/** One file that any page can load. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  plugins: [demo()],
  build: {
    outDir: process.env.ICESTREAM_VIEWER_OUT ?? "../../src/icestream/server/static/viewer",
    emptyOutDir: true,
    target: "es2023",
    lib: { entry: "workflow-viewer.ts", formats: ["es"], fileName: () => "workflow-viewer.js" },
  },
});
