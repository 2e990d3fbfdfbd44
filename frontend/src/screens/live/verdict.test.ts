import { expect, test } from "vitest";
import { overall, sentence, type Verdict } from "./verdict";

const verdict = (about: string, state: Verdict["state"], word: string, why = ""): Verdict => ({
  about,
  state,
  word,
  why,
});

test("all well is one short sentence", () => {
  const verdicts = [
    verdict("Microscope", "good", "Delivering", "280 movies an hour"),
    verdict("Data", "good", "Good", "49 of the last 50 accepted"),
    verdict("Processing", "good", "Keeping up", "3 in progress"),
  ];
  expect(overall(verdicts)).toBe("good");
  expect(sentence(verdicts)).toBe("The session is good: delivering; data good; keeping up.");
});

test("what is wrong is said alone, the worst first, with its reason", () => {
  const verdicts = [
    verdict("Microscope", "good", "Delivering"),
    verdict("Data", "watch", "Mixed", "30 of the last 50 accepted"),
    verdict("Processing", "bad", "Failures", "12 of 60 failed"),
  ];
  expect(overall(verdicts)).toBe("bad");
  expect(sentence(verdicts)).toBe(
    "Something is wrong: failures (12 of 60 failed); data mixed (30 of the last 50 accepted).",
  );
});

test("a session that has ended says so, and how it was", () => {
  const verdicts = [
    verdict("Microscope", "ended", "Session finished", "20 found"),
    verdict("Data", "good", "Good"),
    verdict("Processing", "ended", "All processed"),
  ];
  expect(sentence(verdicts)).toBe("The session has ended: data good; all processed.");
  expect(overall(verdicts)).toBe("good");
  const poor = [verdicts[0]!, verdict("Data", "bad", "Poor", "3 of 20 accepted")];
  expect(sentence(poor)).toBe("Something is wrong: data poor (3 of 20 accepted).");
});

test("nothing known is too early to tell", () => {
  expect(overall([])).toBe("unknown");
  expect(sentence([])).toBe("Too early to tell.");
});
