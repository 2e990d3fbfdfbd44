import { ActionIcon, Modal } from "@mantine/core";
import { useNavigate } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import { NO_FILTERS, type Filters } from "@/screens/exposures/filters";
import record from "@/screens/report/record.module.css";
import { Icon, Shown, StateBadge } from "@/ui";
import { fullMoment } from "@/units";
import { SESSION } from "./data/answers";
import type { ReportDetail } from "./data/one";
import { InFull } from "./InFull";
import type { Place } from "./place";
import styles from "./report.module.css";
import { useLiveFile } from "./useReport";
import { useWalk } from "./useWalk";

interface Props {
  place: Place;
  filters: Filters | null;
}

/** One exposure with everything that is known of it, over the page. */
export function ExposurePanel({ place, filters }: Props) {
  const navigate = useNavigate();
  const { data } = useApi<{ name: string | null }>(
    sessionPath(SESSION, "/numbered"),
    { number: place.number },
    { enabled: place.number !== null },
  );
  const name = place.name ?? (place.number === null ? null : (data?.name ?? null));
  return (
    <Modal.Root
      opened={name !== null}
      onClose={() => void navigate("/")}
      size="1180px"
      lockScroll={false}
      classNames={{ content: styles.dialog, title: styles.dialogTitle }}
    >
      <Modal.Overlay />
      <Modal.Content>
        {name !== null && <Told key="one" name={name} filters={filters ?? NO_FILTERS} />}
      </Modal.Content>
    </Modal.Root>
  );
}

function Told({ name, filters }: { name: string; filters: Filters }) {
  const navigate = useNavigate();
  const detail = useApi<ReportDetail>(
    sessionPath(SESSION, `/exposures/${encodeURIComponent(name)}`),
  );
  const { number = null } = detail.data ?? {};
  const most = useLiveFile()?.counts.found ?? 0;
  const walk = useWalk(number, filters);
  const close = (): void => void navigate("/");
  return (
    <div id="panel">
      <header className={styles.panelHead}>
        <div>
          <Modal.Title component="h2">{name}</Modal.Title>
          {detail.data && <Line detail={detail.data} />}
        </div>
        <div className={styles.panelTools}>
          <ActionIcon
            variant="default"
            aria-label="Newer exposure"
            disabled={number === most}
            onClick={() => walk(1)}
          >
            ←
          </ActionIcon>
          <ActionIcon
            variant="default"
            aria-label="Older exposure"
            disabled={number === 1}
            onClick={() => walk(-1)}
          >
            →
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Close" onClick={close}>
            <Icon name="cross" size={14} />
          </ActionIcon>
        </div>
      </header>
      <Shown query={detail} what="This exposure">
        {(told) => <InFull detail={told} />}
      </Shown>
    </div>
  );
}

function Line({ detail }: { detail: ReportDetail }) {
  const place = detail.details["place"];
  return (
    <p className={record.quiet}>
      <StateBadge state={detail.state} />{" "}
      {[
        `exposure ${detail.number}`,
        fullMoment(detail.time ?? detail.found),
        typeof place === "string" && place,
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
  );
}
