import { Note, useNow } from "@/ui";
import { fullMoment, moment } from "@/units";
import type { LiveFile } from "./data/types";
import styles from "./report.module.css";
import { useReceived } from "./useReport";

/** Seconds since it was written; by the clock of the reader alone where it came meanwhile. */
export const readAge = (file: LiveFile, received: number, now: number): number =>
  received > 0 ? now - received : Math.max(0, now - file.written);

const PATIENCE = 30;

/** Whether a session that runs is not told of any more. */
export const isStale = ({ session, every }: LiveFile, age: number): boolean =>
  !session.finished && age > Math.max(PATIENCE, 4 * every);

/** What a reader should know before reading on: it is old, not published, or about to change. */
export function Banner({ file }: { file: LiveFile }) {
  const now = useNow();
  const stale = isStale(file, readAge(file, useReceived(), now));
  const { published, again } = file;
  return (
    <div className={styles.banner}>
      {stale && (
        <div id="stale">
          <Note tone="bad">
            This report has not been updated since {fullMoment(file.written)}: the processing may
            have stopped, and what is shown here may be old.
          </Note>
        </div>
      )}
      {published?.failing && (
        <Note tone="warning">
          This report has not been published since {moment(published.failing)}; it is tried again.{" "}
          {published.why}
        </Note>
      )}
      {again && (
        <Note tone="warning" title={`${again.text.charAt(0).toUpperCase()}${again.text.slice(1)}.`}>
          {again.until !== null &&
            `Until then, numbers and pictures are those of before the change of ${moment(again.until)}${again.who ? ` by ${again.who}` : ""}. `}
          {again.command && (
            <>
              To do so: <code>{again.command}</code>
            </>
          )}
        </Note>
      )}
    </div>
  );
}
