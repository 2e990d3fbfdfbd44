import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const MOST = 1_000_000;

/** Say what the bundle weighs when it is compressed, and refuse one that is too heavy. */
export function bundleSize(): Plugin {
  return {
    name: "bundle-size",
    apply: "build",
    writeBundle(_options, bundle) {
      let bytes = 0;
      for (const file of Object.values(bundle)) {
        if (file.fileName.endsWith(".map")) continue;
        bytes += gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length;
      }
      const text = `the bundle is ${(bytes / 1000).toFixed(0)} kB gzipped, of ${MOST / 1000} kB at most`;
      if (bytes > MOST) this.error(text);
      console.log(text);
    },
  };
}
