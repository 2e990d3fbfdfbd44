import { describe, expect, it } from "vitest";
import { differences } from "./changes";
import {
  addStep,
  connect,
  disconnect,
  freeName,
  nameProblem,
  removeSteps,
  renameStep,
  sameDocument,
  setParameters,
} from "./editing";
import { begin, changed, redone, undone } from "./history";
import { linksOf, type ProtocolInfo, type WorkflowDocument } from "./model";
import { choicesFor, offers, unconnected, whyNot } from "./typing";

/** A port, and everything that its items are. */
const output = (name: string, type: string, ...bases: string[]) => ({
  name,
  type,
  optional: false,
  many: false,
  fits: [type, ...bases],
});
const input = (name: string, type: string, more: object = {}) => ({
  name,
  type,
  optional: false,
  many: false,
  fits: [] as string[],
  ...more,
});
const protocol = (name: string, title: string, more: Partial<ProtocolInfo>): ProtocolInfo => ({
  name,
  title,
  summary: "",
  kind: "item",
  inputs: [],
  outputs: [],
  agrees: false,
  schema: {},
  ...more,
});

const PROTOCOLS = new Map(
  [
    protocol("movies.import", "Import movies", {
      kind: "source",
      outputs: [output("movie", "Movie")],
    }),
    protocol("movies.align", "Align movies", {
      inputs: [input("movie", "Movie")],
      outputs: [output("micrograph", "Micrograph", "Measured")],
    }),
    protocol("ctf.estimate", "Estimate CTF", {
      summary: "Defocus and astigmatism from the power spectrum",
      inputs: [input("micrograph", "Micrograph")],
      outputs: [output("ctf", "Ctf", "Measured")],
    }),
    protocol("ctf.consensus", "Agree on the CTF", {
      agrees: true,
      inputs: [input("ctf", "Ctf")],
      outputs: [output("ctf", "Ctf", "Measured")],
    }),
    protocol("exposures.select", "Select exposures", {
      inputs: [input("quality", "Measured", { optional: true, many: true })],
    }),
  ].map((each) => [each.name, each]),
);

for (const made of PROTOCOLS.values())
  for (const out of made.outputs) {
    const kinds = out.fits;
    out.fits = [];
    for (const taking of PROTOCOLS.values())
      for (const into of taking.inputs.filter((port) => kinds.includes(port.type))) {
        out.fits.push(`${taking.name}.${into.name}`);
        into.fits.push(`${made.name}.${out.name}`);
      }
  }

const WORKFLOW: WorkflowDocument = {
  name: "small",
  steps: [
    { name: "import", protocol: "movies.import" },
    { name: "align", protocol: "movies.align", inputs: { movie: "import" } },
    {
      name: "ctf",
      protocol: "ctf.estimate",
      parameters: { defocus_max: 3 },
      inputs: { micrograph: "align.micrograph" },
    },
  ],
};

describe("links", () => {
  it("reads a step with one output without its port", () => {
    expect(linksOf(WORKFLOW, PROTOCOLS)[0]).toEqual({
      from: { step: "import", port: "movie" },
      to: { step: "align", port: "movie" },
    });
  });

  it("says why two ports do not go together", () => {
    const why = whyNot(
      { step: "import", port: "movie" },
      { step: "ctf", port: "micrograph" },
      WORKFLOW,
      PROTOCOLS,
    );
    expect(why).toBe("ctf.micrograph takes Micrograph, and import.movie is Movie");
  });

  it("refuses a circle", () => {
    const { document, name } = addStep(WORKFLOW, PROTOCOLS.get("ctf.consensus")!, PROTOCOLS, {
      step: "ctf",
      port: "ctf",
    });
    const back = whyNot(
      { step: name, port: "ctf" },
      { step: name, port: "ctf" },
      document,
      PROTOCOLS,
    );
    expect(back).toBe("a step cannot feed itself");
    const far = {
      ...document,
      steps: document.steps.map((s) =>
        s.name === "ctf" ? { ...s, protocol: "ctf.consensus", inputs: {} } : s,
      ),
    };
    expect(
      whyNot({ step: name, port: "ctf" }, { step: "ctf", port: "ctf" }, far, PROTOCOLS),
    ).toContain("circle");
  });

  it("takes an item where one of its bases is asked for", () => {
    const { document } = addStep(WORKFLOW, PROTOCOLS.get("exposures.select")!, PROTOCOLS);
    const choices = choicesFor({ step: "exposures", port: "quality" }, document, PROTOCOLS);
    expect(choices.map((each) => each.end.step)).toEqual(["align", "ctf"]);
  });

  it("replaces the one link of an input, and adds to those of an input that takes many", () => {
    let { document } = addStep(WORKFLOW, PROTOCOLS.get("movies.align")!, PROTOCOLS);
    document = connect(
      document,
      { from: { step: "movies", port: "micrograph" }, to: { step: "ctf", port: "micrograph" } },
      PROTOCOLS,
    );
    expect(document.steps[2]?.inputs).toEqual({ micrograph: "movies.micrograph" });
    document = addStep(document, PROTOCOLS.get("exposures.select")!, PROTOCOLS, {
      step: "align",
      port: "micrograph",
    }).document;
    document = connect(
      document,
      { from: { step: "ctf", port: "ctf" }, to: { step: "exposures", port: "quality" } },
      PROTOCOLS,
    );
    expect(document.steps.at(-1)?.inputs).toEqual({ quality: ["align.micrograph", "ctf.ctf"] });
  });

  it("cuts a link that was written without its port", () => {
    const cut = disconnect(
      WORKFLOW,
      { from: { step: "import", port: "movie" }, to: { step: "align", port: "movie" } },
      PROTOCOLS,
    );
    expect(cut.steps[1]?.inputs).toEqual({});
    expect(unconnected(cut.steps[1]!, PROTOCOLS).map((port) => port.name)).toEqual(["movie"]);
  });
});

