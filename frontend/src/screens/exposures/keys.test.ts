import { expect, test } from "vitest";
import { NOTHING, chosen, commandOf, step, type Cursor, type Rows } from "./keys";

const ROWS: Rows = { total: 5, nameAt: (at) => (at >= 0 && at < 5 ? `E${at}` : undefined) };

const after = (...keys: [string, boolean?][]): Cursor =>
  keys.reduce((cursor, [key, shift]) => {
    const command = commandOf(key, shift ?? false, 3);
    return command === null ? cursor : step(cursor, ROWS, command);
  }, NOTHING);

test("j and k move and stop at the ends", () => {
  expect(after(["j"]).at).toBe(0);
  expect(after(["j"], ["j"], ["k"], ["k"], ["k"]).at).toBe(0);
  expect(after(["End"], ["j"]).at).toBe(4);
  expect(after(["Home"], ["PageDown"]).at).toBe(3);
});

test("space marks and takes the mark away again", () => {
  expect([...after(["j"], [" "]).marked]).toEqual(["E0"]);
  expect(after(["j"], [" "], [" "]).marked.size).toBe(0);
});

test("shift marks all from where it began", () => {
  const cursor = after(["j"], ["j"], ["J", true], ["J", true]);
  expect([...cursor.marked]).toEqual(["E1", "E2", "E3"]);
  expect(cursor.at).toBe(3);
});

test("a press moves, with shift marks up to it, with ctrl adds one", () => {
  let cursor = step(NOTHING, ROWS, { kind: "press", at: 1, extend: false, add: false });
  cursor = step(cursor, ROWS, { kind: "press", at: 3, extend: true, add: false });
  expect([...cursor.marked]).toEqual(["E1", "E2", "E3"]);
  cursor = step(cursor, ROWS, { kind: "press", at: 2, extend: false, add: true });
  expect([...cursor.marked]).toEqual(["E1", "E3"]);
});

test("a decision is about the marked ones, or the one under the cursor", () => {
  expect(chosen(after(["j"], ["j"]), ROWS)).toEqual(["E1"]);
  expect(chosen(after(["j"], [" "], ["j"]), ROWS)).toEqual(["E0"]);
  expect(chosen(NOTHING, ROWS)).toEqual([]);
  expect(chosen(after(["j"], [" "], ["Escape"]), ROWS)).toEqual(["E0"]);
});

test("other keys mean nothing, and an empty table has no cursor", () => {
  expect(commandOf("q", false, 3)).toBeNull();
  expect(step(after(["j"]), { total: 0, nameAt: () => undefined }, { kind: "toggle" })).toEqual(
    NOTHING,
  );
});
