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
];

test("each blank has a field, which says what holds where it stays empty", async () => {
  answered({ "/workflows/open": { workflow: { name: "open", steps: [], blanks: BLANKS } } });
  const change = vi.fn();
  show(<Blanks draft={DRAFT} onChange={change} />);
  const diameter = await screen.findByLabelText(/Particle diameter, Å/);
  expect(diameter).toBeRequired();
  expect(screen.getByLabelText("kv")).toHaveValue("200");
  expect(screen.getByText(/The metadata of the movies may say it. Otherwise 300./)).toBeVisible();
  expect(screen.getByText("Otherwise yes.")).toBeVisible();
  fireEvent.change(diameter, { target: { value: "130" } });
  expect(change).toHaveBeenCalledWith({ kv: "200", diameter: "130" });
});

test("a workflow that leaves nothing open asks for nothing", () => {
  answered({ "/workflows/open": { workflow: { name: "open", steps: [] } } });
  show(<Blanks draft={DRAFT} onChange={vi.fn()} />);
  expect(screen.queryByText("What this workflow asks for")).toBeNull();
});
