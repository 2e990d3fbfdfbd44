import { Button } from "@mantine/core";
import { useNavigate, useSearchParams, Link } from "react-router";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi, useMay } from "@/api/queries";
import { Icon, Page, Shown, StateBadge, useKeys } from "@/ui";
import { fullMoment, number } from "@/units";
import type { Quality } from "../measured/types";
import { useQualities } from "../measured/useMeasured";
import { useSession } from "../measured/useSession";
import { exposureHref, tableHref } from "./addresses";
import { CtfPanel } from "./CtfPanel";
import { DecideDialog } from "./DecideDialog";
import styles from "./exposure.module.css";
import { MicrographPanel } from "./MicrographPanel";
import { StepsPanel } from "./StepsPanel";
import { TracksPanel } from "./TracksPanel";
import type { ExposureDetail, Tracks } from "./types";
import { useDecide } from "./useDecide";
import { ValuesPanel } from "./ValuesPanel";
import { LogPanel, WordsPanel } from "./WordsPanel";

const FRESH = ["/exposures", "/qualities"] as const;
const NONE: readonly Quality[] = [];

/** One exposure in full. */
export function ExposureScreen({ name }: { name: string }) {
  const { id, branch } = useSession();
  useFreshSession(id, FRESH);
  const path = sessionPath(id, `/exposures/${encodeURIComponent(name)}`);
  const detail = useApi<ExposureDetail>(path, { branch });
  return (
    <Page title={name} quiet>
      <Shown query={detail} what="This exposure">
        {(told) => <Told detail={told} id={id} branch={branch} path={path} />}
      </Shown>
    </Page>
  );
}

interface ToldProps {
  detail: ExposureDetail;
  id: string;
  branch: string;
  path: string;
}

function Told({ detail, id, branch, path }: ToldProps) {
  const qualities = useQualities(id, branch).data ?? NONE;
  // A pending exposure has none yet: the server says so with an error, which is no news here.
  const tracks = useApi<Tracks>(`${path}/tracks`, { branch }).data;
  return (
    <div className={styles.stack}>
      <Head detail={detail} id={id} branch={branch} />
      <div className={styles.columns}>
        <div className={styles.stack}>
          <MicrographPanel session={id} branch={branch} detail={detail} />
          <ValuesPanel detail={detail} qualities={qualities} />
        </div>
        <div className={styles.stack}>
          <WordsPanel session={id} detail={detail} />
          <CtfPanel detail={detail} />
          {tracks && tracks.frames.length > 1 && <TracksPanel tracks={tracks} detail={detail} />}
          <StepsPanel session={id} detail={detail} />
          <LogPanel session={id} branch={branch} name={detail.name} />
        </div>
      </div>
    </div>
  );
}

function Head({ detail, id, branch }: Omit<ToldProps, "path">) {
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const decide = useDecide(id);
  const may = useMay("operator");
  const { previous, next } = detail.neighbours;
  const to = (name: string): string => exposureHref(id, name, branch, query.toString());
  const go = (name: string | null) => () => {
    if (name !== null) void navigate(to(name));
  };
  useKeys("One exposure", {
    ArrowLeft: { what: "The exposure before", do: go(previous) },
    ArrowRight: { what: "The next exposure", do: go(next) },
    k: { what: "The exposure before", do: go(previous) },
    j: { what: "The next exposure", do: go(next) },
    a: { what: "Accept it", do: () => may && decide.open("accept", [detail.name]) },
    r: { what: "Reject it", do: () => may && decide.open("reject", [detail.name]) },
    Escape: {
      what: "Back to the table",
      do: () => void navigate(tableHref(id, query.toString(), branch)),
    },
  });
  const where = [
    detail.details["grid_square"] && `square ${String(detail.details["grid_square"])}`,
    detail.details["foil_hole"] && `hole ${String(detail.details["foil_hole"])}`,
  ].filter(Boolean);
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <span className={styles.number} title="The number that the command line takes">
          {number(detail.number)}
        </span>
        <strong>{detail.name}</strong>
        <StateBadge state={detail.state} />
        <span className={styles.quiet}>
          {[fullMoment(detail.time ?? detail.found), ...where].join(" · ")}
        </span>
      </div>
      <div className={styles.tools}>
        <Button
          size="compact-sm"
          variant="default"
          component={Link}
          to={tableHref(id, query.toString(), branch)}
        >
          Table
        </Button>
        <Button size="compact-sm" variant="default" disabled={!previous} onClick={go(previous)}>
          ← Before
        </Button>
        <Button size="compact-sm" variant="default" disabled={!next} onClick={go(next)}>
          Next →
        </Button>
        {may && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Icon name="check" size={12} />}
              onClick={() => decide.open("accept", [detail.name])}
            >
              Accept
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<Icon name="cross" size={12} />}
              onClick={() => decide.open("reject", [detail.name])}
            >
              Reject
            </Button>
          </>
        )}
      </div>
      <DecideDialog decide={decide} />
    </header>
  );
}
