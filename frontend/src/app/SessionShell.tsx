import { Link, Navigate, Outlet, useLocation, useParams } from "react-router";
import { useSessions } from "@/api/queries";
import { Empty, ErrorNote, Page } from "@/ui";

/** Around the screens of one session: says when there is no such session, or it cannot be read. */
export function SessionShell() {
  const { id } = useParams();
  const { pathname, ...rest } = useLocation();
  const sessions = useSessions().data;
  const session = sessions?.find((one) => one.id === id);
  // Each screen has one address, by which its tab knows that it is the one that is shown.
  if (pathname.endsWith("/"))
    return <Navigate replace to={{ ...rest, pathname: pathname.replace(/\/+$/, "") }} />;
  if (sessions && !session)
    return (
      <Page title="No such session" quiet>
        <Empty title="There is no such session, or you are not one of its people">
          <Link to="/">All sessions</Link>
        </Empty>
      </Page>
    );
  if (session?.problem)
    return (
      <Page title={session.name} narrow>
        <ErrorNote error={session.problem} what="This session cannot be read" />
      </Page>
    );
  // Another session is another page: nothing of the one before stays in it.
  return <Outlet key={id} />;
}
