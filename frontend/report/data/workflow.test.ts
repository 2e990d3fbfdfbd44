import { expect, test } from "vitest";
import { graphOf } from "@/screens/workflow/wires";
import type { LiveFile } from "./types";
import { workflowOf } from "./workflow";

const step = (name: string, kind: string) => ({
  ...{ name, kind, title: `Title (${name})`, state: "running", reason: "", set: null },
  ...{ ready: 1, running: 0, held: 0, done: 4, rejected: 2, failed: 0, skipped: 0, seconds: 3 },
});

test("steps and what feeds them are a graph that the application draws", () => {
  const told = workflowOf({
    session: { workflow: "w" },
    steps: [step("import", "source"), step("ctf", "item"), step("watch", "monitor")],
    links: [
      ["import", "ctf"],
      ["ctf", "watch"],
    ],
  } as unknown as LiveFile);
  const graph = graphOf(told.document, told.protocols, 80);
  expect(graph.flow).toEqual(["import", "ctf"]);
  expect(graph.aside).toEqual(["watch"]);
  expect(graph.wires.map(({ from, to }) => [from, to])).toEqual([["import", "ctf"]]);
  expect(told.records.get("ctf")?.counts).toMatchObject({ done: 6, rejected: 2, seconds: 18 });
  expect(told.protocols.get("ctf")?.title).toBe("Title");
});
