import { useEffect, useRef } from "react";
import { NavLink, useLocation, useMatch, useNavigate } from "react-router";
import { useSessions } from "@/api/queries";
import { StateBadge, useKeys } from "@/ui";
import bar from "@/ui/bar.module.css";
import { BranchChooser } from "./BranchChooser";
import { SESSION_SCREENS, type SessionScreen } from "./screens";
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
      <BranchChooser id={id} />
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
  const sessions = useSessions().data;
  const { pathname: path, search } = useLocation();
  const branch = new URLSearchParams(search).get("branch");
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
      void navigate(addressOf(base, found, branch));
    };
    // Before the keys of the screen, of which one may have the same letter.
    window.addEventListener("keydown", hear, { capture: true });
    return () => window.removeEventListener("keydown", hear, { capture: true });
  }, [base, branch, navigate]);
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (tab && row.current) row.current.scrollLeft = tab.offsetLeft - 60;
  }, [path]);
  if (sessions && !sessions.some((one) => one.id === id)) return null;
  return (
    <nav ref={row} className={bar.tabs} aria-label="Screens of the session">
      {SESSION_SCREENS.map((screen) => (
        <NavLink
          key={screen.path}
          to={addressOf(base, screen, branch)}
          end={screen.path === ""}
          className={bar.tab}
        >
          {screen.title}
        </NavLink>
      ))}
    </nav>
  );
}

/** Of a screen; the branch that is shown stays the same on the next that shows one. */
function addressOf(base: string, screen: SessionScreen, branch: string | null): string {
  const path = screen.path ? `${base}/${screen.path}` : base;
  return branch && screen.ofBranch ? `${path}?${new URLSearchParams({ branch }).toString()}` : path;
}

const SCREENS = SESSION_SCREENS.map((screen) => `${screen.key} ${screen.title}`).join(", ");
