import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Protocol } from "@/api/types";
import { answered, show } from "@/testing/served";
import type { WorkflowDocument } from "@/workflow/model";
import { Following } from "./Following";

const port = (name: string, fits: string[] = []) => ({
  name,
  type: name,
  optional: false,
  many: false,
  fits,
});

const protocol = (name: string, title: string, more: Partial<Protocol>): Protocol => ({
  name,
  title,
  summary: "",
  kind: "item",
  version: 1,
  package: "icestream 0.1.0",
  inputs: [],
  outputs: [],
  agrees: false,
  schema: {},
  defaults: {},
  cite: [],
  broken: null,
  ...more,
});

const PROTOCOLS = new Map(
  [
    protocol("movies.align", "Alignment", {
      outputs: [port("micrograph", ["ctf.estimate.micrograph", "micrographs.judge.micrograph"])],
    }),
    protocol("ctf.estimate", "CTF estimation", { inputs: [port("micrograph")] }),
    protocol("micrographs.judge", "Quality", { inputs: [port("micrograph")] }),
  ].map((one) => [one.name, one]),
);
const ALIGN = { name: "align", protocol: "movies.align", parameters: {}, inputs: {} };
const suggestion = (name: string, title: string, count: number) => ({
  protocol: name,
  title,
  summary: "",
  count,
  of: 11,
  source: "workflows",
  why: `in ${count} of the 11 ready workflows with movies.align`,
});
const ASKED = "/protocols/movies.align/suggestions";

function shown(document: WorkflowDocument) {
  const added = vi.fn<(document: WorkflowDocument, name: string) => void>();
  show(<Following step={ALIGN} document={document} protocols={PROTOCOLS} onAdd={added} />);
  return added;
}

test("what follows a step elsewhere is offered with why, and added behind it", async () => {
  answered({
    [ASKED]: [
      suggestion("ctf.estimate", "CTF estimation", 10),
      suggestion("not.installed", "Gone", 9),
    ],
  });
  const added = shown({ name: "w", steps: [ALIGN] });
  await userEvent.click(await screen.findByRole("button", { name: "CTF estimation" }));
  expect(screen.getByText("in 10 of the 11 ready workflows with movies.align")).toBeVisible();
  expect(screen.queryByText("Gone")).toBeNull();
  const [grown, name] = added.mock.lastCall ?? [];
  const step = grown?.steps.find((one) => one.name === name);
  expect(step?.protocol).toBe("ctf.estimate");
  expect(step?.inputs).toEqual({ micrograph: "align.micrograph" });
});

test("what follows already is not offered again", async () => {
  answered({
    [ASKED]: [
      suggestion("ctf.estimate", "CTF estimation", 10),
      suggestion("micrographs.judge", "Quality", 9),
    ],
  });
  const ctf = {
    name: "ctf",
    protocol: "ctf.estimate",
    parameters: {},
    inputs: { micrograph: "align" },
  };
  shown({ name: "w", steps: [ALIGN, ctf] });
  expect(await screen.findByRole("button", { name: "Quality" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "CTF estimation" })).toBeNull();
});

test("a step that nothing follows has no heading", async () => {
  answered({ [ASKED]: [] });
  shown({ name: "w", steps: [ALIGN] });
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  expect(screen.queryByRole("heading")).toBeNull();
});
