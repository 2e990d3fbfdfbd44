import { Link } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { exposureHref } from "@/screens/exposures/addresses";
import type { ExposureRow } from "@/screens/exposures/types";
import { shownValue } from "@/screens/measured/shown";
import type { Quality } from "@/screens/measured/types";
import { Panel, ToneMark } from "@/ui";
import { moment, number, toneOf } from "@/units";
import { SESSION } from "../data/answers";
import styles from "../report.module.css";

interface Newest {
  behind: number;
  rows: readonly (ExposureRow & { picture: string })[];
}

const SHOWN = 12;

/** The newest exposures side by side; those in progress are counted in one tile. */
export function Strip({ qualities }: { qualities: readonly Quality[] }) {
  const told = useApi<Newest>(sessionPath(SESSION, "/newest"), { most: SHOWN }).data;
  if (!told) return null;
  const rows = told.rows.slice(0, told.behind > 0 ? SHOWN - 1 : SHOWN);
  return (
    <Panel title="Newest exposures">
      <ol className={styles.strip}>
        {told.behind > 0 && (
          <li className={styles.waiting}>
            <strong>{number(told.behind)}</strong> in progress
          </li>
        )}
        {rows.map((row) => (
          <li key={row.number}>
            <Link
              className={styles.thumb}
              to={exposureHref(SESSION, row.name)}
              aria-label={`${row.name}, ${row.state}`}
            >
              {row.picture ? (
                <img src={row.picture} alt="" width={128} height={128} loading="lazy" />
              ) : (
                <span className={styles.noPicture} />
              )}
              <span className={styles.under}>
                <ToneMark tone={toneOf(row.state)} /> {row.number}
                <span>{brief(row, qualities)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** What says most of it in one number, else when it was taken. */
function brief(row: ExposureRow, qualities: readonly Quality[]): string {
  for (const name of ["ctf.resolution", "ctf.defocus"]) {
    const quality = qualities.find((one) => one.name === name);
    const value = row.qualities[name];
    if (quality && value !== undefined) return shownValue(value, quality);
  }
  return moment(row.time ?? row.found);
}
