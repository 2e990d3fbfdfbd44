import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { answered, show } from "@/testing/served";
import { Blanks } from "./Blanks";
import type { Draft } from "./draft";

const DRAFT = { workflow: "open", fill: { kv: "200" } } as unknown as Draft;
const BLANKS = [
  { name: "diameter", title: "Particle diameter", kind: "number", unit: "Å" },
  { name: "kv", kind: "number", default: 300, metadata: "voltage" },
  { name: "live", kind: "yes or no", default: true },
  { name: "folder", kind: "folder" },
];
const STEPS = [
  { name: "import", protocol: "x", parameters: { pattern: "{{folder}}/*", voltage: "{{kv}}" } },
  { name: "pick", protocol: "y", parameters: { sizes: ["{{ diameter }}"], on: "{{live}}" } },
];
const TEMPLATE = { source: "import", workflow: { name: "open", steps: STEPS, blanks: BLANKS } };

test("each blank has a field, which says what holds where it stays empty", async () => {
  answered({ "/workflows/open": TEMPLATE });
  const change = vi.fn();
  show(<Blanks draft={DRAFT} onChange={change} />);
  const diameter = await screen.findByLabelText(/Particle diameter, Å/);
  expect(diameter).toBeRequired();
  expect(screen.getByLabelText("kv")).toHaveValue("200");
  expect(screen.getByText(/The metadata of the movies may say it. Otherwise 300./)).toBeVisible();
  expect(screen.getByText("Otherwise yes.")).toBeVisible();
  expect(screen.queryByLabelText(/folder/), "the movies are given above").toBeNull();
  fireEvent.change(diameter, { target: { value: "130" } });
  expect(change).toHaveBeenCalledWith({ kv: "200", diameter: "130" });
});

test("a workflow that leaves nothing open asks for nothing", () => {
  answered({ "/workflows/open": { workflow: { name: "open", steps: [] } } });
  show(<Blanks draft={DRAFT} onChange={vi.fn()} />);
  expect(screen.queryByText("What this workflow asks for")).toBeNull();
});
