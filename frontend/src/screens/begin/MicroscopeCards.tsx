import { Link } from "react-router";
import type { FacilityMicroscope } from "@/api/types";
import { Empty, StateBadge } from "@/ui";
import { plural } from "@/units";
import { Doubts, Offer } from "./Offer";
import styles from "./begin.module.css";

/** The microscopes to choose from: who has each now, and what runs there. */
export function MicroscopeCards({ microscopes }: { microscopes: readonly FacilityMicroscope[] }) {
  if (microscopes.length === 0)
    return (
      <Empty title="The facility file has no microscope">
        Write a table such as [microscopes.krios1] into it.
      </Empty>
    );
  return (
    <ul className={styles.cards}>
      {microscopes.map((one) => (
        <li key={one.name} className={styles.card}>
          <Link
            className={styles.cardLink}
            to={`/begin?microscope=${encodeURIComponent(one.name)}`}
          >
            {one.title}
          </Link>
          <span className={styles.quiet}>
            {[one.model, one.detector].filter(Boolean).join(" · ")}
          </span>
          <Offer offer={one.offer} />
          {one.running.length > 0 && (
            <StateBadge
              state="running"
              label={`${plural(one.running.length, "session")} running: ${one.running.join(", ")}`}
            />
          )}
          <Doubts offer={one.offer} />
        </li>
      ))}
    </ul>
  );
}
