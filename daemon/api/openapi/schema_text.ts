/** A JSON Schema in a few words of HTML, with links to the document's components. */
import { escaped, inline, table } from "./html.js";
import type { JsonSchema } from "./types.js";

const COMPONENT = /^#\/components\/schemas\/(.+)$/;
/** Objects in objects that are written out in place; deeper ones are only called objects. */
const DEPTH_MAX = 4;

/** For example `integer, 1 to 500` or `array of <a href="#schema-Node">Node</a>`. */
export function typeText(schema: JsonSchema): string {
  const component = COMPONENT.exec(String(schema.$ref ?? ""))?.[1];
  if (component !== undefined) return `<a href="#schema-${escaped(component)}">${escaped(component)}</a>`;
  const options = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (options !== undefined) return options.map(typeText).join(" or ");
  if (schema.const !== undefined) return code(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(code).join(", ");
  if (schema.type === "array") return `array of ${typeText((schema.items ?? {}) as JsonSchema)}`;
  const type = typeof schema.type === "string" ? schema.type : "any JSON";
  return [type, ...boundsOf(schema)].map(escaped).join(", ");
}

function boundsOf(schema: JsonSchema): string[] {
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, format } = schema;
  const bounds: string[] = [];
  if (typeof format === "string") bounds.push(format);
  if (minimum !== undefined && maximum !== undefined) bounds.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) bounds.push(`at least ${minimum}`);
  else if (maximum !== undefined) bounds.push(`at most ${maximum}`);
  if (exclusiveMinimum !== undefined) bounds.push(`more than ${exclusiveMinimum}`);
  if (maxLength !== undefined) bounds.push(`${minLength ?? 0} to ${maxLength} characters`);
  return bounds;
}

function code(value: unknown): string {
  return `<code>${escaped(JSON.stringify(value))}</code>`;
}

/** Its fields as a table, those of inner objects below them with a dotted name. */
export function fieldsTable(schema: JsonSchema): string {
  return table(["field", "type", "what"], fieldRows(schema, "", 0));
}

function fieldRows(schema: JsonSchema, prefix: string, depth: number): string[][] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  return Object.entries(properties).flatMap(([name, property]) => {
    const mark = required.includes(name) ? "" : " <em>optional</em>";
    const fallback = property.default === undefined ? "" : ` Default: ${code(property.default)}.`;
    const what = inline(String(property.description ?? "")) + fallback;
    const row = [`<code>${escaped(prefix + name)}</code>${mark}`, typeText(property), what];
    const inner = innerObject(property);
    if (inner === null || depth >= DEPTH_MAX) return [row];
    return [row, ...fieldRows(inner.schema, `${prefix}${name}${inner.list ? "[]" : ""}.`, depth + 1)];
  });
}

/** The object that a property is, may be, or is a list of. */
function innerObject(schema: JsonSchema): { schema: JsonSchema; list: boolean } | null {
  if (schema.properties !== undefined) return { schema, list: false };
  const items = schema.items as JsonSchema | undefined;
  if (items?.properties !== undefined) return { schema: items, list: true };
  const options = (schema.anyOf ?? []) as JsonSchema[];
  const object = options.find((option) => option.properties !== undefined);
  return object === undefined ? null : { schema: object, list: false };
}
