import { Providers } from "@/app/Providers";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { vi } from "vitest";

/** What was asked of the server that changes something. */
export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

const ME = { name: "ada", full_name: "Ada", role: "operator", login_required: false, csrf: "t" };

/**
 * Answer what a part of a screen asks of the server, by path without `/api`; what is not in
 * `answers` is not found. Gives what was sent.
 */
export function answered(answers: Readonly<Record<string, unknown>>): Sent[] {
  const sent: Sent[] = [];
  const known: Record<string, unknown> = { "/me": ME, ...answers };
  const answer = (url: string, options: RequestInit = {}): Promise<Response> => {
    const path = (url.split("?")[0] ?? "").replace(/^\/api/, "");
    const method = options.method ?? "GET";
    if (method !== "GET")
      sent.push({ method, path, body: JSON.parse(String(options.body)) as unknown });
    if (known[path] === undefined) {
      const refused = { message: `there is no ${path}`, advice: null, problems: null };
      return Promise.resolve(new Response(JSON.stringify(refused), { status: 404 }));
    }
    return Promise.resolve(new Response(JSON.stringify(known[path])));
  };
  vi.stubGlobal("fetch", vi.fn(answer));
  return sent;
}

/** Draw a part of a screen of session `s1`, with all that is around it in the application. */
export function show(part: ReactNode, address = "/s/s1"): ReturnType<typeof render> {
  const router = createMemoryRouter([{ path: "/s/:id/*", element: part }], {
    initialEntries: [address],
  });
  return render(
    <Providers>
      <RouterProvider router={router} />
    </Providers>,
  );
}
