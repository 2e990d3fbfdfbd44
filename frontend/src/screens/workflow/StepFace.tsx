import type { ProtocolInfo, StepDocument } from "@/workflow/model";
import { ToneMark } from "@/ui";
import { toneOf } from "@/units";
import { countWords, paceWords, sharesOf } from "./progress";
import type { StepRecord } from "./types";
import styles from "./workflow.module.css";

interface Props {
  step: StepDocument;
  protocol: Pick<ProtocolInfo, "title"> | undefined;
  record: StepRecord | undefined;
  edited?: string;
  problems?: number;
  watches: string;
}

/** What stands in the box of a step: its name, what it does, and how far it is. */
export function StepFace({ step, protocol, record, edited, problems = 0, watches }: Props) {
  const state = record?.state ?? "new";
  return (
    <>
      <div className={styles.nodeHead}>
        <ToneMark tone={record ? toneOf(state) : "idle"} />
        <span className={styles.nodeName}>{step.name}</span>
        {problems > 0 ? (
          <span className={styles.problem}>
            {problems === 1 ? "1 problem" : `${problems} problems`}
          </span>
        ) : (
          <span className={styles.nodeState}>{edited ? "edited" : state}</span>
        )}
      </div>
      <div className={styles.nodeTitle}>{watches || (protocol?.title ?? step.protocol)}</div>
      {!watches &&
        (record ? (
          <Progress record={record} />
        ) : (
          <div className={styles.nodeCounts}>not run yet</div>
        ))}
    </>
  );
}

function Progress({ record }: { record: StepRecord }) {
  const shares = sharesOf(record.counts);
  return (
    <>
      <div className={styles.bar}>
        {shares.map(({ kind, count }) => (
          <span key={kind} data-kind={kind} style={{ flexGrow: count }} />
        ))}
      </div>
      <div className={styles.nodeCounts}>
        <span>{countWords(record)}</span>
        <span>{paceWords(record)}</span>
      </div>
    </>
  );
}