describe("steps", () => {
  it("are named after their protocol, and numbered where the name is taken", () => {
    expect(freeName("gain.estimate", WORKFLOW)).toBe("gain");
    expect(freeName("ctf.estimate", WORKFLOW)).toBe("ctf_2");
  });

  it("are removed with their links", () => {
    const left = removeSteps(WORKFLOW, new Set(["align"]));
    expect(left.steps.map((step) => step.name)).toEqual(["import", "ctf"]);
    expect(left.steps[1]?.inputs).toEqual({});
  });

  it("are renamed wherever they feed another", () => {
    const named = renameStep(WORKFLOW, "align", "motion");
    expect(named.steps[2]?.inputs).toEqual({ micrograph: "motion.micrograph" });
    expect(renameStep(WORKFLOW, "import", "in").steps[1]?.inputs).toEqual({ movie: "in" });
    expect(nameProblem(WORKFLOW, "align", "ctf")).toContain("already");
    expect(nameProblem(WORKFLOW, "align", "Motion")).toContain("lower-case");
    expect(nameProblem(WORKFLOW, "align", "motion")).toBe("");
  });
});

describe("the palette", () => {
  it("has first what makes what an input wants", () => {
    const port = PROTOCOLS.get("ctf.estimate")!.inputs[0]!;
    expect(offers("", PROTOCOLS, port)[0]?.protocol.name).toBe("movies.align");
  });

  it("has what fits the chosen port first", () => {
    const port = PROTOCOLS.get("movies.align")!.outputs[0]!;
    const names = offers("", PROTOCOLS, port).map((offer) => offer.protocol.name);
    expect(names.slice(0, 2)).toEqual(["ctf.estimate", "exposures.select"]);
  });

  it("finds words wherever they stand, names first", () => {
    expect(offers("astigmatism", PROTOCOLS).map((offer) => offer.protocol.name)).toEqual([
      "ctf.estimate",
    ]);
    expect(offers("ctf", PROTOCOLS)).toHaveLength(2);
    expect(offers("ctf nonsense", PROTOCOLS)).toEqual([]);
  });
});

describe("differences", () => {
  it("are told in words", () => {
    const after = setParameters(renameStep(WORKFLOW, "ctf", "fit"), "fit", { defocus_max: 4 });
    const words = differences(
      WORKFLOW,
      setParameters(WORKFLOW, "ctf", { defocus_max: 4 }),
      PROTOCOLS,
    ).map((d) => d.words);
    expect(words).toEqual(["ctf: defocus_max 3 → 4"]);
    expect(differences(WORKFLOW, after, PROTOCOLS).map((d) => d.words)).toEqual([
      "fit (ctf.estimate) is new",
      "ctf is left out",
      "align.micrograph feeds fit.micrograph",
    ]);
  });

  it("are none where only the order of keys or an empty object differs", () => {
    const other = {
      ...WORKFLOW,
      steps: WORKFLOW.steps.map((step) => ({ inputs: {}, parameters: {}, ...step })),
    };
    expect(sameDocument(WORKFLOW, other)).toBe(true);
    expect(differences(WORKFLOW, other, PROTOCOLS)).toEqual([]);
    expect(sameDocument({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  });
});

describe("undo", () => {
  it("goes back and forth, and forgets what was taken back once something else is done", () => {
    let history = changed(changed(begin(1), 2, "two"), 3, "three");
    history = undone(undone(history));
    expect(history.present.value).toBe(1);
    expect(undone(history)).toBe(history);
    history = redone(history);
    expect(history.present).toEqual({ value: 2, what: "two" });
    history = changed(history, 4, "four");
    expect(redone(history)).toBe(history);
    expect(history.past.map((entry) => entry.value)).toEqual([1, 2]);
  });

  it("takes keystrokes in one field as one change", () => {
    let history = begin("");
    for (const text of ["a", "ab", "abc"]) history = changed(history, text, "name", true);
    expect(undone(history).present.value).toBe("");
  });
});
