import { Panel } from "@/ui";
import { Curve } from "./Curve";
import styles from "./exposure.module.css";
import { SpectrumView } from "./SpectrumView";
import type { ExposureDetail } from "./types";

/** The power spectrum and its average over directions, with the fit in both. */
export function CtfPanel({ detail }: { detail: ExposureDetail }) {
  const { ctf } = detail;
  return (
    <Panel title="CTF" note={ctf?.doubt}>
      <div className={styles.spectrum}>
        <SpectrumView detail={detail} rings />
      </div>
      {ctf && ctf.frequency.length > 0 && <Curve ctf={ctf} />}
    </Panel>
  );
}
