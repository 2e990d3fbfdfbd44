// node building/schema.ts DOCUMENT [--check]: what the server says, as types of TypeScript.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";

const PLACE = new URL("../src/api/schema.d.ts", import.meta.url);
const HEAD =
  "// Written by `make schema` from the server's OpenAPI document: do not change it.\n\n";

interface Schema {
  properties?: Record<string, { title?: string }>;
  required?: string[];
}

/** The types of a document's answers: an answer has all its fields, also those with a default. */
async function typesOf(document: OpenAPI3): Promise<string> {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  for (const schema of Object.values(schemas)) {
    const properties = schema.properties ?? {};
    schema.required = Object.keys(properties);
    for (const property of Object.values(properties)) delete property.title;
  }
  const made = await openapiTS({ ...document, paths: {}, components: { schemas } } as OpenAPI3);
  return HEAD + astToString(made);
}

const [path, check] = process.argv.slice(2);
if (path === undefined) throw new Error("name the server's document");
const text = await typesOf(JSON.parse(readFileSync(path, "utf-8")) as OpenAPI3);
if (check === undefined) writeFileSync(PLACE, text);
else if (readFileSync(PLACE, "utf-8") !== text) {
  console.error("src/api/schema.d.ts is not what the server says: run `make schema`");
  process.exit(1);
}
