import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { useFreshSession } from "@/api/live";
import { sessionPath, useApi } from "@/api/queries";
import type { Live } from "@/screens/live/types";
import { KeyHelp, Shown, SkipLink } from "@/ui";
import { SESSION } from "./data/answers";
import { Banner } from "./Banner";
import { ExposurePanel } from "./ExposurePanel";
import { Header } from "./Header";
import { placeOf } from "./place";
import styles from "./report.module.css";
import { Sections } from "./Sections";
import { usePart } from "./usePart";
import { useLiveFile } from "./useReport";

/** What is looked at again when there is something new: the first at once. */
const FRESH = [
  "/live",
  "/files",
  "/qualities",
  "/squares",
  "/exposures",
  "/newest",
  "/columns",
] as const;

interface Props {
  /** Who made it, with the version. */
  software: string;
  /** Name of the session, as far as the page knows it before its data. */
  title: string;
}

/** The whole report of a session on one page, which follows it while it is written. */
export function Report({ software, title }: Props) {
  useFreshSession(SESSION, FRESH);
  const live = useApi<Live>(sessionPath(SESSION, "/live"));
  const file = useLiveFile();
  const location = useLocation();
  const place = placeOf(location.pathname, location.search);
  const { part, filters, recent } = place;
  usePart(part, location.key);
  const [chosen, setChosen] = useState({ key: "", filters, recent });
  // A link to the table brings its filters; one exposure and other parts leave them as they are.
  if (chosen.key !== location.key)
    setChosen({
      key: location.key,
      filters: filters ?? chosen.filters,
      recent: recent || chosen.recent,
    });
  useEffect(() => {
    if (file) document.title = `${file.session.name} – ${file.session.state} – icestream`;
  }, [file]);
  return (
    <>
      <SkipLink />
      <Header title={title} file={file} />
      {file && <Banner file={file} />}
      <main id="main" className={styles.main} tabIndex={-1}>
        <Shown query={live} what="The report">
          {(told) =>
            file && (
              <Sections
                live={told}
                file={file}
                filters={chosen.filters}
                onFilters={(next) => setChosen({ ...chosen, filters: next })}
                recent={chosen.recent}
                onRecent={(next) => setChosen({ ...chosen, recent: next })}
              />
            )
          }
        </Shown>
      </main>
      <footer className={styles.footer}>
        Made by {software}. Times are in your own time zone. Lengths on the specimen are in Å;
        underfocus is positive.
      </footer>
      {file && <ExposurePanel place={place} filters={chosen.filters} />}
      <KeyHelp />
    </>
  );
}
