import { useEffect, useRef } from "react";
import { NavLink, useLocation, useMatch, useNavigate } from "react-router";
import { useSessions } from "@/api/queries";
import { StateBadge, useKeys } from "@/ui";
import { SESSION_SCREENS } from "./screens";
import styles from "./shell.module.css";

/** Id of the session in the address, for what stands beside the session's own screens. */
function useSessionId(): string {
  return useMatch("/s/:id/*")?.params.id ?? "";
}

/** Name and state of the session. */
export function SessionCrumb() {
  const id = useSessionId();
  const session = useSessions().data?.find((one) => one.id === id);
  return (
    <div className={styles.crumb}>
      <span className={styles.crumbName} title={session?.folder}>
        {session?.name ?? id}
      </span>
      {session && <StateBadge state={session.state} />}
    </div>
  );
}

const PATIENCE = 1_500;

/** The screens of a session; `g` and a letter opens each. */
export function SessionTabs() {
  const id = useSessionId();
  const navigate = useNavigate();
  const base = `/s/${encodeURIComponent(id)}`;
  const going = useRef(0);
  const row = useRef<HTMLElement>(null);
  const path = useLocation().pathname;
  useKeys("Screens of the session", {
    g: { what: `Then ${SCREENS}`, do: () => (going.current = Date.now()) },
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (Date.now() - going.current > PATIENCE) return;
      const found = SESSION_SCREENS.find((screen) => screen.key === event.key);
      if (!found) return;
      going.current = 0;
      event.preventDefault();
      event.stopPropagation();
      void navigate(found.path ? `${base}/${found.path}` : base);
    };
    // Before the keys of the screen, of which one may have the same letter.
    window.addEventListener("keydown", hear, { capture: true });
    return () => window.removeEventListener("keydown", hear, { capture: true });
  }, [base, navigate]);
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (tab && row.current) row.current.scrollLeft = tab.offsetLeft - 60;
  }, [path]);
  return (
    <nav ref={row} className={styles.tabs} aria-label="Screens of the session">
      {SESSION_SCREENS.map((screen) => (
        <NavLink
          key={screen.path}
          to={screen.path ? `${base}/${screen.path}` : base}
          end={screen.path === ""}
          className={styles.tab}
        >
          {screen.title}
        </NavLink>
      ))}
    </nav>
  );
}

const SCREENS = SESSION_SCREENS.map((screen) => `${screen.key} ${screen.title}`).join(", ");
