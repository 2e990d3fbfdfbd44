import { figures, moment } from "@/units";
import styles from "./alerts.module.css";
import { paceOf, type Tempo } from "./timing";

interface Props {
  tempo: Tempo;
  called: string;
  x: (time: number) => number;
  top: number;
  height: number;
}

/** Exposures that came as bars, processed ones as a line, with what the axis means. */
export function TempoBars({ tempo, called, x, top, height }: Props) {
  const { unit, rate, most } = paceOf(tempo);
  const y = (value: number): number => top + height - (Math.min(most, value) / most) * height;
  const at = (index: number): number => tempo.start + index * tempo.width;
  const came = tempo.known ? "taken" : "found";
  const line = tempo.settled
    .map((count, index) => `${x(at(index + 0.5)).toFixed(1)},${y(rate(count)).toFixed(1)}`)
    .join(" ");
  return (
    <g className={styles.tempo}>
      <line x1={x(at(0))} x2={x(at(tempo.taken.length))} y1={y(0)} y2={y(0)} />
      <line x1={x(at(0))} x2={x(at(tempo.taken.length))} y1={y(most)} y2={y(most)} />
      <text x={x(at(0)) - 4} y={y(most) + 4} textAnchor="end">
        {figures(most, 2)}
      </text>
      <text className={styles.unit} x={x(at(0)) - 4} y={y(most) + 16} textAnchor="end">
        {unit}
      </text>
      <text x={x(at(0)) - 4} y={y(0)} textAnchor="end">
        0
      </text>
      {tempo.taken.map((count, index) => (
        <g key={index}>
          <title>
            {`${moment(at(index))} to ${moment(at(index + 1))}\n${count} ${called} ${came}\n${tempo.settled[index] ?? 0} processed`}
          </title>
          <rect
            className={styles.under}
            x={x(at(index))}
            y={top}
            width={Math.max(0.6, x(at(index + 1)) - x(at(index)))}
            height={height}
          />
          <rect
            className={styles.came}
            x={x(at(index))}
            y={y(rate(count))}
            width={Math.max(0.6, x(at(index + 1)) - x(at(index)) - 0.4)}
            height={y(0) - y(rate(count))}
          />
        </g>
      ))}
      <polyline className={styles.settled} points={line} />
    </g>
  );
}
