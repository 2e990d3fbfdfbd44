import { Button, TextInput } from "@mantine/core";
import { Fragment, useState } from "react";
import { Panel } from "@/ui";
import { fullMoment, number } from "@/units";
import type { LogEntry, LogFile, LogGroup } from "./types";
import styles from "./record.module.css";

const FIRST = 40;
const MORE = 200;
/** Fewer need no search. */
const MANY = 10;

/** What people and the session decided, the newest first; found by kind and by words. */
export function DecisionLog({ log }: { log: LogFile }) {
  const [kind, setKind] = useState("");
  const [words, setWords] = useState("");
  const [most, setMost] = useState(FIRST);
  const kinds = Object.keys(log.counts);
  const all = Object.values(log.counts).reduce((sum, count) => sum + count, 0);
  const groups = found(log.groups, kind, words.trim().toLowerCase());
  return (
    <Panel
      title="Decisions"
      note={`${number(log.total)} in all`}
      tools={
        log.groups.length >= MANY && (
          <TextInput
            size="xs"
            type="search"
            placeholder="Words in it"
            aria-label="Words in the decisions"
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
        )
      }
    >
      {kinds.length > 1 && (
        <div className={styles.choice} role="group" aria-label="Kinds of decisions">
          {["", ...kinds].map((one) => (
            <Button
              key={one}
              size="compact-xs"
              variant={one === kind ? "filled" : "default"}
              aria-pressed={one === kind}
              onClick={() => setKind(one)}
            >
              {one || "all"} {number(one ? log.counts[one] : all)}
            </Button>
          ))}
        </div>
      )}
      <div className={styles.scroll}>
        <table className={styles.log}>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            <Rows groups={groups.slice(0, most)} />
          </tbody>
        </table>
      </div>
      {groups.length === 0 && <p className={styles.quiet}>No decision is like that.</p>}
      {groups.length > most && (
        <Button size="compact-sm" variant="default" onClick={() => setMost(most + MORE)}>
          {number(groups.length - most)} earlier
        </Button>
      )}
    </Panel>
  );
}

function found(groups: readonly LogGroup[], kind: string, words: string): LogGroup[] {
  const fits = ({ what, who, why, effect }: LogEntry): boolean =>
    [what, who, why, effect].join(" ").toLowerCase().includes(words);
  return groups
    .filter((group) => kind === "" || group.kind === kind)
    .map((group) => ({ ...group, entries: group.entries.filter(fits) }))
    .filter(({ entries }) => entries.length > 0);
}

const dayOf = (time: number): string => fullMoment(time).split(" ")[0] ?? "";
const clockOf = (time: number): string => fullMoment(time).split(" ")[1]?.slice(0, 5) ?? "";

function Rows({ groups }: { groups: readonly LogGroup[] }) {
  return groups.map((group, index) => {
    const [newest] = group.entries;
    if (!newest) return null;
    const day = dayOf(newest.time);
    const before = groups[index - 1]?.entries[0];
    return (
      <Fragment key={index}>
        {(!before || dayOf(before.time) !== day) && (
          <tr className={styles.day}>
            <th colSpan={4} scope="colgroup">
              {day}
            </th>
          </tr>
        )}
        <Group group={group} newest={newest} />
      </Fragment>
    );
  });
}

/** A decision; several of a kind are folded into one row. */
function Group({ group, newest }: { group: LogGroup; newest: LogEntry }) {
  const { entries, verb } = group;
  const oldest = entries.at(-1) ?? newest;
  const whys = new Set(entries.map(({ why }) => why));
  const who = newest.who
    ? `${newest.who}${newest.by_session ? " (by itself)" : ""}`
    : "whoever ran it";
  return (
    <tr>
      <td>
        {entries.length > 1 && `${clockOf(oldest.time)} to `}
        {clockOf(newest.time)}
      </td>
      <td>{who}</td>
      <td>
        {entries.length === 1 ? (
          <What entry={newest} />
        ) : (
          <details>
            <summary>
              {verb}, {number(entries.length)} times
            </summary>
            <ul>
              {entries.map((entry, index) => (
                <li key={index}>
                  {clockOf(entry.time)} <What entry={entry} />
                </li>
              ))}
            </ul>
          </details>
        )}
      </td>
      <td>{whys.size === 1 && newest.why}</td>
    </tr>
  );
}

function What({ entry: { what, effect } }: { entry: LogEntry }) {
  return (
    <>
      {what}
      {effect && <small className={styles.quiet}> → {effect}</small>}
    </>
  );
}
