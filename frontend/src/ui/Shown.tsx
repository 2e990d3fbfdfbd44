import type { ReactNode } from "react";
import type { UseQueryResult } from "@tanstack/react-query";
import { ErrorNote, Loading } from "./Notes";
import styles from "./ui.module.css";

interface ShownProps<T> {
  query: UseQueryResult<T>;
  /** What cannot be shown when it fails, as in "The alerts". */
  what: string;
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}

/**
 * What the server said, in each of its states: loading, failed, there, and there but stale (an
 * older answer, kept while the newer one does not come).
 */
export function Shown<T>({ query, what, loading, children }: ShownProps<T>) {
  if (query.data === undefined) {
    if (query.isError)
      return (
        <ErrorNote
          error={query.error}
          what={`${what} cannot be shown`}
          again={() => void query.refetch()}
        />
      );
    return loading ?? <Loading />;
  }
  return (
    <>
      {query.isError && (
        <ErrorNote
          error={query.error}
          what={`${what}: this is from before`}
          again={() => void query.refetch()}
        />
      )}
      <div className={query.isError ? styles.stale : undefined}>{children(query.data)}</div>
    </>
  );
}
