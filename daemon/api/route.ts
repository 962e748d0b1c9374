/**
 * One declaration per route: what it takes, who may ask, what it answers and refuses. Validation, router, OpenAPI
 * document, reference page, Postman collection and clients are made from it; nothing about a route is said elsewhere.
 */
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { ModelDownload } from "../services/download.js";
import type { ServiceErrorName } from "../services/errors.js";
import type { SwarmServices } from "../services/types.js";
import type { Caller, Role } from "./caller.js";

export type Method = "GET" | "POST" | "PUT" | "DELETE";
/** `training`: the contract's lower rate; `login`: lower still, against guessing; `none`: probes, never limited. */
export type RateClass = "default" | "training" | "login" | "none";

export type Answer =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "text";
      readonly contentType: string;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "stream";
      readonly status: number;
      readonly contentType: string;
      readonly stream: Readable;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "download"; readonly download: ModelDownload };

/** An answer that is not JSON. */
export interface Media {
  readonly media: string;
  /** Further types, where a parameter decides which it is. */
  readonly also?: readonly string[];
  readonly description: string;
}
/** By status. A schema for JSON, a media type for anything else, a text for an answer without a body. */
export type DeclaredAnswers = Readonly<Record<number, z.ZodType | Media | string>>;

/** A body that is streamed to the handler and never held whole. */
export interface DeclaredUpload {
  readonly media: readonly string[];
  readonly maxBytes: number;
}

/** A later request that takes a value of the first declared answer: what this one made, or found. */
export interface DeclaredLink {
  /** Id of the other route. */
  readonly to: `${string}.${string}`;
  /** Where the value is: a JSON Pointer (RFC 6901) into the answer. */
  readonly from: `/${string}`;
  /** What it is there. */
  readonly into: `${"path" | "query" | "body"}.${string}`;
}

/** As in a request and its answer; checked against the schemas by a test. */
export interface Example {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the first declared answer. Left out where that is not JSON. */
  readonly answer?: unknown;
}

export interface RouteRequest<Params, Query, Body> {
  /** The path's own values, decoded. */
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body of a route that declares an upload; ends with an error past its limit. */
  readonly upload: Readable | null;
  /** A header of the request; empty when it has none of that name. */
  readonly header: (name: string) => string;
  readonly caller: Caller;
  /** IP address of the client. */
  readonly address: string;
  readonly requestId: string;
  /** A signal that aborts when the client has gone; made when it is asked for. */
  readonly gone: () => AbortSignal;
  readonly services: SwarmServices;
}

export interface RouteDeclaration<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
> {
  readonly method: Method;
  /** With `:name` for a value; each stands in `params`. */
  readonly path: string;
  /** `nodes.list`: the group of the reference, and the name of the method in the clients. */
  readonly id: `${string}.${string}`;
  readonly summary: string;
  /** Further sentences, in Markdown. */
  readonly description?: string;
  /** The least role that may ask; `public`: everybody. */
  readonly role: Role | "public";
  readonly rate?: RateClass;
  readonly params?: Params;
  /** Strict: a query parameter that is not in it is refused. Left out: none is taken. */
  readonly query?: Query;
  /** Left out: a body is neither needed nor read. */
  readonly body?: Body;
  /** Largest JSON body; `API_LIMITS.bodyBytes` when left out. */
  readonly bodyBytes?: number;
  readonly upload?: DeclaredUpload;
  /** Request headers that mean something here, with what. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: DeclaredAnswers;
  /** Headers of its answers (not of its errors), with what they say. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** What it can refuse with, beyond what every route can (`commonErrors`). */
  readonly errors?: readonly ServiceErrorName[];
  /** Where to go from its answer; at most one for each other route. */
  readonly links?: readonly DeclaredLink[];
  readonly example: Example;
  readonly handle: (
    request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Answer | Promise<Answer>;
}

/** A declaration with its types closed over, so that routes of all kinds stand in one list. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description: string | null;
  readonly role: Role | "public";
  readonly rate: RateClass;
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodType | null;
  readonly bodyBytes: number;
  readonly upload: DeclaredUpload | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly answers: DeclaredAnswers;
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** Everything it can refuse with. */
  readonly errors: readonly ServiceErrorName[];
  readonly links: readonly DeclaredLink[];
  readonly example: Example;
  /** @throws ServiceError INVALID_REQUEST and those of `errors` */
  readonly answer: (raw: RawRequest) => Answer | Promise<Answer>;
}

export type RawRequest = RouteRequest<unknown, unknown, unknown>;

/** Routes that belong together: one contract. Others may be served beside it over the same services. */
export interface Surface {
  readonly name: string;
  readonly title: string;
  readonly routes: readonly Route[];
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: "json", status, body, headers };
}

export function isMedia(answer: DeclaredAnswers[number]): answer is Media {
  return typeof answer === "object" && "media" in answer;
}

/** What a route can refuse with whatever it does. */
export function commonErrors(
  route: Pick<Route, "role" | "rate" | "method" | "params" | "query" | "body" | "upload">,
): ServiceErrorName[] {
  const takesBody = route.body !== null || route.upload !== null;
  return [
    "INVALID_REQUEST",
    ...(route.role === "public" ? [] : (["UNAUTHENTICATED", "FORBIDDEN"] as const)),
    ...(route.rate === "none" ? [] : (["RATE_LIMITED"] as const)),
    ...(takesBody ? (["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT"] as const) : []),
    ...(route.method === "GET" ? [] : (["ORIGIN_REFUSED"] as const)),
    "HOST_REFUSED",
    "HEADERS_TOO_LARGE",
    "URI_TOO_LONG",
    "INTERNAL",
  ];
}
