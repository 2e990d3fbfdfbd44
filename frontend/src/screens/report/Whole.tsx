import { useNavigate } from "react-router";
import { sessionPath, useApi } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { address } from "@/api/client";
import type { Live } from "../live/types";
import type { Quality } from "../measured/types";
import { useQualities } from "../measured/useMeasured";
import { Agreement } from "./Agreement";
import { DecisionLog } from "./DecisionLog";
import { Facts } from "./Facts";
import { Groups } from "./Groups";
import { Methods } from "./Methods";
import { Part } from "./Part";
import styles from "./record.module.css";
import { Seen } from "./Seen";
import { Steps } from "./Steps";
import { Times } from "./Times";
import { Trends } from "./Trends";
import type {
  Consensus,
  Fact,
  GroupsFile,
  LogFile,
  SeenResult,
  TimelineFile,
  ToldStep,
  TrendsFile,
} from "./types";
import { useOpenNumbered } from "./useOpenNumbered";

interface Props {
  session: string;
  branch: string;
  live: Live;
  recent: boolean;
  onRecent: (recent: boolean) => void;
}

/** Trends that are shown at once. */
const FIRST = 6;
const NONE: readonly Quality[] = [];

/** What there is to be read of a session as a whole, in the order of the report's page. */
export function Whole({ session, branch, live, recent, onRecent }: Props) {
  const told = useTold(session, branch);
  const { qualities, trends, line, log, groups, acquisition } = told;
  const navigate = useNavigate();
  const open = useOpenNumbered(session, branch);
  const shown = { session, branch, qualities, onOpen: open };
  const { found, of_session: all } = live.counts;
  const grouped = groups && (groups.groups.length > 1 || groups.shifts.order.length > 0);
  return (
    <div className={styles.part}>
      {line?.tempo && (
        <Times
          line={line}
          called={live.called.many}
          finished={live.session.finished}
          written={live.written}
          onOpen={open}
          onAlerts={() => void navigate(`/s/${encodeURIComponent(session)}/alerts`)}
        />
      )}
      <Part id="steps" title="What the steps found" late={300}>
        <Steps live={live} told={told.steps} onOpen={open} />
      </Part>
      {trends && trends.qualities.length > 0 && (
        <Trends {...shown} found={all} {...{ trends, recent, onRecent }} first={FIRST} />
      )}
      {grouped && (
        <Part id="groups" title="Exposure groups" late={360}>
          <Groups
            told={groups}
            qualities={qualities.filter(({ count }) => count > 0)}
            onOpen={open}
          />
        </Part>
      )}
      {told.agreement.length > 0 && (
        <Part id="agreement" title="Side by side" late={300}>
          <Agreement steps={told.agreement} qualities={qualities} trends={trends ?? null} />
        </Part>
      )}
      <Seen sets={told.seen} titled />
      {log && log.total > 0 && (
        <Part id="decisions" title="Decisions">
          <DecisionLog log={log} />
        </Part>
      )}
      {acquisition.length > 0 && <Facts facts={acquisition} />}
      {found > 0 && <Methods session={session} />}
    </div>
  );
}

/** All of it that the server has; the rest is shown as soon as it is there. */
function useTold(session: string, branch: string) {
  const at = (path: string): string => sessionPath(session, path);
  const seen = useApi<Schemas["SeenResult"][]>(at("/seen"), { branch }).data ?? [];
  return {
    qualities: useQualities(session, branch).data ?? NONE,
    trends: useApi<TrendsFile>(at("/trends"), { branch }).data,
    line: useApi<TimelineFile>(at("/timeline"), { branch }).data,
    groups: useApi<GroupsFile>(at("/groups"), { branch }).data,
    agreement: useApi<Consensus[]>(at("/agreement"), { branch }).data ?? [],
    steps: useApi<ToldStep[]>(at("/told"), { branch }).data ?? [],
    seen: seen.map(withAddresses),
    log: useApi<LogFile>(at("/decisions")).data,
    acquisition: useApi<Fact[]>(at("/acquisition")).data ?? [],
  };
}

const withAddresses = ({ step, title, time, facts, pictures }: Schemas["SeenResult"]) =>
  ({
    step,
    title,
    time,
    facts: facts.map(([label, value]): [string, string] => [label, value]),
    pictures: pictures.map((picture) => ({
      src: address(picture.url.replace(/^\/api/, ""), { size: 640 }),
      title: picture.title,
      alt: picture.description,
    })),
  }) satisfies SeenResult;
