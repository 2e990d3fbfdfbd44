import { DataTable } from "@/ui";
import { bytes, number, withUnit } from "@/units";
import { shortTime } from "./Ranges";
import type { ComparedMember, MemberVotes, ComparedMembers } from "./types";
import styles from "./record.module.css";

interface Props {
  beside: ComparedMembers;
  votes: readonly MemberVotes[];
}

const share = (part: number, whole: number): string =>
  whole > 0 ? withUnit(number((100 * part) / whole, 1), "%") : "–";

/** What the members of a consensus cost, how often they failed, and how often they were outvoted. */
export function Compared({ beside: { members, itself }, votes }: Props) {
  const voted = new Map(votes.map((vote) => [vote.step, vote]));
  return (
    <DataTable
      label="Programs side by side"
      rows={[...members, itself]}
      keyOf={({ step }) => step}
      columns={[
        { title: "Program", cell: (row) => <Named row={row} consensus={row === itself} /> },
        { title: "Done", cell: doneOf, right: true },
        { title: "Failed", cell: failedOf, right: true },
        { title: "CPU time each", cell: ({ cpu }) => shortTime(cpu), right: true },
        { title: "Time each", cell: ({ seconds }) => shortTime(seconds), right: true },
        { title: "Memory at most", cell: ({ memory }) => bytes(memory), right: true },
        ...(votes.length > 0
          ? [
              {
                title: "Outvoted",
                cell: ({ step }: ComparedMember) => outvotedOf(voted.get(step)),
                right: true,
              },
              {
                title: "of the last 100",
                cell: ({ step }: ComparedMember) => latelyOf(voted.get(step)),
                right: true,
              },
            ]
          : []),
      ]}
    />
  );
}

function Named({ row, consensus }: { row: ComparedMember; consensus: boolean }) {
  return (
    <div className={styles.named}>
      {row.title}{" "}
      {!row.title.includes(row.step) && <small className={styles.quiet}>{row.step}</small>}
      {consensus && <small className={styles.with}>what is kept of the others</small>}
      {row.set.map((one) => (
        <small key={one} className={styles.with}>
          {one}
        </small>
      ))}
    </div>
  );
}

const doneOf = ({ done, left, skipped }: ComparedMember) => (
  <>
    {number(done)}
    {left > 0 && <small className={styles.with}>{number(left)} to do</small>}
    {skipped > 0 && (
      <small className={styles.with} title="an earlier step failed or rejected the exposure">
        {number(skipped)} left out
      </small>
    )}
  </>
);

function failedOf({ done, failed }: ComparedMember) {
  if (failed === 0) return "none";
  const text =
    done === 0 ? `all ${number(failed)}` : `${number(failed)} · ${share(failed, done + failed)}`;
  return <span className={styles.failed}>{text}</span>;
}

const outvotedOf = (vote: MemberVotes | undefined): string =>
  vote?.outvoted === 0
    ? "never"
    : vote
      ? `${number(vote.outvoted)} · ${share(vote.outvoted, vote.told)}`
      : "–";

const latelyOf = (vote: MemberVotes | undefined): string =>
  vote ? share(vote.lately, vote.of) : "–";
