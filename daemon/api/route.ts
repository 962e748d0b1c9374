/** One declaration per route: what it takes, what it answers, how often it may be asked. */
import type { z } from "zod";
import type { ModelDownload } from "../services/download.js";
import type { SwarmServices } from "../services/types.js";

export type Method = "GET" | "POST" | "PUT" | "DELETE";
/** `training`: the lower rate; `none`: probes and scrapes, never limited. */
export type RateClass = "default" | "training" | "none";

export type Answer =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "text"; readonly contentType: string; readonly body: string }
  | { readonly kind: "download"; readonly download: ModelDownload };

export interface RouteRequest<Query, Body> {
  /** The path's own values, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** A header of the request; empty when it has none of that name. */
  readonly header: (name: string) => string;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
  readonly services: SwarmServices;
}

export interface RouteDeclaration<Query extends z.ZodObject, Body extends z.ZodType> {
  readonly method: Method;
  /** With `:name` for a value. */
  readonly path: string;
  readonly summary: string;
  readonly rate?: RateClass;
  /** Strict: a query parameter that is not in it is refused. Left out: none is taken. */
  readonly query?: Query;
  /** Left out: a body is neither needed nor read. */
  readonly body?: Body;
  readonly handle: (request: RouteRequest<z.output<Query>, z.output<Body>>) => Answer | Promise<Answer>;
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly rate: RateClass;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodType | null;
  /** @throws ServiceError INVALID_REQUEST */
  readonly answer: (raw: RawRequest) => Answer | Promise<Answer>;
}

export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly header: (name: string) => string;
  readonly gone: AbortSignal;
  readonly services: SwarmServices;
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: "json", status, body, headers };
}
