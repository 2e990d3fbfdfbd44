// The verdict in one sentence, made of the three answers that the server gives.

export type VerdictState = "good" | "watch" | "bad" | "unknown" | "ended";

export interface Verdict {
  about: string;
  state: VerdictState;
  word: string;
  why: string;
}

const RANK: Readonly<Record<VerdictState, number>> = {
  bad: 4,
  watch: 3,
  unknown: 2,
  good: 1,
  ended: 0,
};

/** How it is on the whole: the worst of the answers; unknown where there are none. */
export function overall(verdicts: readonly Verdict[]): VerdictState {
  if (verdicts.length === 0) return "unknown";
  return verdicts.reduce<VerdictState>(
    (worst, each) => (RANK[each.state] > RANK[worst] ? each.state : worst),
    "ended",
  );
}

const small = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

const HEADS: Readonly<Record<VerdictState, string>> = {
  good: "The session is good",
  watch: "Have a look",
  bad: "Something is wrong",
  unknown: "Too early to tell",
  ended: "The session has ended",
};

/**
 * Such as "The session is good: delivering, data good, keeping up." What is worst comes first,
 * with its reason, since that is what a person has to act on.
 */
export function sentence(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return `${HEADS.unknown}.`;
  const state = overall(verdicts);
  const sorted = [...verdicts].sort((one, two) => RANK[two.state] - RANK[one.state]);
  const bad = sorted.filter((each) => each.state === "bad" || each.state === "watch");
  const ended = verdicts.some((each) => each.state === "ended");
  const said = (each: Verdict): string => {
    const word = small(each.word);
    const told = each.about === "Data" ? `data ${word}` : word;
    return bad.includes(each) && each.why ? `${told} (${each.why})` : told;
  };
  if (bad.length > 0) return `${HEADS[state]}: ${bad.map(said).join("; ")}.`;
  // That it has ended is in the head already.
  const rest = ended ? sorted.filter((each) => each.about !== "Microscope") : sorted;
  const head = ended ? HEADS.ended : HEADS[state];
  return `${head}: ${rest.map(said).join("; ")}.`;
}
