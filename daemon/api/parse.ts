/** From what a client sent to what a handler gets; everything that does not fit is said at once, and where. */
import { z } from "zod";
import { nearest } from "../config/nearest.js";
import { ServiceError } from "../services/errors.js";
import { API_LIMITS } from "./limits.js";
import { type Answer, commonErrors, type RawRequest, type Route, type RouteDeclaration } from "./route.js";

const PROBLEMS_MAX = 16;
const nothing = z.strictObject({});

/** Closes over a declaration's types. */
export function route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodUndefined,
>(declared: RouteDeclaration<Params, Query, Body>): Route {
  const { params, query, body, handle, errors = [], ...rest } = declared;
  const shape = {
    ...rest,
    description: declared.description ?? null,
    rate: declared.rate ?? "default",
    params: params ?? null,
    query: query ?? null,
    body: body ?? null,
    bodyBytes: declared.bodyBytes ?? API_LIMITS.bodyBytes,
    upload: declared.upload ?? null,
    headers: declared.headers ?? {},
    answerHeaders: declared.answerHeaders ?? {},
    links: declared.links ?? [],
  };
  const answer = (raw: RawRequest): Answer | Promise<Answer> =>
    handle({
      ...raw,
      params: parsed(params ?? nothing, raw.params, "path") as z.output<Params>,
      query: parsed(query ?? nothing, raw.query, "query") as z.output<Query>,
      body: (body === undefined ? undefined : parsed(body, raw.body, "body")) as z.output<Body>,
    });
  return { ...shape, errors: [...new Set([...errors, ...commonErrors(shape)])], answer };
}

/** @throws ServiceError INVALID_REQUEST that lists every problem with its place */
function parsed<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: "path" | "query" | "body",
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, PROBLEMS_MAX)
    .flatMap((issue) => problemsOf(issue, schema, where));
  const message = problems.map((p) => `${p.at}: ${p.problem}`).join("; ");
  throw new ServiceError("INVALID_REQUEST", message, { problems });
}

interface Problem {
  /** For example `body.model.hidden_size`. */
  readonly at: string;
  readonly problem: string;
  readonly did_you_mean?: string;
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, where: string): Problem[] {
  const place = [where, ...issue.path.map(String)].join(".");
  if (issue.code !== "unrecognized_keys") return [{ at: place, problem: issue.message }];
  const known = keysAt(schema, issue.path);
  return issue.keys.slice(0, PROBLEMS_MAX).map((key) => {
    const meant = nearest(key, known);
    const at = `${place}.${key.slice(0, 64)}`;
    if (meant !== null) return { at, problem: `unknown field, did you mean ${meant}?`, did_you_mean: meant };
    return {
      at,
      problem: known.length === 0 ? "nothing is taken here" : `unknown field; known: ${known.join(", ")}`,
    };
  });
}

/** The keys that an object schema takes at `path`. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = unwrap(schema);
  for (const key of path) {
    if (!(current instanceof z.ZodObject)) return [];
    current = unwrap(current.shape[String(key)]);
  }
  if (current instanceof z.ZodObject) return Object.keys(current.shape);
  if (!(current instanceof z.ZodDiscriminatedUnion || current instanceof z.ZodUnion)) return [];
  const options = current.options.map(unwrap).filter((option) => option instanceof z.ZodObject);
  return [...new Set(options.flatMap((option) => Object.keys(option.shape)))];
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  const wrapped =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional;
  return wrapped ? unwrap(schema.unwrap()) : schema;
}
