import { Panel, Term, Wide } from "@/ui";
import table from "@/ui/ui.module.css";
import { figures, number, plural, withUnit } from "@/units";
import styles from "./branches.module.css";
import { PairedPlots } from "./PairedPlots";
import type { ComparedQuality, ComparedStep, Comparison, Newest } from "./types";

/** One step that the two branches have differently. */
export function StepCompared({ step, found }: { step: ComparedStep; found: Comparison }) {
  return (
    <Panel title={step.name} note={countWords(step, found)} flush>
      {(step.qualities.length > 0 || step.seconds) && <Qualities step={step} found={found} />}
      {step.newest.length > 0 && <NewestTable rows={step.newest} found={found} />}
      <Turned step={step} />
      <PairedPlots step={step} found={found} />
    </Panel>
  );
}

function Qualities({ step, found }: { step: ComparedStep; found: Comparison }) {
  return (
    <Wide label="Qualities">
      <table className={table.table}>
        <thead>
          <tr>
            <th>Mean of each</th>
            <th data-right>{found.old}</th>
            <th data-right>{found.new}</th>
            <th data-right>
              <Term means="Of each exposure with itself; ± is the standard error of the mean. Coloured is what differs by more than chance.">
                Difference
              </Term>
            </th>
            <th>Which is better</th>
            <th data-right>Exposures</th>
          </tr>
        </thead>
        <tbody>
          {[...step.qualities, ...(step.seconds ? [step.seconds] : [])].map((one) => (
            <tr key={one.name}>
              <td>{one.title}</td>
              <td data-right>{amount(one.old, one)}</td>
              <td data-right>{amount(one.new, one)}</td>
              <td data-right>
                <span className={one.tone ? styles[one.tone] : undefined}>{one.words}</span>
              </td>
              <td>{betterWords(one, found)}</td>
              <td data-right>{sidesWords(one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

const amount = (value: number | null, one: { unit: string; scale: number }): string =>
  value === null ? "–" : withUnit(plain(value * one.scale), one.unit);

/** What is counted stays whole; anything else has four figures. */
const plain = (value: number): string =>
  Number.isInteger(value) ? number(value) : figures(value, 4);

/** A word on which branch is better at a quality: none where chance alone may have made it. */
export function betterWords(one: ComparedQuality, { old, new: now }: Comparison): string {
  if (one.tone === "good") return `${now} is better`;
  if (one.tone === "bad") return `${old} is better`;
  if (one.tone === "other") return "differs, neither is better";
  return one.higher || one.lower ? "no clear difference" : "the same";
}

function sidesWords({ better, worse, higher, lower, same }: ComparedQuality): string {
  const sides =
    better === null
      ? [higher && `${higher} higher`, lower && `${lower} lower`]
      : [better && `${better} better`, worse && `${worse} worse`];
  return [...sides, same && `${same} same`].filter(Boolean).join(", ");
}

function NewestTable({ rows, found }: { rows: Newest[]; found: Comparison }) {
  return (
    <Wide label="Newest results">
      <table className={table.table}>
        <thead>
          <tr>
            <th>Newest result</th>
            <th data-right>{found.old}</th>
            <th data-right>{found.new}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.name}>
              <td>{one.title}</td>
              <td data-right>{amount(one.old, one)}</td>
              <td data-right>{amount(one.new, one)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

/** Exposures that are on another side than before, and what is not a mean. */
function Turned({ step }: { step: ComparedStep }) {
  const lines = [
    step.fails.gained.length > 0 &&
      `${plural(step.fails.gained.length, "exposure")} that failed are processed now: ${names(step.fails.gained)}`,
    step.fails.lost.length > 0 &&
      `${plural(step.fails.lost.length, "exposure")} fail that did not: ${names(step.fails.lost)}`,
    step.selects.gained.length > 0 &&
      `${plural(step.selects.gained.length, "exposure")} more let through: ${names(step.selects.gained)}`,
    step.selects.lost.length > 0 &&
      `${plural(step.selects.lost.length, "exposure")} held back: ${names(step.selects.lost)}`,
    step.particles && `particles: ${number(step.particles[0])} → ${number(step.particles[1])}`,
    step.boxes,
  ].filter(Boolean) as string[];
  if (lines.length === 0) return null;
  return (
    <ul className={`${styles.lines} ${styles.turned ?? ""}`}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

const names = (all: string[]): string =>
  all.slice(0, 5).join(", ") + (all.length > 5 ? ` and ${all.length - 5} more` : "");

function countWords(step: ComparedStep, found: Comparison): string {
  if (step.old_revision === null) return `new in ${found.new}`;
  if (step.new_revision === null) return `taken out in ${found.new}`;
  if (step.of_batches) return "of many exposures at once: the newest results";
  return [
    `${plural(step.both, "exposure")} in both`,
    step.only_old > 0 && `${number(step.only_old)} only in ${found.old}`,
    step.only_new > 0 && `${number(step.only_new)} only in ${found.new}`,
  ]
    .filter(Boolean)
    .join(", ");
}
