import { useMemo } from "react";
import { Histogram } from "@/charts";
import { ramp } from "../live/ramp";
import { inShownUnit, shownValue } from "../measured/shown";
import type { Quality } from "../measured/types";
import { DataTable, Panel } from "@/ui";
import { number, plural, withUnit } from "@/units";
import type { Consensus, FileTrend, Member, Pickers, TrendsFile } from "./types";
import styles from "./record.module.css";

interface Props {
  steps: readonly Consensus[];
  qualities: readonly Quality[];
  trends: TrendsFile | null;
}

/** How well the members of each consensus step agree. */
export function Agreement({ steps, qualities, trends }: Props) {
  return (
    <div className={styles.pair}>
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
  return (
    <>
      {step.members.length > 0 && <Votes members={step.members} />}
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

const share = (part: number, whole: number): string =>
  whole > 0 ? withUnit(number((100 * part) / whole, 1), "%") : "–";

function Votes({ members }: { members: readonly Member[] }) {
  return (
    <DataTable
      label="How often each member was outvoted"
      rows={members}
      keyOf={({ step }) => step}
      columns={[
        {
          title: "Member",
          cell: ({ title, step }) => (
            <>
              {title} <small className={styles.quiet}>{step}</small>
            </>
          ),
        },
        {
          title: "Outvoted",
          cell: ({ outvoted, told }) => `${number(outvoted)} · ${share(outvoted, told)}`,
          right: true,
        },
        { title: "of the last 100", cell: ({ lately, of }) => share(lately, of), right: true },
      ]}
    />
  );
}

/** What each two pickers have in common, as a part of what either has found. */
function Shared({ pickers }: { pickers: Pickers }) {
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
