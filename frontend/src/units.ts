/** Numbers, units, times and colours as people see them: this is their only place. */

const NBSP = "\u202f";

/** A number with so many digits after the point; "–" where it is not known. */
export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  const [whole = "", part] = text.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, NBSP) : whole;
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return sign + grouped + (part ? `.${part}` : "");
}

/** A number with three figures that count, for values of which the range is not known. */
export function figures(value: number | null | undefined, count = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= 6 || exponent < -4) return value.toExponential(count - 1).replace("-", "−");
  return number(value, Math.max(0, count - 1 - exponent));
}

/** What is shown of a quality: its value in the store times its scale, with its unit. */
export interface Shown {
  unit: string;
  scale?: number;
  digits?: number;
}

/** A stored value in the unit that people read. */
export function quality(value: number | null | undefined, shown: Shown): string {
  if (value === null || value === undefined) return "–";
  const scaled = value * (shown.scale ?? 1);
  const text = shown.digits === undefined ? figures(scaled) : number(scaled, shown.digits);
  return withUnit(text, shown.unit);
}

/** A text and its unit, which stay together; ° and % stand as they are written in print. */
export function withUnit(text: string, unit: string): string {
  if (!unit || text === "–") return text;
  return unit === "°" ? text + unit : `${text}${NBSP}${unit}`;
}

const MEASURED = /(\d) (?=(?:Å|µm|nm|kV|e|s|min|h|d|%|GB|MB|kB|TB)(?![\p{L}\d]))/gu;

/** A sentence of the server in which no line is broken between a number and its unit. */
export const unbroken = (sentence: string): string => sentence.replace(MEASURED, `$1${NBSP}`);

/** One thing or many: `plural(1, "movie")`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)}${NBSP}${count === 1 ? one : many}`;
}

const BYTES = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** A size in bytes, in powers of 1000 as disks are sold. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  let index = 0;
  let size = value;
  while (size >= 999.5 && index < BYTES.length - 1) {
    size /= 1000;
    index += 1;
  }
  return withUnit(number(size, index === 0 || size >= 99.5 ? 0 : 1), BYTES[index] ?? "B");
}

/** A duration in its largest unit or two: 42 s, 3 min, 2 h 10 min, 4 d. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${number(s, s < 0.95 ? 2 : 1)}${NBSP}s`;
  if (s < 99.5) return `${number(s)}${NBSP}s`;
  if (s < 5970) return `${number(s / 60)}${NBSP}min`;
  const hours = Math.floor(s / 3600);
  const minutes = Math.round((s % 3600) / 60);
  if (hours < 10 && minutes > 0 && minutes < 60) return `${hours}${NBSP}h ${minutes}${NBSP}min`;
  if (s < 36 * 3600) return `${number(s / 3600)}${NBSP}h`;
  return `${number(s / 86400)}${NBSP}d`;
}

/** How long ago something was, roughly. */
export function ago(time: number, now = Date.now() / 1000): string {
  const past = now - time;
  return past < 5 ? "just now" : `${duration(past)} ago`;
}

const two = (value: number) => String(value).padStart(2, "0");

const MONTH = new Intl.DateTimeFormat("en", { month: "short" });

/** A moment of today as 14:05, of another day as 28 Nov 14:05. */
export function moment(time: number, now = new Date()): string {
  const date = new Date(time * 1000);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return clock;
  const day = `${date.getDate()} ${MONTH.format(date)}`;
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${day}${year} ${clock}`;
}

/** Seconds in which minutes do not tell times apart. */
const SHORT = 600;

/** A moment on an axis of so many seconds: to the second where the axis is short. */
export function momentOn(span: number, time: number): string {
  if (span >= SHORT) return moment(time);
  const seconds = two(new Date(time * 1000).getSeconds());
  return `${moment(time)}:${seconds}`;
}

/** A moment in full, for what is shown on hover. */
export function fullMoment(time: number): string {
  const d = new Date(time * 1000);
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/**
 * Colours of series, by Okabe and Ito: told apart by people of every kind of colour vision, on
 * white and on dark. Black is left out, yellow comes last.
 */
export const SERIES = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#b5a300",
] as const;

/** Colours of what an exposure, a step or a session is; a shape or a word always goes with them. */
export const STATES = {
  good: "#009e73",
  warning: "#e69f00",
  bad: "#d55e00",
  busy: "#0072b2",
  idle: "#8a8f98",
} as const;

export type Tone = keyof typeof STATES;

const TONES: Record<string, Tone> = {
  accepted: "good",
  done: "good",
  good: "good",
  active: "good",
  adopted: "good",
  running: "busy",
  processing: "busy",
  ready: "busy",
  going: "busy",
  starting: "busy",
  draining: "busy",
  new: "busy",
  paused: "warning",
  pausing: "warning",
  held: "warning",
  waiting: "warning",
  warning: "warning",
  doubtful: "warning",
  watch: "warning",
  rejected: "bad",
  failed: "bad",
  critical: "bad",
  bad: "bad",
  aborted: "bad",
  refused: "bad",
};

const WORDS: Record<string, string> = { going: "in progress", draining: "finishing" };

/** A state in the words that people read. */
export function stateWords(state: string): string {
  return WORDS[state] ?? state;
}

/** Tone of a state, a level of alerts, or a verdict; what has none is idle. */
export function toneOf(state: string): Tone {
  return TONES[state.toLowerCase()] ?? "idle";
}
