import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { answered, show } from "@/testing/served";
import { Blanks } from "./Blanks";
import { Placeholders } from "./Placeholders";
import { useDraft, type Draft } from "./draft";

const DRAFT = { workflow: "facility", fill: {}, without: false } as unknown as Draft;
const WITHOUT = {
  steps: ["gctf", "judge"],
  changes: ["step 'gctf', which holds the place of ProtGctf of Scipion, is left out"],
  problem: null as string | null,
};
const TEMPLATE = {
  source: "import",
  placeholders: [{ step: "gctf", program: "Scipion", kind: "ProtGctf" }],
  without: WITHOUT,
  workflow: {
    name: "facility",
    blanks: [{ name: "low" }, { name: "best" }, { name: "kv" }],
    steps: [
      { name: "import", protocol: "y", parameters: { voltage: "{{kv}}" } },
      { name: "gctf", protocol: "scipion:ProtGctf", parameters: { lowRes: "{{low}}" } },
      { name: "judge", protocol: "x", parameters: { resolution: "{{best}}" } },
    ],
  },
};

test("what each placeholder is, and what leaving them out changes", async () => {
  answered({ "/workflows/facility": TEMPLATE });
  const change = vi.fn();
  show(<Placeholders draft={DRAFT} onChange={change} />);
  expect(await screen.findByText("ProtGctf of Scipion")).toBeVisible();
  fireEvent.click(screen.getByLabelText("Leave these steps out"));
  expect(change).toHaveBeenCalledWith(true);
  expect(screen.getByText(/is left out/)).toBeInTheDocument();
});

test("where nothing is left without them it says what to do", async () => {
  const problem = "no step is left that could run";
  answered({ "/workflows/facility": { ...TEMPLATE, without: { ...WITHOUT, problem } } });
  show(<Placeholders draft={DRAFT} onChange={vi.fn()} />);
  expect(await screen.findByText(/Put protocols in their place/)).toHaveTextContent(problem);
  expect(screen.queryByLabelText("Leave these steps out")).toBeNull();
});

test("a blank is asked for where a step that runs has it", async () => {
  answered({ "/workflows/facility": TEMPLATE });
  const { unmount } = show(<Blanks draft={DRAFT} onChange={vi.fn()} />);
  expect(await screen.findByLabelText(/best/)).toBeVisible();
  expect(screen.queryByLabelText(/low/), "a placeholder is as it was written").toBeNull();
  unmount();
  show(<Blanks draft={{ ...DRAFT, without: true }} onChange={vi.fn()} />);
  expect(await screen.findByLabelText(/kv/)).toBeVisible();
  expect(screen.queryByLabelText(/best/)).toBeNull();
});

function Asked() {
  const [{ asked }] = useDraft();
  return <output>{JSON.stringify(asked)}</output>;
}

test("what was set of a step that is left out is not asked for", async () => {
  answered({ "/workflows/facility": TEMPLATE });
  const parameters = { import: { voltage: 300 }, judge: { resolution: 8 } };
  const keep = (without: boolean) => {
    const kept = { workflow: "facility", parameters, without };
    sessionStorage.setItem("icestream-new-session", JSON.stringify(kept));
  };
  keep(false);
  const { unmount } = show(<Asked />);
  expect(await screen.findByText(/"judge":\{"resolution":8\}/)).toBeInTheDocument();
  unmount();
  keep(true);
  show(<Asked />);
  await waitFor(() => expect(screen.getByRole("status")).not.toHaveTextContent("judge"));
  expect(screen.getByRole("status")).toHaveTextContent('"voltage":300');
  sessionStorage.clear();
});
