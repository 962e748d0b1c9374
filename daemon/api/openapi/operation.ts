/** One route as an operation. */
import type { z } from "zod";
import type { Route } from "../route.js";
import { responsesOf } from "./responses.js";
import type { SchemaCollector } from "./schemas.js";
import type { JsonSchema, Operation, Parameter, RequestBody } from "./types.js";

const ANY_CALLER: Operation["security"] = [{ bearer: [] }, { apiKey: [] }];

export function operationOf(route: Route, schemas: SchemaCollector): Operation {
  const requestBody = requestBodyOf(route, schemas);
  return {
    operationId: route.id,
    tags: [route.id.split(".")[0] as string],
    summary: route.summary,
    description: [route.description, roleText(route.role)].filter((text) => text !== null).join("\n\n"),
    security: route.role === "public" ? [] : ANY_CALLER,
    parameters: [
      ...parametersOf(route.params, "path", route.example.params, schemas),
      ...parametersOf(route.query, "query", route.example.query, schemas),
      ...headersOf(route.headers),
    ],
    ...(requestBody === null ? {} : { requestBody }),
    responses: responsesOf(route, schemas),
    "x-role": route.role,
    "x-rate-class": route.rate,
    "x-errors": route.errors,
  };
}

function roleText(role: Route["role"]): string {
  return role === "public" ? "Open to everybody." : `Needs the role \`${role}\`.`;
}

function parametersOf(
  schema: z.ZodObject | null,
  where: "path" | "query",
  examples: Readonly<Record<string, string>> = {},
  schemas: SchemaCollector,
): Parameter[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = schemas.add(schema, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => {
    const example = examples[name];
    return {
      name,
      in: where,
      required: where === "path" || required.includes(name),
      ...(typeof description === "string" ? { description } : {}),
      schema: property,
      ...(example === undefined ? {} : { example: property.type === "integer" ? Number(example) : example }),
    };
  });
}

function headersOf(headers: Route["headers"]): Parameter[] {
  return Object.entries(headers).map(([name, description]) => {
    return { name, in: "header", required: false, description, schema: { type: "string" } };
  });
}

function requestBodyOf(route: Route, schemas: SchemaCollector): RequestBody | null {
  if (route.upload !== null) {
    const content = route.upload.media.map((media) => [
      media,
      { schema: { type: "string", format: "binary" } },
    ]);
    return { required: true, content: Object.fromEntries(content) };
  }
  if (route.body === null) return null;
  const schema = schemas.add(route.body, "input");
  const { body: example } = route.example;
  return {
    required: !route.body.safeParse(undefined).success,
    content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
  };
}
