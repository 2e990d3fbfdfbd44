import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mantineCss } from "./building/mantineVariables.ts";

export default defineConfig({
  plugins: [react(), mantineCss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    environment: "jsdom",
    include: [
      "src/**/*.test.{ts,tsx}",
      "viewer/**/*.test.ts",
      "report/**/*.test.{ts,tsx}",
      "building/**/*.test.ts",
    ],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
