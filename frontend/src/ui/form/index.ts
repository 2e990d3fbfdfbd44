export { SchemaForm } from "./SchemaForm";
export { fieldsOf, titleOf, valueOf, type Field, type JsonSchema, type Values } from "./model";
