import { expect, test } from "vitest";
import { inOrder, lanes, tally, tallyWords, type AlertLike } from "./order";

const alert = (level: string, raised: number, more: Partial<AlertLike> = {}): AlertLike => ({
  level,
  raised,
  cleared: null,
  acknowledged: null,
  muted: null,
  ...more,
});

test("what holds comes first, the worst and newest before others, and those with nobody's care", () => {
  const passed = alert("critical", 9, { cleared: 10 });
  const taken = alert("warning", 8, { acknowledged: 9 });
  const bare = alert("warning", 2);
  const notice = alert("notice", 7);
  const worst = alert("critical", 1);
  expect(inOrder([passed, taken, notice, bare, worst])).toEqual([
    worst,
    bare,
    taken,
    notice,
    passed,
  ]);
});

test("a tally in words", () => {
  const counts = tally([
    alert("critical", 1),
    alert("warning", 1),
    alert("warning", 2),
    alert("notice", 1, { cleared: 3 }),
  ]);
  expect(counts).toEqual({ critical: 1, warning: 2, notice: 0, passed: 1 });
  expect(tallyWords(counts)).toBe("1 critical, 2 warnings");
  expect(tallyWords(tally([]))).toBe("No alerts");
});

test("alerts that overlap lie in lanes of their own", () => {
  const spans = lanes(
    [
      { since: 0, until: 50 },
      { since: 10, until: null },
      { since: 60, until: 70 },
    ],
    0,
    100,
  );
  expect(spans.map(({ lane }) => lane)).toEqual([0, 1, 0]);
  expect(spans[1]).toMatchObject({ from: 0.1, to: 1 });
});

test("the shortest alert can still be seen", () => {
  const [span] = lanes([{ since: 50, until: 50 }], 0, 100);
  expect(span!.to - span!.from).toBeGreaterThan(0.005);
});
