import { describe, expect, it } from "vitest";
import { read } from "./reading";

const SCIPION = [
  { "object.className": "ProtImportMovies", "object.id": "2", "object.label": "import", dose: 1.2 },
  {
    "object.className": "ProtMotionCorr",
    "object.id": "45",
    "object.label": "align",
    inputMovies: "2.outputMovies",
    binFactor: "2",
  },
  { "object.className": "ProtMonitorSummary", "object.id": "90", inputProtocols: ["2", "45"] },
];

describe("a workflow file", () => {
  it("of icestream has steps, links and parameters", () => {
    const found = read(
      JSON.stringify({
        name: "small",
        steps: [
          { name: "import", protocol: "movies.import" },
          {
            name: "ctf",
            protocol: "ctf.estimate",
            parameters: { defocus_max: 3 },
            inputs: { micrograph: ["align.micrograph", "import"] },
          },
          { name: "pace", protocol: "monitor.pace" },
        ],
      }),
    );
    expect(found.title).toBe("small");
    expect(found.steps[1]?.parameters).toEqual([["defocus_max", "3"]]);
    expect(found.steps[2]?.aside).toBe(true);
    expect(found.links).toEqual([
      { from: "align", to: "ctf", output: "micrograph" },
      { from: "import", to: "ctf", output: "" },
    ]);
  });

  it("of Scipion is told by its pointers, and a number is no pointer", () => {
    const found = read(JSON.stringify(SCIPION));
    expect(found.links).toEqual([
      { from: "import", to: "align", output: "outputMovies" },
      { from: "import", to: "ProtMonitorSummary", output: "" },
      { from: "align", to: "ProtMonitorSummary", output: "" },
    ]);
    expect(found.steps[1]?.parameters).toEqual([["binFactor", "2"]]);
    expect(found.steps[2]?.aside).toBe(true);
  });

  it("of Scipion may begin with words", () => {
    const found = read(`A template for facilities\n[\n${JSON.stringify(SCIPION[0])}\n]`);
    expect(found.about).toBe("A template for facilities");
    expect(found.steps).toHaveLength(1);
  });

  it("that is none is refused with what it should be", () => {
    expect(() => read("nonsense")).toThrow("not JSON");
    expect(() => read("{}")).toThrow("no workflow of icestream or Scipion");
  });
});
