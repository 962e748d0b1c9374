/** JSON Schema as TypeScript types. */
import type { JsonSchema } from "../../daemon/api/openapi/types.js";

const COMPONENT = "#/components/schemas/";

/** @param depth of the indentation of inner objects */
export function typeOf(schema: JsonSchema, depth = 0): string {
  if (typeof schema.$ref === "string") return schema.$ref.slice(COMPONENT.length);
  const options = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (options !== undefined) return [...new Set(options.map((option) => typeOf(option, depth)))].join(" | ");
  const parts = schema.allOf as JsonSchema[] | undefined;
  if (parts !== undefined) return parts.map((part) => typeOf(part, depth)).join(" & ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, depth)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly ${grouped(typeOf((schema.items ?? {}) as JsonSchema, depth))}[]`;
    case "object":
      return objectType(schema, depth);
    default:
      return "unknown";
  }
}

function grouped(type: string): string {
  return /[ |&]/.test(type) && !type.startsWith("{") ? `(${type})` : type;
}

function objectType(schema: JsonSchema, depth: number): string {
  const fields = fieldsOf(schema, depth + 1);
  const more = schema.additionalProperties;
  const values =
    typeof more === "object" && more !== null ? typeOf(more as JsonSchema, depth + 1) : "unknown";
  if (fields.length === 0) return `{ readonly [name: string]: ${values} }`;
  const open = typeof more === "object" && more !== null ? [`readonly [name: string]: ${values};`] : [];
  const indent = "  ".repeat(depth);
  return `{\n${[...fields, ...open].map((line) => `${indent}  ${line}`).join("\n")}\n${indent}}`;
}

/** Lines of the fields of an object, with what they mean above each. */
export function fieldsOf(schema: JsonSchema, depth: number): string[] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  return Object.entries(properties).flatMap(([name, property]) => {
    const optional = required.includes(name) ? "" : "?";
    const field = `readonly ${keyOf(name)}${optional}: ${typeOf(property, depth)};`;
    const about = aboutOf(property);
    return about === null ? [field] : [comment(about), field];
  });
}

function keyOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

function aboutOf({ description, default: fallback }: JsonSchema): string | null {
  const parts = [
    ...(typeof description === "string" ? [description] : []),
    ...(fallback === undefined || fallback === null ? [] : [`Default: ${JSON.stringify(fallback)}.`]),
  ];
  return parts.length === 0 ? null : parts.join(" ");
}

export function comment(text: string): string {
  return `/** ${text.replaceAll("*/", "*\\/").replaceAll(/\s*\n\s*/g, " ")} */`;
}
