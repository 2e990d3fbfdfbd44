import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Say what a bundle weighs when it is compressed, and refuse one of more than so many bytes. */
export function bundleSize(most = 1_000_000): Plugin {
  return {
    name: "bundle-size",
    apply: "build",
    writeBundle(_options, bundle) {
      let bytes = 0;
      for (const file of Object.values(bundle)) {
        if (file.fileName.endsWith(".map")) continue;
        bytes += gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length;
      }
      const text = `the bundle is ${(bytes / 1000).toFixed(0)} kB gzipped, of ${most / 1000} kB at most`;
      if (bytes > most) this.error(text);
      console.log(text);
    },
  };
}
