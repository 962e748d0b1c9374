/** What a route answers: its own answers, and its errors by status, each with an example. */
import { errorBodySchema, SERVICE_ERRORS, type ServiceErrorName } from "../../services/errors.js";
import { isMedia, type Route } from "../route.js";
import { linksOf } from "./links.js";
import type { SchemaCollector } from "./schemas.js";
import type { Example, Header, MediaType, Reference, Response } from "./types.js";

const text = { type: "string" };
const whole = { type: "integer", minimum: 0 };

/** Headers that several answers have. */
export const SHARED_HEADERS: Readonly<Record<string, Header>> = {
  "X-Request-Id": { description: "The request's own, or a new one; also in the node's log.", schema: text },
  "RateLimit-Limit": { description: "Requests a minute that this caller has.", schema: whole },
  "RateLimit-Remaining": { description: "How many of them are left.", schema: whole },
  "RateLimit-Reset": { description: "Seconds until all of them are there again.", schema: whole },
  "Retry-After": { description: "Seconds to wait before trying again.", schema: whole },
  "WWW-Authenticate": { description: "How to say who asks: `Bearer`.", schema: text },
};

const RATE_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

export function responsesOf(route: Route, schemas: SchemaCollector): Record<string, Response> {
  const responses: Record<string, Response> = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    const first = Object.keys(responses).length === 0;
    const example = first ? route.example.answer : undefined;
    responses[status] = {
      ...ownAnswer(answer, example, schemas),
      headers: headersOf(route, status),
      ...(first && route.links.length > 0 ? { links: linksOf(route) } : {}),
    };
  }
  for (const [status, names] of errorsByStatus(route.errors)) {
    const own = responses[status];
    if (own !== undefined) {
      responses[status] = withErrors(own, names, schemas);
      continue;
    }
    responses[status] = {
      description: names.map((name) => `${name} (${SERVICE_ERRORS[name].code})`).join(", "),
      headers: headersOf(route, status),
      content: { "application/json": errorContent(names, schemas) },
    };
  }
  return responses;
}

function ownAnswer(answer: Route["answers"][number], example: unknown, schemas: SchemaCollector): Response {
  if (typeof answer === "string") return { description: answer };
  if (isMedia(answer)) {
    const schema = answer.media.includes("json") ? { type: "object" } : { type: "string", format: "binary" };
    const kinds = [answer.media, ...(answer.also ?? [])];
    const content = Object.fromEntries(kinds.map((media) => [media, { schema }]));
    return { description: answer.description, content };
  }
  const { description } = answer.meta() ?? {};
  return {
    description: typeof description === "string" ? description : "The answer.",
    content: {
      "application/json": {
        schema: schemas.add(answer, "output"),
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

/** One status for an answer and for errors: readiness says 503 with its checks. */
function withErrors(own: Response, names: readonly ServiceErrorName[], schemas: SchemaCollector): Response {
  const before = own.content?.["application/json"];
  const errors = errorContent(names, schemas);
  const both: MediaType =
    before === undefined ? errors : { schema: { anyOf: [before.schema, errors.schema] } };
  return {
    ...own,
    description: `${own.description} Or ${names.join(", ")}.`,
    content: { ...own.content, "application/json": both },
  };
}

function errorsByStatus(names: readonly ServiceErrorName[]): Map<string, ServiceErrorName[]> {
  const byStatus = new Map<string, ServiceErrorName[]>();
  const inOrder = [...names].sort((a, b) => SERVICE_ERRORS[a].code - SERVICE_ERRORS[b].code);
  for (const name of inOrder) {
    const status = String(SERVICE_ERRORS[name].httpStatus);
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return new Map([...byStatus].sort(([a], [b]) => Number(a) - Number(b)));
}

function errorContent(names: readonly ServiceErrorName[], schemas: SchemaCollector): MediaType {
  const examples = names.map((name): [string, Reference] => {
    return [name, { $ref: `#/components/examples/${name}` }];
  });
  return { schema: schemas.add(errorBodySchema, "output"), examples: Object.fromEntries(examples) };
}

/** One of every error that one of these routes can give. */
export function errorExamples(routes: readonly Route[]): Record<string, Example> {
  const names = [...new Set(routes.flatMap((route) => route.errors))];
  names.sort((a, b) => SERVICE_ERRORS[a].code - SERVICE_ERRORS[b].code);
  return Object.fromEntries(names.map((name) => [name, { value: errorExample(name) }]));
}

function errorExample(name: ServiceErrorName): unknown {
  return {
    error: {
      code: SERVICE_ERRORS[name].code,
      name,
      message: name.toLowerCase().replaceAll("_", " "),
      details: {},
      request_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
    },
  };
}

function headersOf(route: Route, status: string): Record<string, Header | Reference> {
  const shared = [
    "X-Request-Id",
    ...(route.rate === "none" ? [] : RATE_HEADERS),
    ...(status === "429" ? ["Retry-After"] : []),
    ...(status === "401" ? ["WWW-Authenticate"] : []),
  ].map((name): [string, Reference] => [name, { $ref: `#/components/headers/${name}` }]);
  const own = Number(status) >= 400 ? [] : Object.entries(route.answerHeaders);
  return Object.fromEntries([
    ...shared,
    ...own.map(([name, description]): [string, Header] => [name, { description, schema: text }]),
  ]);
}
