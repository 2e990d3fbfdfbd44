import { NavLink, useParams } from "react-router";
import { useMay } from "@/api/queries";
import type { Role } from "@/api/types";
import { TokensPanel } from "@/people/TokensPanel";
import { ChannelsPanel } from "@/site/ChannelsPanel";
import { Empty, Page } from "@/ui";
import { Audit } from "./Audit";
import { Folders } from "./Folders";
import { Log } from "./Log";
import { Machine } from "./Machine";
import { Microscopes } from "./Microscopes";
import { People } from "./People";
import { Plugins } from "./Plugins";
import { Settings } from "./Settings";
import { Sharing } from "./Sharing";
import styles from "./admin.module.css";

interface Section {
  path: string;
  title: string;
  role: Role;
  Part: () => React.ReactNode;
}

const SECTIONS: readonly Section[] = [
  { path: "people", title: "People", role: "admin", Part: People },
  { path: "sharing", title: "Sharing", role: "staff", Part: Sharing },
  { path: "tokens", title: "Tokens", role: "admin", Part: () => <TokensPanel everybody /> },
  { path: "microscopes", title: "Microscopes", role: "staff", Part: Microscopes },
  { path: "channels", title: "Channels", role: "staff", Part: ChannelsPanel },
  { path: "folders", title: "Folders", role: "staff", Part: Folders },
  { path: "plugins", title: "Plugins", role: "staff", Part: Plugins },
  { path: "settings", title: "Settings", role: "admin", Part: Settings },
  { path: "machine", title: "Machine", role: "staff", Part: Machine },
  { path: "log", title: "Log", role: "admin", Part: Log },
  { path: "audit", title: "Audit", role: "admin", Part: Audit },
];

/** What concerns the server and its people rather than one session. */
export default function Administration() {
  const path = useParams()["*"] ?? "";
  const admin = useMay("admin");
  const staff = useMay("staff");
  const allowed = SECTIONS.filter(({ role }) => (role === "admin" ? admin : staff));
  const section = path ? allowed.find((one) => one.path === path) : allowed[0];
  return (
    <Page title={section ? `${section.title} · Administration` : "Administration"} quiet>
      <div className={styles.layout}>
        <nav className={styles.sections} aria-label="Administration">
          {allowed.map((one) => (
            <NavLink
              key={one.path}
              to={`/admin/${one.path}`}
              className={styles.section}
              aria-current={one === section ? "page" : undefined}
            >
              {one.title}
            </NavLink>
          ))}
        </nav>
        <div className={styles.part}>
          {section ? (
            <section.Part />
          ) : (
            <Empty title="Nothing here for you">
              This is for staff and administrators, or there is no such part.
            </Empty>
          )}
        </div>
      </div>
    </Page>
  );
}
