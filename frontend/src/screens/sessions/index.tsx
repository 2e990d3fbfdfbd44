import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useMay, useMe, useSessions } from "@/api/queries";
import type { SessionSummary } from "@/api/types";
import { Empty, Icon, Loading, Page, Panel, Shown, useKeys } from "@/ui";
import { number, plural } from "@/units";
import { SessionRow } from "./SessionRow";
import { matching, VIEWS, type View } from "./views";
import styles from "./sessions.module.css";

/** All sessions of all microscopes. */
export default function Sessions() {
  const sessions = useSessions();
  const [query, setQuery] = useSearchParams();
  const search = query.get("search") ?? "";
  const view = (query.get("view") ?? "all") as View;
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const mayStart = useMay("operator");
  const facility = useMe().data?.facility ?? false;
  const say = (name: string, value: string) =>
    setQuery(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  const rows = useMemo(
    () => matching(sessions.data ?? [], view, search),
    [sessions.data, view, search],
  );
  const [at, setAt] = useCursor(rows);
  useKeys("Sessions", {
    j: { what: "Next session", do: () => setAt(at + 1) },
    k: { what: "Session before", do: () => setAt(at - 1) },
    Enter: {
      what: "Open the session",
      do: () => {
        const row = rows[at];
        if (row) void navigate(`/s/${encodeURIComponent(row.id)}`);
      },
    },
    "/": { what: "Search", do: () => field.current?.focus() },
    ...(mayStart && { n: { what: "New session", do: () => void navigate("/new") } }),
    ...(mayStart &&
      facility && { b: { what: "Begin for a booking", do: () => void navigate("/begin") } }),
  });
  return (
    <Page
      title="Sessions"
      beside={sessions.data && <Totals sessions={sessions.data} />}
      tools={
        mayStart && (
          <>
            {facility && (
              <Button component={Link} to="/begin" size="xs">
                Begin for a booking
              </Button>
            )}
            <Button
              component={Link}
              to="/new"
              size="xs"
              variant={facility ? "default" : "filled"}
              leftSection={<Icon name="plus" size={14} />}
            >
              New session
            </Button>
          </>
        )
      }
    >
      <div className={styles.filters}>
        <SegmentedControl
          size="xs"
          aria-label="Which sessions"
          value={view}
          onChange={(value) => say("view", value === "all" ? "" : value)}
          data={VIEWS.map(({ value, label, of }) => ({
            value,
            label: `${label} ${number(sessions.data?.filter(of).length)}`,
          }))}
        />
        <TextInput
          ref={field}
          size="xs"
          type="search"
          aria-label="Search sessions"
          placeholder="Name, folder, microscope or person"
          leftSection={<Icon name="search" size={14} />}
          value={search}
          onChange={(event) => say("search", event.currentTarget.value)}
          className={styles.search}
        />
      </div>
      <Panel flush>
        <Shown query={sessions} what="The sessions" loading={<Loading lines={6} height={44} />}>
          {(all) =>
            rows.length > 0 ? (
              <Rows rows={rows} at={at} />
            ) : all.length > 0 ? (
              <Empty title="No session fits">
                <Button size="compact-sm" variant="default" onClick={() => setQuery({})}>
                  Show all
                </Button>
              </Empty>
            ) : (
              <Empty title="No session yet">
                {mayStart ? (
                  <Link to="/new">Start the first one</Link>
                ) : (
                  "When one is started, or you are made one of its people, it is here."
                )}
              </Empty>
            )
          }
        </Shown>
      </Panel>
    </Page>
  );
}

/** Which row the keys act on: it stays with its session when the list changes. */
function useCursor(rows: readonly SessionSummary[]) {
  const [id, setId] = useState<string | null>(null);
  const at = rows.findIndex((row) => row.id === id);
  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    setId(row.id);
    document.getElementById(`session-${row.id}`)?.scrollIntoView({ block: "nearest" });
  };
  return [at, move] as const;
}

function Rows({ rows, at }: { rows: readonly SessionSummary[]; at: number }) {
  return (
    <>
      <div className={styles.head} aria-hidden="true">
        <span>Session</span>
        <span>Exposures</span>
        <span>CTF fit, newest</span>
        <span>How it goes</span>
        <span />
      </div>
      <ul className={styles.rows}>
        {rows.map((row, index) => (
          <SessionRow key={row.id} session={row} current={index === at} />
        ))}
      </ul>
    </>
  );
}

function Totals({ sessions }: { sessions: readonly SessionSummary[] }) {
  const running = sessions.filter((one) => one.running);
  const rate = running.reduce((sum, one) => sum + (one.rate?.per_hour ?? 0), 0);
  return (
    <span className={styles.totals}>
      {plural(running.length, "session")} running
      {rate > 0 && `, ${plural(Math.round(rate), "exposure")} per hour`}
    </span>
  );
}
