import { expect, test, vi } from "vitest";
import { remembered } from "./files";

/** The page takes data in by scripts beside it: one is told as loaded when it has said its own. */
function written(at: number): void {
  vi.spyOn(document.head, "append").mockImplementation((...nodes) => {
    const script = nodes[0] as HTMLScriptElement;
    const { icestream } = window as unknown as { icestream: { live: (told: unknown) => void } };
    icestream.live({ written: at });
    script.onload?.(new Event("load"));
  });
}

test("what was worked out is given again, and what could not be read is tried again", async () => {
  written(1);
  const make = vi.fn(() => Promise.resolve(["e1"]));
  const first = await remembered("sorted", make);
  expect(await remembered("sorted", make)).toBe(first);
  expect(make).toHaveBeenCalledTimes(1);
  await expect(remembered("broken", () => Promise.reject(new Error("gone")))).rejects.toThrow();
  expect(await remembered("broken", () => Promise.resolve(2))).toBe(2);
});
