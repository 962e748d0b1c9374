/** What the JavaScript client needs to know of each operation. */
import type { JsonSchema, OpenApiDocument, Operation } from "../../daemon/api/openapi/types.js";
import { typeOf } from "./typescript.js";

export type AnswerKind = "json" | "text" | "stream" | "none";

export interface ClientOperation {
  readonly id: string;
  /** `nodes` */
  readonly group: string;
  /** `createUser` of `auth.create_user` */
  readonly method: string;
  readonly http: string;
  readonly path: string;
  readonly summary: string;
  readonly role: string;
  readonly pathNames: readonly string[];
  readonly queryNames: readonly string[];
  readonly headerNames: readonly string[];
  readonly body: "none" | "json" | "upload";
  readonly uploadMedia: readonly string[];
  readonly answer: AnswerKind;
  /** Statuses from 400 on that are answers and no errors. */
  readonly accepts: readonly number[];
  readonly answerType: string;
  /** Query and body as one object. */
  readonly args: JsonSchema;
  readonly paging: Paging | null;
}

/** How the next page is asked for: `answer[next]` as the query's `ask`. */
export interface Paging {
  readonly items: string;
  readonly itemType: string;
  readonly next: string;
  readonly ask: string;
}

/** In the order of the document. A route that upgrades or streams events is no call: events.ts has its client. */
export function operationsOf(document: OpenApiDocument): ClientOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => !isEventStream(operation))
      .map(([http, operation]) => clientOperation(path, http.toUpperCase(), operation, document)),
  );
}

function isEventStream({ responses }: Operation): boolean {
  return responses["101"] !== undefined || responses["200"]?.content?.["text/event-stream"] !== undefined;
}

function clientOperation(
  path: string,
  http: string,
  operation: Operation,
  document: OpenApiDocument,
): ClientOperation {
  const [group, name] = operation.operationId.split(".") as [string, string];
  const named = (where: string) => operation.parameters.filter((p) => p.in === where);
  const json = operation.requestBody?.content["application/json"]?.schema;
  const args = argsOf(operation, json, document);
  const { kind, schema } = answerOf(operation);
  return {
    id: operation.operationId,
    group,
    method: camel(name),
    http,
    path,
    summary: operation.summary,
    role: operation["x-role"],
    pathNames: named("path").map((p) => p.name),
    queryNames: named("query").map((p) => p.name),
    headerNames: named("header").map((p) => p.name),
    body: operation.requestBody === undefined ? "none" : json === undefined ? "upload" : "json",
    uploadMedia: json === undefined ? Object.keys(operation.requestBody?.content ?? {}) : [],
    answer: kind,
    accepts: acceptedIn(operation),
    answerType:
      schema === null
        ? { json: "unknown", text: "string", stream: "Response", none: "void" }[kind]
        : typeOf(schema),
    args,
    paging: schema === null ? null : pagingOf(schema, args, document),
  };
}

/** @throws Error when one name stands in the query and in the body */
function argsOf(operation: Operation, json: JsonSchema | undefined, document: OpenApiDocument): JsonSchema {
  const body = json === undefined ? {} : objectIn(json, document);
  const query = operation.parameters.filter((p) => p.in === "query");
  const properties: Record<string, JsonSchema> = {};
  for (const { name, description, schema } of query)
    properties[name] = description === undefined ? schema : { ...schema, description };
  for (const [name, property] of Object.entries((body.properties ?? {}) as Record<string, JsonSchema>)) {
    if (name in properties)
      throw new Error(`${operation.operationId}: ${name} is in the query and in the body`);
    properties[name] = property;
  }
  const filled = Object.keys((body.properties ?? {}) as object).filter(
    (name) => properties[name]?.default === undefined,
  );
  const inBody = ((body.required ?? []) as string[]).filter((name) => filled.includes(name));
  return {
    type: "object",
    properties,
    required: [...query.filter((p) => p.required).map((p) => p.name), ...inBody],
  };
}

/** The object that a body is, or may be: one that may be left out is described by its options. */
function objectIn(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  const found = resolved(schema, document);
  const options = (found.anyOf ?? found.oneOf ?? []) as JsonSchema[];
  return (
    options.map((option) => resolved(option, document)).find((option) => option.properties !== undefined) ??
    found
  );
}

function resolved(schema: JsonSchema, { components }: OpenApiDocument): JsonSchema {
  if (typeof schema.$ref !== "string") return schema;
  return components.schemas[schema.$ref.split("/").at(-1) as string] ?? schema;
}

function answerOf({ responses }: Operation): { kind: AnswerKind; schema: JsonSchema | null } {
  const first = Object.entries(responses).find(([status]) => Number(status) < 300)?.[1];
  const [media, content] = Object.entries(first?.content ?? {})[0] ?? [];
  if (media === undefined || content === undefined) return { kind: "none", schema: null };
  if (media.includes("json")) return { kind: "json", schema: content.schema };
  return { kind: media.startsWith("text/") ? "text" : "stream", schema: null };
}

function acceptedIn({ responses }: Operation): number[] {
  const isError = (schema: JsonSchema | undefined) => JSON.stringify(schema ?? {}).includes("/schemas/Error");
  return Object.entries(responses)
    .filter(
      ([status, { content }]) => Number(status) >= 400 && !isError(content?.["application/json"]?.schema),
    )
    .map(([status]) => Number(status));
}

function pagingOf(answer: JsonSchema, args: JsonSchema, document: OpenApiDocument): Paging | null {
  const properties = (resolved(answer, document).properties ?? {}) as Record<string, JsonSchema>;
  const next = Object.keys(properties).find((name) => name.startsWith("next_"));
  if (next === undefined) return null;
  const ask = next.slice("next_".length);
  const list = Object.entries(properties).find(([, property]) => property.type === "array");
  if (list === undefined || !(ask in (args.properties as object))) return null;
  return { items: list[0], itemType: typeOf((list[1].items ?? {}) as JsonSchema), next, ask };
}

export function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export function pascal(name: string): string {
  const text = camel(name.toLowerCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}
