import {
  ActionIcon,
  Menu,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import {
  Link,
  Navigate,
  NavLink,
  Outlet,
  useLocation,
  useNavigate,
  useNavigation,
} from "react-router";
import { api } from "@/api/client";
import { useLiveSessions } from "@/api/live";
import { useMay, useMe } from "@/api/queries";
import { link } from "@/api/ws";
import { ErrorNote, Icon, KeyHelp, SkipLink, Stale, useKeys } from "@/ui";
import bar from "@/ui/bar.module.css";
import { SessionCrumb, SessionTabs } from "./SessionNavigation";
import styles from "./shell.module.css";

/** What is around every screen: the bar, the skip link, the keys; or the way to log in. */
export function Shell() {
  const me = useMe();
  const location = useLocation();
  useLiveSessions(me.data ? "sessions" : null);
  useEffect(() => {
    const hurry = () => document.visibilityState === "visible" && link.hurry();
    document.addEventListener("visibilitychange", hurry);
    return () => document.removeEventListener("visibilitychange", hurry);
  }, []);
  const atLogin = location.pathname === "/login";
  if (me.error?.status === 401 && !atLogin)
    return <Navigate to="/login" replace state={{ from: location.pathname + location.search }} />;
  return (
    <>
      <SkipLink />
      {!atLogin && <Bar />}
      <main id="main" tabIndex={-1} className={styles.main}>
        {me.isError && !atLogin ? (
          <ErrorNote
            error={me.error}
            what="The server does not say who you are"
            again={() => void me.refetch()}
          />
        ) : (
          <Outlet />
        )}
      </main>
      <KeyHelp />
    </>
  );
}

function Bar() {
  const busy = useNavigation().state !== "idle";
  const inside = useLocation().pathname.startsWith("/s/");
  return (
    <header className={bar.bar}>
      <div className={styles.top}>
        <Link to="/" className={styles.brand} aria-label="icestream: all sessions">
          <img src="/icon.svg" alt="" />
          <span className={styles.brandName}>icestream</span>
        </Link>
        {inside ? <SessionCrumb /> : <Places />}
        <div className={styles.tools}>
          <Stale />
          <Scheme />
          <Help />
          <Person />
        </div>
      </div>
      {inside && <SessionTabs />}
      {busy && <div className={styles.busy} />}
    </header>
  );
}

function Places() {
  const isStaff = useMay("staff");
  const facility = useMe().data?.facility ?? false;
  return (
    <nav className={styles.links} aria-label="Places">
      <NavLink to="/" end className={bar.tab}>
        Sessions
      </NavLink>
      {isStaff && facility && (
        <NavLink to="/facility" className={bar.tab}>
          Facility
        </NavLink>
      )}
      {isStaff && (
        <NavLink to="/admin" className={bar.tab}>
          Administration
        </NavLink>
      )}
    </nav>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? "Light page" : "Dark page";
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
      >
        <Icon name={dark ? "sun" : "moon"} />
      </ActionIcon>
    </Tooltip>
  );
}

function Help() {
  useKeys("Everywhere", {});
  return (
    <Tooltip label="Keys (?)">
      <ActionIcon
        variant="subtle"
        color="gray"
        className={styles.hideSmall}
        aria-label="Keys"
        onClick={() => window.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }))}
      >
        <Icon name="help" />
      </ActionIcon>
    </Tooltip>
  );
}

function Person() {
  const me = useMe().data;
  const client = useQueryClient();
  const navigate = useNavigate();
  if (!me) return null;
  const leave = async () => {
    await api.post("/logout");
    client.clear();
    await navigate("/login");
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`You: ${me.name}`}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.full_name || me.name}, {me.role}
        </Menu.Label>
        <Menu.Item component={Link} to="/account">
          Logins, tokens, password
        </Menu.Item>
        {me.login_required ? (
          <Menu.Item onClick={() => void leave()}>Log out</Menu.Item>
        ) : (
          <Menu.Label>No login: this server answers this computer alone.</Menu.Label>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
