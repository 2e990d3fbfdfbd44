import { useMemo } from "react";
import { Histogram, Scatter, Series } from "@/charts";
import { Panel } from "@/ui";
import { number, plural, unbroken } from "@/units";
import type { Live } from "../live/types";
import type { Figure, ToldStep } from "./types";
import styles from "./record.module.css";

interface Props {
  live: Pick<Live, "steps" | "counts">;
  told: readonly ToldStep[];
  onOpen: (number: number) => void;
}

/** What the steps tell of their results: the sentence and the plots of a protocol's author. */
export function Steps({ live, told, onOpen }: Props) {
  const steps = live.steps.flatMap(({ name, title, limits }) => {
    const said = told.find((one) => one.name === name);
    const shown = said !== undefined || (live.counts.found > 0 && limits.length > 0);
    return shown ? [{ name, title: said?.title ?? title, limits, said }] : [];
  });
  return (
    <div className={styles.told}>
      {steps.map(({ name, title, limits, said }) => (
        <Panel key={name} title={title} note={[name, someWords(said)].filter(Boolean).join(" · ")}>
          {said?.sentence && <p className={styles.sentence}>{unbroken(said.sentence)}</p>}
          {limits.length > 0 && (
            <p className={styles.quiet}>Limits: {unbroken(limits.join("; "))}.</p>
          )}
          {said?.problems.map((problem) => (
            <p key={problem} className={styles.problem}>
              {unbroken(problem)}
            </p>
          ))}
          {said && said.figures.length > 0 && <Plots said={said} onOpen={onOpen} />}
        </Panel>
      ))}
    </div>
  );
}

const someWords = (said: ToldStep | undefined): string =>
  said && said.count < said.total
    ? `the newest ${number(said.count)} of ${plural(said.total, "result")}`
    : "";

/** Folded where the trends show the same. */
function Plots({ said, onOpen }: { said: ToldStep; onOpen: (number: number) => void }) {
  return (
    <details className={styles.fold} open={!said.known}>
      <summary>{plural(said.figures.length, "plot")}</summary>
      <div className={styles.plots}>
        {said.figures.map((figure) => (
          <figure key={figure.title} className={styles.figure}>
            <figcaption>{figure.title}</figcaption>
            {figure.count === 0 ? (
              <p className={styles.quiet}>no values yet</p>
            ) : (
              <Plot figure={figure} onOpen={onOpen} />
            )}
          </figure>
        ))}
      </div>
    </details>
  );
}

interface PlotProps {
  figure: Figure;
  onOpen: (number: number) => void;
}

/** Values in order, one value against another, or how many fall where. */
function Plot({ figure, onOpen }: PlotProps) {
  const label = `${figure.title}: ${figure.y_label}, ${plural(figure.count, "value")}`;
  if (figure.kind === "histogram") return <Counts figure={figure} label={label} />;
  const orders = figure.orders ?? [];
  const open = (index: number): void => {
    const order = orders[index] ?? null;
    if (order !== null) onOpen(order + 1);
  };
  return figure.kind === "scatter" ? (
    <Scatter
      label={label}
      x={{ title: figure.x_label, unit: "", values: figure.x ?? [] }}
      y={{ title: figure.y_label, unit: "", values: figure.y ?? [] }}
      names={orders.map((order) => (order === null ? "" : `exposure ${order + 1}`))}
      height={190}
      onPoint={open}
    />
  ) : (
    <Values figure={figure} label={label} onPoint={open} />
  );
}

function Values({
  figure,
  label,
  onPoint,
}: {
  figure: Figure;
  label: string;
  onPoint: (index: number) => void;
}) {
  const lines = useMemo(() => {
    const values = figure.y ?? [];
    const step = figure.count / Math.max(1, values.length);
    const points = values.map((value, i): [number, number | null] => [1 + i * step, value]);
    return [{ name: figure.y_label, points, dots: true }];
  }, [figure]);
  return (
    <>
      <Series label={label} lines={lines} height={170} onPoint={(_line, index) => onPoint(index)} />
      <p className={styles.meaning}>
        {figure.y_label}; {figure.x_label}
      </p>
    </>
  );
}

function Counts({ figure, label }: { figure: Figure; label: string }) {
  const made = useMemo(() => {
    const { low, step, counts } = figure.histogram ?? { low: 0, step: 1, counts: [] };
    const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
    const last = Math.min(counts.length, counts.findLastIndex((count) => count > 0) + 2);
    return {
      edges: Array.from({ length: last - first + 1 }, (_, i) => low + (first + i) * step),
      parts: [{ name: "values", counts: counts.slice(first, last) }],
    };
  }, [figure]);
  return (
    <>
      <Histogram label={label} what="value" height={170} {...made} />
      <p className={styles.meaning}>{figure.x_label || figure.y_label}</p>
    </>
  );
}
