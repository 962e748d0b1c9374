/** From zod to the document's JSON Schemas: what has an id (`.meta({ id })`) stands once, under components. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { JsonSchema } from "./types.js";

const LOCAL = "#/$defs/";
const COMPONENTS = "#/components/schemas/";

export class SchemaCollector {
  private readonly found = new Map<string, JsonSchema>();

  /**
   * @param io `input`: as a client sends it, `output`: as it is answered
   * @throws Error when two different schemas have one id
   */
  add(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const converted = z.toJSONSchema(schema, { io, unrepresentable: "any", override: (c) => tidy(c, io) });
    const {
      $schema: _,
      $defs = {},
      ...root
    } = converted as JsonSchema & { $defs?: Record<string, JsonSchema> };
    for (const [id, definition] of Object.entries($defs)) this.define(id, relinked(definition));
    return relinked(root);
  }

  /** Sorted by id. */
  components(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private define(id: string, definition: JsonSchema): void {
    const { id: _, ...bare } = definition;
    const known = this.found.get(id);
    if (known !== undefined && !isDeepStrictEqual(known, bare))
      throw new Error(`two schemas have the id ${id}, or one is taken in differently than it is answered`);
    this.found.set(id, bare);
  }
}

function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }, io: "input" | "output"): void {
  // Text on the wire, a number in its meaning (`whole` in swarm/params.ts).
  if (jsonSchema.schemaOf === "whole") {
    delete jsonSchema.schemaOf;
    delete jsonSchema.pattern;
    jsonSchema.type = "integer";
  }
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  // That a number is one that JavaScript can tell from its neighbors says nothing about it.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  // Later versions add fields to answers; a client must not refuse them.
  if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** With references to the document's components. */
function relinked(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== "$ref" || typeof value !== "string" || !value.startsWith(LOCAL)) return value;
    return COMPONENTS + value.slice(LOCAL.length);
  }) as JsonSchema;
}
