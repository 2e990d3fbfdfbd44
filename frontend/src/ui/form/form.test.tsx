import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { describe, expect, it } from "vitest";
import { doubt, entered, refusal, typedOf } from "./entering";
import { fieldsOf, isShown, withValue, type Values } from "./model";
import { SchemaForm } from "./SchemaForm";

const SCHEMA = {
  properties: {
    defocus_max: {
      default: 5,
      description: "Largest underfocus\nto search.",
      exclusiveMinimum: 0,
      maximum: 20,
      type: "number",
      "x-unit": "µm",
      "x-usual": [0.5, 6],
    },
    phase_plate: { default: false, type: "boolean" },
    phase_shift_max: {
      default: 180,
      type: "number",
      "x-unit": "°",
      "x-shown-if": { field: "phase_plate", values: [] },
    },
    mode: { default: "fast", enum: ["fast", "exact"], type: "string" },
    particles_min: { anyOf: [{ minimum: 1, type: "integer" }, { type: "null" }], default: null },
    groups: { default: [1, 2], type: "array", items: { type: "integer" } },
    optics: { $ref: "#/$defs/Optics", default: {} },
    tile: { default: 512, type: "integer", "x-advanced": true },
    memory: {
      anyOf: [
        { anyOf: [{ type: "string" }, { type: "integer" }], "x-unit": "B" },
        { type: "null" },
      ],
      default: null,
    },
    tokens: {
      default: {},
      patternProperties: { "^[a-z]+$": { type: "integer", minimum: 1 } },
      type: "object",
    },
    levels: { default: ["b"], items: { enum: ["a", "b"], type: "string" }, type: "array" },
    inverse: { anyOf: [{ type: "boolean" }, { type: "null" }], default: null },
    password: { type: "string", writeOnly: true },
  },
  required: ["password"],
  $defs: { Optics: { type: "object", properties: {} } },
};
const FIELDS = fieldsOf(SCHEMA);
const field = (name: string) => FIELDS.find((each) => each.name === name)!;

describe("the fields of a schema", () => {
  it("have their kinds, units and help", () => {
    expect(FIELDS.map((each) => each.kind)).toEqual([
      "number",
      "boolean",
      "number",
      "choice",
      "integer",
      "list",
      "json",
      "integer",
      "text",
      "counts",
      "choices",
      "choice",
      "secret",
    ]);
    expect(field("inverse").choices).toEqual([true, false]);
    expect(field("levels").choices).toEqual(["a", "b"]);
    expect(FIELDS.filter(({ required }) => required)).toEqual([field("password")]);
    expect(field("defocus_max")).toMatchObject({
      title: "Defocus max",
      unit: "µm",
      help: "Largest underfocus to search.",
    });
    expect(field("particles_min").nullable).toBe(true);
    expect(field("tile").advanced).toBe(true);
  });

  it("are shown while their condition holds", () => {
    expect(isShown(field("phase_shift_max"), FIELDS, {})).toBe(false);
    expect(isShown(field("phase_shift_max"), FIELDS, { phase_plate: true })).toBe(true);
  });

  it("take the default again", () => {
    expect(withValue({ a: 1, b: 2 }, "a", undefined)).toEqual({ b: 2 });
  });
});

describe("what is typed", () => {
  it("becomes a value", () => {
    expect(entered(field("defocus_max"), " 3,5 ")).toEqual({ value: 3.5 });
    expect(entered(field("particles_min"), "")).toEqual({ value: null });
    expect(entered(field("groups"), "3, 4 5")).toEqual({ value: [3, 4, 5] });
    expect(entered(field("optics"), '{"a": 1}')).toEqual({ value: { a: 1 } });
    expect(entered(field("memory"), "64GB")).toEqual({ value: "64GB" });
    expect(entered(field("tokens"), "relion=2, topaz = 1")).toEqual({
      value: { relion: 2, topaz: 1 },
    });
    expect(entered(field("tokens"), "")).toEqual({ value: {} });
  });

  it("is refused where it is none", () => {
    expect(entered(field("defocus_max"), "wide")).toEqual({ problem: "wide is no number" });
    expect(entered(field("defocus_max"), "")).toEqual({ problem: "a value is needed" });
    expect(entered(field("tile"), "2.5")).toEqual({ problem: "a whole number is needed" });
    expect(entered(field("groups"), "1, x")).toEqual({ problem: "x is no number" });
    expect(entered(field("tokens"), "relion")).toEqual({
      problem: "relion is no name=number, such as relion=2",
    });
  });

  it("is told when it is out of its limits, or unusual", () => {
    expect(refusal(field("defocus_max"), 0)).toContain("more than 0");
    expect(refusal(field("defocus_max"), 21)).toContain("at most 20");
    expect(refusal(field("defocus_max"), 9)).toBe("");
    expect(doubt(field("defocus_max"), 9)).toContain("0.5 to 6");
  });

  it("is written as it was read", () => {
    for (const [name, value] of [
      ["defocus_max", 3.5],
      ["groups", [1, 2, 3]],
      ["optics", { a: [1] }],
      ["tokens", { relion: 2, topaz: 1 }],
    ] as const)
      expect(entered(field(name), typedOf(field(name), value))).toEqual({ value });
  });
});

function Held({ start = {} }: { start?: Values }) {
  const [value, setValue] = useState<Values>(start);
  return (
    <MantineProvider>
      <SchemaForm schema={SCHEMA} value={value} onChange={setValue} />
      <output>{JSON.stringify(value)}</output>
    </MantineProvider>
  );
}

describe("a form", () => {
  const said = () => JSON.parse(screen.getByRole("status").textContent) as unknown;

  it("keeps what differs from the defaults, and takes it back", async () => {
    render(<Held />);
    const box = screen.getByLabelText(/Defocus max/);
    await userEvent.clear(box);
    await userEvent.type(box, "3.5");
    expect(said()).toEqual({ defocus_max: 3.5 });
    await userEvent.click(screen.getByRole("button", { name: /Default of Defocus max/ }));
    expect(said()).toEqual({});
    expect(box).toHaveValue("5");
  });

  it("shows what depends on a switch once that is on, and the advanced when asked", async () => {
    render(<Held />);
    expect(screen.queryByLabelText(/Phase shift max/)).toBeNull();
    await userEvent.click(screen.getByLabelText(/Phase plate/));
    expect(screen.getByLabelText(/Phase shift max/)).toBeVisible();
    expect(screen.queryByLabelText(/Tile/)).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /advanced/i }));
    expect(screen.getByLabelText(/Tile/)).toBeVisible();
  });

  it("says what is wrong, and keeps the last value that was right", async () => {
    render(<Held />);
    const box = screen.getByLabelText(/Defocus max/);
    await userEvent.clear(box);
    await userEvent.type(box, "x");
    expect(screen.getByText("x is no number")).toBeVisible();
    expect(said()).toEqual({});
  });
});
