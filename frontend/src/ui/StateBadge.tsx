import { STATES, stateWords, toneOf, type Tone } from "@/units";
import styles from "./ui.module.css";

const SHAPES: Record<Tone, string> = {
  good: "M5 0a5 5 0 1 0 0 10a5 5 0 0 0 0-10z",
  busy: "M1 0l8.5 5L1 10z",
  warning: "M5 0l5 9.5H0z",
  bad: "M0 0h10v10H0z",
  idle: "M5 .8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 0 0 0-8.4zm0 1.6a2.6 2.6 0 1 1 0 5.2a2.6 2.6 0 0 1 0-5.2z",
};

/** The shape and colour of a tone, for whoever does not tell the colours apart. */
export function ToneMark({ tone }: { tone: Tone }) {
  return (
    <svg className={styles.mark} viewBox="0 0 10 10" aria-hidden="true">
      <path d={SHAPES[tone]} fill={STATES[tone]} />
    </svg>
  );
}

interface StateBadgeProps {
  state: string;
  /** What to call it, where that is not the state's own name. */
  label?: string;
  /** Its tone, where the state's name does not say. */
  tone?: Tone;
}

/** A state as shape, colour and word. */
export function StateBadge({ state, label, tone }: StateBadgeProps) {
  return (
    <span className={styles.badge}>
      <ToneMark tone={tone ?? toneOf(state)} />
      {label ?? stateWords(state)}
    </span>
  );
}
