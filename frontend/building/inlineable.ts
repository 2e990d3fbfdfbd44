import type { Plugin } from "vite";

/** Text of a script that may stand inside a page: nothing in it ends the element. */
export const inline = (code: string): string =>
  code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");

/** Write scripts and styles that a page may hold within itself. */
export function inlineable(): Plugin {
  return {
    name: "inlineable",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") file.code = inline(file.code);
        else if (/<\/style/i.test(String(file.source)))
          this.error(`${file.fileName} cannot stand inside a page: it ends the style element`);
      }
    },
  };
}
