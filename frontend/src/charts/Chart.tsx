import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useEffectEvent, useRef } from "react";
import { SERIES } from "@/units";
import styles from "./charts.module.css";
import { connect, init, type ECharts, type EChartsCoreOption } from "./echarts";

/** Colours of what is around the data, by the page's scheme. */
export interface Ink {
  text: string;
  quiet: string;
  line: string;
  surface: string;
}

const INKS: Record<"light" | "dark", Ink> = {
  light: { text: "#1b1f24", quiet: "#59616b", line: "#dde1e6", surface: "#ffffff" },
  dark: { text: "#e4e7eb", quiet: "#9aa3ad", line: "#2c3137", surface: "#1a1d21" },
};

/** The ink of the present scheme. */
export function useInk(): Ink {
  return INKS[useComputedColorScheme("light")];
}

/** A handler of the chart's events, such as `click` and `brushSelected`. */
export type Handler = (event: never, chart: ECharts) => void;

interface ChartProps {
  /** In words, for whoever does not see it. */
  label: string;
  option: EChartsCoreOption;
  height?: number;
  /** Charts of one group point at the same value on their horizontal axis. */
  group?: string;
  on?: Record<string, Handler>;
  /** Once, when the chart has been made. */
  onMade?: (chart: ECharts) => void;
}

/** Set what all charts share beside what one of them says. */
function dressed(option: EChartsCoreOption, ink: Ink): EChartsCoreOption {
  return {
    animation: false,
    color: [...SERIES],
    textStyle: { color: ink.text, fontFamily: "system-ui, sans-serif", fontSize: 11 },
    ...option,
    // Not as HTML: its style attributes are refused by the content security policy.
    tooltip: {
      renderMode: "richText",
      confine: true,
      transitionDuration: 0,
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text, fontSize: 12 },
      ...(option.tooltip as object | undefined),
    },
  };
}

/** The one wrapper around ECharts: size, scheme, events and end of a chart. */
export function Chart({ label, option, height = 180, group, on = {}, onMade }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const ink = useInk();
  const hear = useEffectEvent((name: string, event: never, from: ECharts) =>
    on[name]?.(event, from),
  );
  const made = useEffectEvent((one: ECharts) => onMade?.(one));
  const names = Object.keys(on).join(" ");
  useEffect(() => {
    if (!place.current) return;
    const box = place.current;
    const one = init(box, null, { renderer: "canvas" });
    chart.current = one;
    made(one);
    const size = new ResizeObserver(() => {
      // Drawn anew only where it is another: the observer tells of the first size, too.
      if (one.getWidth() !== box.clientWidth || one.getHeight() !== box.clientHeight) one.resize();
    });
    size.observe(box);
    return () => {
      size.disconnect();
      chart.current = null;
      one.dispose();
    };
  }, []);
  useEffect(() => {
    const one = chart.current;
    if (!one || !group) return;
    one.group = group;
    connect(group);
  }, [group]);
  useEffect(() => {
    const one = chart.current;
    if (!one) return;
    for (const name of names.split(" ").filter(Boolean))
      one.on(name, (event: unknown) => hear(name, event as never, one));
    return () => {
      if (!one.isDisposed()) for (const name of names.split(" ")) one.off(name);
    };
  }, [names]);
  useEffect(() => {
    chart.current?.setOption(dressed(option, ink), { replaceMerge: ["series"] });
  }, [option, ink]);
  return (
    <div ref={place} className={styles.chart} style={{ height }} role="img" aria-label={label} />
  );
}
