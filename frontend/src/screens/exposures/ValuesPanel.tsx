import { Panel, Term, Wide } from "@/ui";
import { figures, withUnit } from "@/units";
import { breach } from "../measured/limits";
import { limitWords, shownNumber } from "../measured/shown";
import type { Quality } from "../measured/types";
import styles from "./exposure.module.css";
import type { ExposureDetail } from "./types";

/** All that was measured, with errors and limits, and facts of the shot. */
export function ValuesPanel({
  detail,
  qualities,
}: {
  detail: ExposureDetail;
  qualities: readonly Quality[];
}) {
  const known = qualities.filter(({ name }) => detail.qualities[name] !== undefined);
  return (
    <Panel title="Values" flush>
      <Wide label="Values">
        <table className={styles.values}>
          <thead>
            <tr>
              <th scope="col">Quality</th>
              <th scope="col">Value</th>
              <th scope="col">Limit</th>
            </tr>
          </thead>
          <tbody>
            {known.map((quality) => (
              <ValueLine key={quality.name} quality={quality} detail={detail} />
            ))}
            {detail.facts?.map(([label, value]) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td colSpan={2}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}

function ValueLine({ quality, detail }: { quality: Quality; detail: ExposureDetail }) {
  const measured = detail.qualities[quality.name];
  const value = measured?.value ?? null;
  const error = measured?.error ?? null;
  const beyond = breach(value === null ? null : value * quality.scale, quality.limits);
  const text = shownNumber(value, quality);
  const spread = error === null ? "" : ` ± ${figures(error * quality.scale, 2)}`;
  return (
    <tr data-beyond={beyond ?? undefined}>
      <th scope="row">
        <Term
          means={[quality.meaning, measured?.step && `from step ${measured.step}`]
            .filter(Boolean)
            .join("; ")}
        >
          {quality.title}
        </Term>
      </th>
      <td>
        {withUnit(text + spread, quality.unit)}
        {beyond && (
          <small className={styles.beyond}>
            {beyond === "refuses" ? "beyond what is accepted" : "beyond a warning"}
          </small>
        )}
      </td>
      <td className={styles.quiet}>{limitWords(quality) || "–"}</td>
    </tr>
  );
}
