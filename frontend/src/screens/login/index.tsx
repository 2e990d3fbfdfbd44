import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Navigate, useLocation, useNavigate } from "react-router";
import type { ApiError } from "@/api/client";
import { api } from "@/api/client";
import { useApi, useMe } from "@/api/queries";
import type { LoginMethod } from "@/api/types";
import { link } from "@/api/ws";
import { ErrorNote, Loading, Note, Page } from "@/ui";
import { arrived, destination } from "./destination";
import { Failure } from "./Failure";
import styles from "./login.module.css";

/** Name and password, or one of the other ways that this server has. */
export default function Login() {
  const me = useMe();
  const { state, search } = useLocation();
  const [next] = useState(() => destination(state));
  const over = new URLSearchParams(search).has("share");
  const methods = useApi<LoginMethod[]>("/login/methods");
  useEffect(() => {
    if (me.data && !me.isError) arrived();
  }, [me.data, me.isError]);
  if (me.data && !me.isError) return <Navigate to={next} replace />;
  return (
    <Page title="Log in" quiet>
      <div className={styles.box}>
        <div className={styles.brand}>
          <img src="/icon.svg" alt="" width="36" height="36" />
          <span>icestream</span>
        </div>
        {over && (
          <Note tone="warning" title="This link does not open anything any more">
            It has expired, or whoever shared it has ended it. Ask for another, or log in.
          </Note>
        )}
        {new URLSearchParams(search).has("failed") && <Failure />}
        {methods.isError && (
          <ErrorNote
            error={methods.error}
            what="The ways to log in cannot be shown"
            again={() => void methods.refetch()}
          />
        )}
        {methods.isLoading && <Loading lines={3} height={34} />}
        {methods.data?.length === 0 && (
          <Note tone="warning" title="Nobody can log in here yet">
            There is no account, no directory and no provider. On the computer of this server, add
            the first person: <code>icestream people add NAME --role admin</code>
          </Note>
        )}
        {methods.data?.some((one) => one.url === null) && <PasswordForm next={next} />}
        {methods.data?.map(
          (one) =>
            one.url !== null && (
              <Button key={one.name} component="a" href={one.url} variant="default" fullWidth>
                Log in with {one.title}
              </Button>
            ),
        )}
      </div>
    </Page>
  );
}

function PasswordForm({ next }: { next: string }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const login = useMutation<unknown, ApiError>({
    mutationFn: () => api.post("/login", { name, password }),
    onSuccess: async () => {
      await client.resetQueries();
      link.hurry();
      await navigate(next, { replace: true });
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        login.mutate();
      }}
    >
      <TextInput
        label="Name"
        name="username"
        autoComplete="username"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoFocus
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        required
        withAsterisk={false}
      />
      {login.error && <ErrorNote error={login.error} what="You are not logged in" />}
      <Button type="submit" loading={login.isPending} fullWidth>
        Log in
      </Button>
    </form>
  );
}
