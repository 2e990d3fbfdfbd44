import { withUnit } from "@/units";
import type { Field } from "./model";

/** What was typed, as a value; or why it is none. */
export type Entered = { value: unknown } | { problem: string };

/** A value as it is typed. */
export function typedOf(field: Field, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (field.kind === "counts")
    return Object.entries(value)
      .map(([name, count]) => `${name}=${String(count)}`)
      .join(", ");
  if (field.kind === "json") return JSON.stringify(value, null, 1);
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number);
}

/** Read what was typed into a field. Nothing typed is no value where that may be. */
export function entered(field: Field, text: string): Entered {
  const plain = text.trim();
  if (plain === "" && field.kind !== "text" && field.kind !== "counts") {
    return field.nullable ? { value: null } : { problem: "a value is needed" };
  }
  switch (field.kind) {
    case "number":
    case "integer":
      return enteredNumber(field, plain);
    case "list":
      return enteredList(field, plain);
    case "counts":
      return enteredCounts(plain);
    case "json":
      try {
        return { value: JSON.parse(plain) as unknown };
      } catch (error) {
        return { problem: `is not JSON: ${error instanceof Error ? error.message : ""}` };
      }
    default:
      if (plain === "" && field.nullable) return { value: null };
      return field.pattern && !field.pattern.test(text)
        ? { problem: "is not written as it should be" }
        : { value: text };
  }
}

function enteredNumber(field: Field, text: string): Entered {
  const value = Number(text.replace("−", "-").replace(/^([+-]?\d+),(\d+)$/, "$1.$2"));
  if (!Number.isFinite(value)) return { problem: `${text} is no number` };
  if (field.kind === "integer" && !Number.isInteger(value))
    return { problem: "a whole number is needed" };
  return { value };
}

function enteredList(field: Field, text: string): Entered {
  const parts = text.split(/[,;\s]+/).filter(Boolean);
  if (!field.numbers) return { value: text.split(/\s*[,;]\s*/).filter(Boolean) };
  const values = parts.map(Number);
  const wrong = parts.find((_, index) => !Number.isFinite(values[index]));
  return wrong === undefined ? { value: values } : { problem: `${wrong} is no number` };
}

function enteredCounts(text: string): Entered {
  const counts: Record<string, number> = {};
  for (const part of text.split(/[,;]/).filter((one) => one.trim())) {
    const [name = "", count = ""] = part.split("=").map((one) => one.trim());
    if (!name || !/^\d+$/.test(count))
      return { problem: `${part.trim()} is no name=number, such as relion=2` };
    counts[name] = Number(count);
  }
  return { value: counts };
}

/** What is wrong with a value, as the server would say it; empty when it may be. */
export function refusal(field: Field, value: unknown): string {
  if (typeof value !== "number") return "";
  const said = (bound: number) => withUnit(String(bound), field.unit);
  const { low, high } = field;
  if (low && (low.open ? value <= low.value : value < low.value))
    return `${low.open ? "more than" : "at least"} ${said(low.value)}`;
  if (high && (high.open ? value >= high.value : value > high.value))
    return `${high.open ? "less than" : "at most"} ${said(high.value)}`;
  return "";
}

/** That a value is unusual, and what is usual; empty where it is usual or nothing is known. */
export function doubt(field: Field, value: unknown): string {
  if (!field.usual || typeof value !== "number") return "";
  const [low, high] = field.usual;
  return value < low || value > high
    ? `unusual: mostly ${low} to ${withUnit(String(high), field.unit)}`
    : "";
}
