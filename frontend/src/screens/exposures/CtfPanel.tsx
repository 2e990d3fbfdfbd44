import { Panel } from "@/ui";
import { Curve } from "./Curve";
import styles from "./exposure.module.css";
import { SpectrumView } from "./SpectrumView";
import type { Ctf, ExposureDetail } from "./types";

interface Props {
  detail: ExposureDetail;
  ctf: Ctf | undefined;
}

/** The power spectrum and its average over directions, with the fit in both. */
export function CtfPanel({ detail, ctf }: Props) {
  return (
    <Panel title="CTF" note={ctf?.doubt}>
      <div className={styles.spectrum}>
        <SpectrumView detail={detail} ctf={ctf ?? null} rings />
      </div>
      {ctf && ctf.frequency.length > 0 && <Curve ctf={ctf} />}
    </Panel>
  );
}
