import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "react-router";
import { ErrorNote, Loading } from "@/ui";
import { number } from "@/units";
import type { Quality } from "../measured/types";
import { exposureHref } from "./addresses";
import { medianWords, turnedWords, type Turned } from "./preview";
import styles from "./screen.module.css";

const NAMED = 8;

interface Props {
  preview: UseQueryResult<Turned>;
  session: string;
  branch: string;
  qualities: readonly Quality[];
}

/** What the limits would gain and lose, with the exposures that change sides. */
export function PreviewWords({ preview, session, branch, qualities }: Props) {
  const { data, error } = preview;
  if (error) return <ErrorNote error={error} what="What would change could not be worked out" />;
  const working = <p className={styles.quiet}>Working out what would change …</p>;
  if (!data) {
    return (
      <>
        {working}
        <Loading lines={2} />
      </>
    );
  }
  return (
    <div className={styles.preview} data-stale={preview.isFetching || undefined}>
      {preview.isPlaceholderData && working}
      {turnedWords(data).map((line, index) => (
        <p key={line} className={index === 0 ? styles.said : styles.quiet}>
          {line}
        </p>
      ))}
      {medianWords(data, qualities).map((line) => (
        <p key={line} className={styles.quiet}>
          Median {line}
        </p>
      ))}
      <Names what="gained" count={data.gained} names={data.gained_names} {...{ session, branch }} />
      <Names what="lost" count={data.lost} names={data.lost_names} {...{ session, branch }} />
    </div>
  );
}

function Names({
  what,
  count,
  names,
  session,
  branch,
}: {
  what: string;
  count: number;
  names: readonly string[];
  session: string;
  branch: string;
}) {
  if (names.length === 0) return null;
  return (
    <p className={styles.names}>
      {what}:{" "}
      {names.slice(0, NAMED).map((name) => (
        <Link key={name} to={exposureHref(session, name, branch)}>
          {name}
        </Link>
      ))}
      {count > NAMED && ` and ${number(count - NAMED)} more`}
    </p>
  );
}
