import { sessionPath, useApi } from "@/api/queries";
import type { ExposureDetail } from "@/screens/exposures/types";
import { shownValue } from "@/screens/measured/shown";
import type { Quality } from "@/screens/measured/types";
import { Note, Stat } from "@/ui";
import styles from "./new.module.css";

const MOST_PICTURES = 6;

interface TrialResultProps {
  session: string;
  exposure: ExposureDetail;
}

/** Pictures and values of the test exposure. */
export function TrialResult({ session, exposure }: TrialResultProps) {
  const many = Object.keys(exposure.qualities).length;
  // Until the session knows of all that was measured on its one exposure.
  const every = (told: readonly Quality[] | undefined) =>
    (told?.length ?? 0) < many ? 1500 : false;
  const known = useApi<Quality[]>(sessionPath(session, "/qualities"), {}, { every }).data ?? [];
  const measured = known.filter(({ name }) => name in exposure.qualities);
  // Those of full size show the same micrographs with less contrast.
  const pictures = exposure.results
    .flatMap((result) => result.pictures)
    .filter(({ role }) => role !== "image")
    .slice(0, MOST_PICTURES);
  return (
    <>
      {[...exposure.reasons, ...exposure.failures.map(({ reason }) => reason)].map((reason) => (
        <Note key={reason} tone="warning">
          {reason}
        </Note>
      ))}
      <div className={styles.stats}>
        {measured.slice(0, 8).map((one) => (
          <Stat
            key={one.name}
            label={one.short}
            means={one.meaning || one.title}
            value={shownValue(exposure.qualities[one.name]?.value, one)}
            small
          />
        ))}
      </div>
      <div className={styles.pictures}>
        {pictures.map((picture) => (
          <figure key={picture.url}>
            <img src={picture.url} alt={picture.description || picture.title} loading="lazy" />
            <figcaption>{picture.title}</figcaption>
          </figure>
        ))}
      </div>
    </>
  );
}
