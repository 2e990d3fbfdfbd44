import { useParams } from "react-router";
import { address } from "@/api/client";
import { sessionPath } from "@/api/queries";
import { Icon, Page, Panel } from "@/ui";
import styles from "./report.module.css";

/** The session's report: the page that needs no server, here and to take along. */
export default function ReportScreen() {
  const { id = "" } = useParams();
  const url = address(sessionPath(id, "/report/index.html"));
  const pdf = address(sessionPath(id, "/exports/pdf"));
  const tools = (
    <>
      <a className={styles.link} href={url} target="_blank" rel="noreferrer">
        <Icon name="link" size={14} /> Open it alone
      </a>
      <a className={styles.link} href={pdf} download>
        <Icon name="download" size={14} /> Summary as PDF
      </a>
    </>
  );
  return (
    <Page title="Report" quiet>
      <Panel title="Report" note="opens from any disk, without a server" tools={tools} flush>
        <iframe className={styles.frame} src={url} title="Report of the session" />
      </Panel>
    </Page>
  );
}
