import { FscChart } from "../map/FscChart";
import { Panel } from "@/ui";
import { moment } from "@/units";
import type { FileCurve, SeenResult } from "./types";
import styles from "./record.module.css";
import { FactList } from "./Facts";

/** Å down to which the two halves of a map start from the same one. */
const SAME = 25;
const THRESHOLD = 0.143;

interface Props {
  sets: readonly SeenResult[];
  /** With the title of each picture, where nothing else tells what it is. */
  titled?: boolean;
}

/** Pictures of results with their facts: maps, gain references, what a plugin made. */
export function Seen({ sets, titled = false }: Props) {
  return sets.map((set) => (
    <Panel
      key={set.step}
      title={set.title}
      note={`as of ${moment(set.time)}${set.note ? `: ${set.note}` : ""}`}
    >
      <div className={styles.seen}>
        {set.pictures.map((picture) => (
          <figure key={picture.src} className={styles.figure}>
            {titled && <figcaption>{picture.title}</figcaption>}
            <img src={picture.src} alt={picture.alt} />
          </figure>
        ))}
        {set.facts.length > 0 && <FactList facts={set.facts} />}
        {set.curve && <Halves curve={set.curve} />}
      </div>
    </Panel>
  ));
}

function Halves({ curve }: { curve: FileCurve }) {
  const fsc = {
    frequency: [...curve.s],
    correlation: curve.measured.map((value) => value ?? 0),
    thresholds: [THRESHOLD],
    no_evidence: SAME,
  };
  return (
    <figure className={styles.figure}>
      <figcaption>Fourier shell correlation of the two halves</figcaption>
      <FscChart fsc={fsc} resolution={curve.resolution ?? 0} />
      <p className={styles.meaning}>
        Over spatial frequency, as resolution in Å. Grey: both halves start from the same map up to{" "}
        {SAME} Å; only beyond that is their agreement evidence.
      </p>
    </figure>
  );
}
