interface SparkProps {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
  colour?: string;
}

/** A small trend beside a number, in SVG: too small for a chart of its own. */
export function Spark({ values, label, width = 96, height = 22, colour }: SparkProps) {
  if (values.length < 2) return <svg width={width} height={height} aria-hidden="true" />;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = 2 + (index / (values.length - 1)) * (width - 4);
    const y = 2 + (1 - (value - low) / span) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={colour ?? "var(--mantine-primary-color-filled)"}
        strokeWidth="1.5"
        strokeLinejoin="round"
      />
    </svg>
  );
}
