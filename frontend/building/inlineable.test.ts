// @vitest-environment node
import { expect, it } from "vitest";
import { inline } from "./inlineable.ts";

it("leaves nothing that ends a script, and the text that the script has stays the same", () => {
  const code = 'const a = "<script></script>", b = "<!-- </SCRIPT";';
  expect(inline(code)).not.toMatch(/<\/script|<!--/i);
  expect(new Function(`${inline(code)} return a + b`)()).toBe("<script></script><!-- </SCRIPT");
});
