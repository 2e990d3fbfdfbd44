import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { answered, show } from "@/testing/served";
import { readWorkflowFile } from "./files";
import { SaidNote } from "./SaidNote";

const SCIPION = '[{"object.className": "ProtOdd", "object.id": "2"}]';
const WORKFLOW = { version: 2, name: "imported", steps: [] };

test("what became of another program's protocols is shown with the import", async () => {
  const report = ["ProtOdd 2: not mapped; odd holds its place", "0 exactly, 1 not mapped"];
  const sent = answered({ "/workflows/import": { workflow: WORKFLOW, report } });
  const imported = await readWorkflowFile(SCIPION);
  expect(sent).toEqual([{ method: "POST", path: "/workflows/import", body: { text: SCIPION } }]);
  show(<SaidNote said={{ text: "a.json is imported", report: imported.report }} />);
  expect(screen.getByText("a.json is imported")).toBeVisible();
  expect(screen.getByText("0 exactly, 1 not mapped")).toBeVisible();
  expect(screen.getByText("ProtOdd 2: not mapped; odd holds its place")).toBeVisible();
});

test("a file of our own has no report", async () => {
  answered({});
  const imported = await readWorkflowFile(JSON.stringify(WORKFLOW));
  show(<SaidNote said={{ text: "b.json is imported", report: imported.report }} />);
  expect(screen.getByText("b.json is imported")).toBeVisible();
  expect(screen.queryByRole("group")).toBeNull();
});

test("everything that is wrong with a file is told", () => {
  answered({});
  const problems = [{ where: "", what: "its list is empty" }];
  const error = new ApiError(422, "the file is no workflow of Scipion", null, problems);
  show(<SaidNote said={{ text: "c.json is not imported", error }} />);
  expect(screen.getByText("c.json is not imported")).toBeVisible();
  expect(screen.getByText("its list is empty")).toBeVisible();
});
