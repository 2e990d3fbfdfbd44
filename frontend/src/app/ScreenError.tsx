import { Button } from "@mantine/core";
import { Link, useRouteError } from "react-router";
import { Empty, ErrorNote, Page } from "@/ui";

/** In the place of a screen that failed: the rest of the application goes on. */
export function ScreenError() {
  const error = useRouteError();
  return (
    <Page title="This screen failed" narrow>
      <ErrorNote error={error} what="The screen met something that it cannot show" />
      <div>
        <Button onClick={() => window.location.reload()}>Load the page again</Button>
      </div>
    </Page>
  );
}

/** Of an address that there is not. */
export function Lost() {
  return (
    <Page title="Nothing here" quiet>
      <Empty title="There is no such page">
        <Link to="/">All sessions</Link>
      </Empty>
    </Page>
  );
}
