import { useMemo } from "react";
import { Histogram } from "@/charts";
import { ramp } from "../live/ramp";
import { inShownUnit, shownValue } from "../measured/shown";
import type { Quality } from "../measured/types";
import { Panel } from "@/ui";
import { number, plural } from "@/units";
import { Compared } from "./Compared";
import { Ranges } from "./Ranges";
import type { Consensus, FileTrend, SharedPicks, TrendsFile } from "./types";
import styles from "./record.module.css";

interface Props {
  steps: readonly Consensus[];
  qualities: readonly Quality[];
  trends: TrendsFile | null;
}

/** Programs side by side: what each costs, how often it failed, how near the truth it comes, and
 * how well they agree. */
export function Agreement({ steps, qualities, trends }: Props) {
  return (
    <div className={styles.part}>
      {steps.map((step) => (
        <Panel
          key={step.step}
          title={step.title}
          note={`${step.step} · ${plural(step.exposures, "exposure")}`}
        >
          <One
            step={step}
            quality={qualities.find(({ name }) => name === step.quality)}
            trend={trends?.qualities.find(({ name }) => name === step.quality)}
          />
        </Panel>
      ))}
    </div>
  );
}

interface OneProps {
  step: Consensus;
  quality: Quality | undefined;
  trend: FileTrend | undefined;
}

function One({ step, quality, trend }: OneProps) {
  const { beside } = step;
  return (
    <>
      <Compared beside={beside} votes={step.members} />
      <Ranges beside={beside} />
      <div className={styles.pair}>
        {step.pickers && <Shared pickers={step.pickers} />}
        {quality && trend && (
          <figure className={styles.figure}>
            <figcaption>
              {quality.title}: median {shownValue(trend.median, inShownUnit(quality))}
            </figcaption>
            <p className={styles.meaning}>{quality.meaning}</p>
            <Counts trend={trend} quality={quality} />
          </figure>
        )}
      </div>
    </>
  );
}

function Counts({ trend: { histogram, count }, quality }: { trend: FileTrend; quality: Quality }) {
  const { edges, parts } = useMemo(
    () => ({
      edges: Array.from(
        { length: histogram.kept.length + 1 },
        (_, index) => histogram.low + index * histogram.step,
      ),
      parts: [
        { name: "accepted", counts: histogram.kept },
        { name: "rejected", counts: histogram.rejected, colour: "#d55e00" },
      ],
    }),
    [histogram],
  );
  return (
    <Histogram
      label={`${quality.title}: histogram of ${plural(count, "exposure")}`}
      edges={edges}
      parts={parts}
      unit={quality.unit}
    />
  );
}

/** What each two pickers have in common, as a part of what either has found. */
function Shared({ pickers }: { pickers: SharedPicks }) {
  const { steps, titles, found, shared, jaccard } = pickers;
  return (
    <div className={styles.scroll}>
      <table className={styles.pickers}>
        <thead>
          <tr>
            <th scope="col">Jaccard index</th>
            {steps.map((name, i) => (
              <th key={name} scope="col" title={titles[i]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((name, i) => (
            <tr key={name}>
              <th scope="row" title={titles[i]}>
                {name}
              </th>
              {steps.map((other, j) => {
                const value = jaccard[i]?.[j] ?? null;
                if (i === j)
                  return (
                    <td key={other} title="particles that this one found">
                      {number(found[i])}
                    </td>
                  );
                const style =
                  value === null
                    ? undefined
                    : { background: ramp(value), color: value > 0.6 ? "#000" : "#fff" };
                return (
                  <td
                    key={other}
                    style={style}
                    title={`${number(shared[i]?.[j])} particles in common`}
                  >
                    {number(value, 2)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.meaning}>
        Particles that both have found, as a part of those that either has found; on the diagonal
        all of one.
      </p>
    </div>
  );
}
