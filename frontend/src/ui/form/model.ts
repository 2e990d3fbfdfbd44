/** What a form has to know of each parameter, read from the JSON schema of a protocol. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonSchema = Record<string, unknown>;

/** How a parameter is entered. */
export type Kind =
  | "number"
  | "integer"
  | "boolean"
  | "choice"
  /** Any of some words. */
  | "choices"
  | "text"
  | "secret"
  | "list"
  /** Whole numbers by names: `relion=2, topaz=1`. */
  | "counts"
  | "json";

export interface Field {
  name: string;
  title: string;
  help: string;
  kind: Kind;
  unit: string;
  /** Shown only to who asks for it. */
  advanced: boolean;
  /** Changing it makes nothing run again. */
  operational: boolean;
  /** May be without a value. */
  nullable: boolean;
  fallback: unknown;
  choices: readonly Choice[];
  /** Has no default: something has to be given. */
  required: boolean;
  /** Items of a list are numbers. */
  numbers: boolean;
  low?: Bound;
  high?: Bound;
  /** Between what values usually are. */
  usual?: readonly [number, number];
  pattern?: RegExp;
  /** Shown only while another field has one of these values; none: is set. */
  shownIf?: { field: string; values: readonly unknown[] };
  file: boolean;
}

export type Choice = string | number | boolean;

interface Bound {
  value: number;
  /** The bound itself is refused. */
  open: boolean;
}

/** The fields of a model, in its order. */
export function fieldsOf(schema: JsonSchema): Field[] {
  const properties = objectIn(schema, "properties");
  return Object.entries(properties).map(([name, raw]) => fieldOf(name, raw as JsonSchema, schema));
}

function fieldOf(name: string, raw: JsonSchema, root: JsonSchema): Field {
  const { core, nullable } = withoutNull(raw, root);
  const plain = kindOf(core, root);
  // Where nothing is known, a switch that is off would say something.
  const kind = plain === "boolean" && nullable ? "choice" : plain;
  const items = core.type === "array" ? resolved(objectIn(core, "items"), root) : {};
  const shown = raw["x-shown-if"] as Field["shownIf"] | undefined;
  const usual = (core["x-usual"] ?? raw["x-usual"] ?? items["x-usual"]) as
    [number, number] | undefined;
  const field: Field = {
    name,
    title: titleOf(name),
    help: String(raw.description ?? core.description ?? "").replace(/\s+/g, " "),
    kind,
    unit: String(raw["x-unit"] ?? core["x-unit"] ?? items["x-unit"] ?? ""),
    advanced: raw["x-advanced"] === true,
    operational: raw["x-operational"] === true,
    nullable,
    fallback: raw.default ?? null,
    choices: kind === "choice" ? choicesOf(core) : kind === "choices" ? choicesOf(items) : [],
    required: Array.isArray(root.required) && root.required.includes(name),
    numbers: items.type === "number" || items.type === "integer",
    file: raw["x-input-file"] === true || core["x-input-file"] === true,
  };
  const low = boundOf(core, "minimum", "exclusiveMinimum");
  const high = boundOf(core, "maximum", "exclusiveMaximum");
  if (low) field.low = low;
  if (high) field.high = high;
  if (usual) field.usual = usual;
  if (typeof core.pattern === "string") field.pattern = new RegExp(core.pattern);
  if (shown) field.shownIf = shown;
  return field;
}

/** `defocus_max` as people read it. */
export function titleOf(name: string): string {
  const words = name.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function objectIn(schema: JsonSchema, key: string): JsonSchema {
  const found = schema[key];
  return found !== null && typeof found === "object" ? (found as JsonSchema) : {};
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema.$ref;
  if (typeof reference !== "string") return schema;
  const found = objectIn(objectIn(root, "$defs"), reference.split("/").at(-1) ?? "");
  return {
    ...found,
    ...Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$ref")),
  };
}

function withoutNull(raw: JsonSchema, root: JsonSchema): { core: JsonSchema; nullable: boolean } {
  const options = raw.anyOf ?? raw.oneOf;
  if (!Array.isArray(options)) return { core: resolved(raw, root), nullable: raw.type === "null" };
  const kept = (options as JsonSchema[]).filter((option) => option.type !== "null");
  const nullable = kept.length < options.length;
  // What may be a text, such as 64GB, can be typed however it is meant.
  const only = kept.length === 1 ? kept[0] : kept.find((option) => option.type === "string");
  if (!only) return { core: {}, nullable };
  const inner = withoutNull(only, root);
  return { core: inner.core, nullable: nullable || inner.nullable };
}

function kindOf(core: JsonSchema, root: JsonSchema): Kind {
  if (Array.isArray(core.enum) || "const" in core) return "choice";
  switch (core.type) {
    case "number":
      return "number";
    case "integer":
      return "integer";
    case "boolean":
      return "boolean";
    case "string":
      return core.writeOnly === true ? "secret" : "text";
    case "object": {
      const [named] = Object.values(objectIn(core, "patternProperties"));
      return (named as JsonSchema | undefined)?.type === "integer" ? "counts" : "json";
    }
    case "array": {
      const items = resolved(objectIn(core, "items"), root);
      if (Array.isArray(items.enum)) return "choices";
      const simple = ["number", "integer", "string"].includes(String(items.type));
      return simple && !core.prefixItems ? "list" : "json";
    }
    default:
      return "json";
  }
}

function choicesOf(core: JsonSchema): Choice[] {
  if (core.type === "boolean") return [true, false];
  return (Array.isArray(core.enum) ? core.enum : [core.const]) as Choice[];
}

function boundOf(core: JsonSchema, closed: string, open: string): Bound | undefined {
  if (typeof core[open] === "number") return { value: core[open], open: true };
  return typeof core[closed] === "number" ? { value: core[closed], open: false } : undefined;
}

/** The values of a form: what differs from the defaults. */
export type Values = Readonly<Record<string, unknown>>;

/** What a field has: its own value, or its default. */
export const valueOf = (field: Field, values: Values): unknown =>
  field.name in values ? values[field.name] : field.fallback;

/** Whether a field has an effect, as the others are set. */
export function isShown(field: Field, fields: readonly Field[], values: Values): boolean {
  const condition = field.shownIf;
  if (!condition) return true;
  const other = fields.find((each) => each.name === condition.field);
  const value = other ? valueOf(other, values) : values[condition.field];
  return condition.values.length === 0 ? Boolean(value) : condition.values.includes(value);
}

/** The values with one more; undefined takes the default again. */
export function withValue(values: Values, name: string, value: unknown): Record<string, unknown> {
  const others = Object.entries(values).filter(([key]) => key !== name);
  return Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
}
