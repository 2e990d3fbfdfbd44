import { duration, figures, number, plural, withUnit } from "@/units";
import type { ComparedMember, ComparedMembers } from "./types";
import styles from "./ranges.module.css";

interface Row {
  step: string;
  title: string;
  middle: number | null;
  low: number | null;
  high: number | null;
  text: string;
  /** The whole of what is known, in words. */
  words: string;
}

interface Picture {
  title: string;
  note: string;
  rows: readonly Row[];
}

/** What the members cost and how near the truth they come, as pictures: one for each figure. */
export function Ranges({ beside }: { beside: ComparedMembers }) {
  const pictures = picturesOf(beside);
  if (pictures.length === 0) return null;
  return (
    <>
      <div className={styles.pictures}>
        {pictures.map((picture) => (
          <Drawn key={picture.title} {...picture} />
        ))}
      </div>
      {beside.looked_at > 0 && <p className={styles.meaning}>{truthWords(beside)}</p>}
    </>
  );
}

function Drawn({ title, note, rows }: Picture) {
  const end = Math.max(...rows.map(({ high, middle }) => high ?? middle ?? 0)) || 1;
  const at = (value: number | null): string => `${(100 * (value ?? 0)) / end}%`;
  return (
    <table className={styles.picture}>
      <caption>
        {title} <small>{note}</small>
      </caption>
      <tbody>
        {rows.map(({ step, middle, low, high, text, words, title: named }) => (
          <tr key={step} title={words}>
            <th scope="row" title={named}>
              {step}
            </th>
            <td className={styles.lane} aria-hidden="true">
              {low === null || high === null ? (
                <i
                  className={styles.bar}
                  style={{ left: 0, right: `calc(100% - ${at(middle)})` }}
                />
              ) : (
                <>
                  <i
                    className={styles.bar}
                    data-range
                    style={{ left: at(low), right: `calc(100% - ${at(high)})` }}
                  />
                  <i className={styles.tick} style={{ left: at(middle) }} />
                </>
              )}
            </td>
            <td className={styles.value}>{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Processor time where it is known of two, and each error that is known of any. */
function picturesOf({ members, itself }: ComparedMembers): Picture[] {
  const costs = members.filter(({ cpu }) => cpu !== null);
  const cost: Picture[] =
    costs.length > 1
      ? [{ title: "CPU time", note: "of an exposure, mean", rows: costs.map(costOf) }]
      : [];
  const all = [...members, itself];
  const names = new Set(all.flatMap(({ errors }) => errors.map(({ name }) => name)));
  return [...cost, ...[...names].map((name) => errorPicture(name, all))];
}

function costOf({ step, title, cpu }: ComparedMember): Row {
  const text = shortTime(cpu);
  return { step, title, middle: cpu, low: null, high: null, text, words: `${title}: ${text}` };
}

function errorPicture(name: string, all: readonly ComparedMember[]): Picture {
  let told = { title: "", better: "low" };
  const rows = all.flatMap(({ step, title, errors }) => {
    const error = errors.find((one) => one.name === name);
    if (!error) return [];
    told = error;
    const { low, median, high, worst, unit, count } = error;
    const text = withUnit(figures(median), unit);
    const words =
      `${title}: median ${text}, half of ${plural(count, "exposure")} from ` +
      `${figures(low)} to ${withUnit(figures(high), unit)}, worst ${withUnit(figures(worst), unit)}`;
    return [{ step, title, middle: median, low, high, text, words }];
  });
  return {
    title: told.title,
    note: told.better === "low" ? "median; less is better" : "median; more is better",
    rows,
  };
}

/** A time that may be much less than a second. */
export function shortTime(seconds: number | null): string {
  const short = seconds !== null && seconds > 0 && seconds < 0.095;
  return short ? withUnit(figures(1000 * seconds, 2), "ms") : duration(seconds);
}

function truthWords({ exposures, looked_at }: ComparedMembers): string {
  if (exposures === 0)
    return "The truth about this simulated session is known, but nothing of it can be compared with that yet.";
  const asked = exposures === looked_at ? "" : ` (${number(looked_at)} were looked at)`;
  return `Errors are against the truth about this simulated session, over the ${plural(exposures, "exposure")} of which every member has a result${asked}. Bars cover the middle half.`;
}
