import { describe, expect, it } from "vitest";
import { ancestorText, ancestryText } from "./text";
import type { Ancestor } from "./types";

const NODE: Ancestor = {
  result: 12,
  step: "ctf",
  title: "Estimate CTF",
  protocol: "ctf.estimate",
  version: 3,
  revision: 2,
  subject: "exposure_7",
  exposure: "exposure_7",
  distance: 0,
  parameters: { defocus_max: 3, templates: null, mode: "fast" },
  epoch: 1,
  host: "gpu1",
  seconds: 1.5,
  cpu: 1.2,
  memory: 3e8,
  finished: 0,
  files: [{ path: "ctf/a.png", bytes: 2_000 }],
  command: "ctffind --fast",
  by_hand: null,
};

describe("a lineage as text", () => {
  it("has program, version, parameters, command and files", () => {
    const text = ancestorText(NODE, { numpy: "2.4" });
    for (const part of [
      "Result 12: ctf, exposure_7",
      "ctf.estimate, version 3",
      "  defocus_max = 3",
      "  templates = none",
      "  ctffind --fast",
      "ctf/a.png",
      "numpy 2.4",
    ])
      expect(text).toContain(part);
  });

  it("says what it took, as far as that was measured", () => {
    expect(ancestorText(NODE)).toMatch(/\n1\.2.s of processor time, at most 300.MB of memory\n/);
    const cpu = ancestorText({ ...NODE, memory: null });
    expect(cpu).toMatch(/\n1\.2.s of processor time\n/);
    expect(ancestorText({ ...NODE, cpu: null, memory: null })).not.toContain("processor");
  });

  it("says nothing of what there is not", () => {
    const text = ancestorText({ ...NODE, command: "", files: [], parameters: {} });
    expect(text).not.toMatch(/Command|Files|Parameters|Software/);
  });

  it("says who changed by hand what, where somebody did", () => {
    const by_hand = {
      id: 1,
      step: "pick",
      exposure: "exposure_7",
      added: 3,
      removed: 1,
      who: "ada",
      why: "by eye",
      time: 0,
    };
    const text = ancestorText({ ...NODE, by_hand });
    expect(text).toContain("corrected by hand by ada: 3 added, 1 removed – “by eye”");
    expect(ancestorText(NODE)).not.toContain("by hand");
  });

  it("says what is not in it", () => {
    const text = ancestryText({
      result: 12,
      nodes: [NODE],
      edges: [],
      left_out: [
        { target: 12, port: "particles", count: 90, words: "90 more particles of extract" },
      ],
      software: {},
    });
    expect(text).toContain("Not shown: 90 more particles");
  });
});
