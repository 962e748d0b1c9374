/** From declarations to a router: rate, body, handler, answer; and a helpful 404 or 405 for everything else. */
import { once } from "node:events";
import Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { nearest } from "../config/nearest.js";
import type { ModelDownload } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import type { SwarmServices } from "../services/types.js";
import { jsonBody } from "./body.js";
import { API_LIMITS } from "./limits.js";
import { RateLimiter } from "./rate_limit.js";
import type { Answer, RateClass, Route } from "./route.js";

export interface DispatchOptions {
  readonly routes: readonly Route[];
  readonly services: SwarmServices;
  /** Requests a minute and client; 0: no limit at all. */
  readonly rateLimit: number;
}

/** Leaves the matched route's path in `ctx.state.route`. */
export function dispatch({ routes, services, rateLimit }: DispatchOptions): Middleware[] {
  const router = new Router();
  const limited = rateGuard(rateLimit);
  const parseBody = jsonBody();
  const noBody: Middleware = (_, next) => next();
  for (const route of routes) {
    router.register(
      route.path,
      [route.method],
      [
        (ctx: Context, next: () => Promise<unknown>) => {
          ctx.state.route = route.path;
          return limited(route.rate)(ctx, next);
        },
        route.body === null ? noBody : parseBody,
        async (ctx: Context) => {
          const { params } = ctx as Context & { params: Record<string, string> };
          const { body } = ctx.request as { body?: unknown };
          const request = { params, query: { ...ctx.query }, body, services };
          const header = (name: string) => ctx.get(name);
          await send(ctx, await route.answer({ ...request, header, gone: goneSignal(ctx) }));
        },
      ],
    );
  }
  return [
    router.routes() as Middleware,
    unmatched(routes, (path, method) => methodsAt(router, path, method)),
  ];
}

function goneSignal(ctx: Context): AbortSignal {
  const gone = new AbortController();
  ctx.res.once("close", () => gone.abort());
  return gone.signal;
}

function rateGuard(perMinute: number): (rate: RateClass) => Middleware {
  const limiter = (limit: number) => new RateLimiter(limit, API_LIMITS.rateLimitClients);
  const limiters = {
    default: limiter(perMinute),
    training: limiter(Math.min(perMinute, API_LIMITS.trainingRequestsPerMinute)),
  };
  return (rate) => (ctx, next) => {
    if (rate === "none" || perMinute === 0) return next();
    const decision = limiters[rate].take(ctx.req.socket.remoteAddress ?? "");
    ctx.set("RateLimit-Limit", String(decision.limit));
    ctx.set("RateLimit-Remaining", String(decision.remaining));
    if (decision.allowed) return next();
    const seconds = Math.ceil(decision.retryAfterMs / 1000);
    ctx.set("Retry-After", String(seconds));
    const message = `more than ${decision.limit} requests a minute; the next one is taken in ${seconds} s`;
    throw new ServiceError("RATE_LIMITED", message, {
      limit_per_minute: decision.limit,
      retry_after_seconds: seconds,
    });
  };
}

async function send(ctx: Context, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case "json":
      ctx.status = answer.status;
      for (const [name, value] of Object.entries(answer.headers ?? {})) ctx.set(name, value);
      ctx.body = answer.body;
      return;
    case "text":
      ctx.set("Content-Type", answer.contentType);
      ctx.body = answer.body;
      return;
    case "download":
      await sendDownload(ctx, answer.download);
  }
}

async function sendDownload(ctx: Context, { stream, filename, bytes }: ModelDownload): Promise<void> {
  // A checkpoint that cannot be read fails here, while a proper error can still be answered.
  await once(stream, "readable");
  // Later there is only one honest way to say so: an answer that ends before its time.
  stream.once("error", () => ctx.res.destroy());
  ctx.res.setTimeout(API_LIMITS.idleTimeoutMs, () => ctx.res.destroy());
  ctx.attachment(filename);
  ctx.set("Content-Type", "application/x-tar");
  ctx.body = stream;
  if (bytes !== undefined) ctx.length = bytes;
}

function unmatched(
  routes: readonly Route[],
  methodsFor: (path: string, method: string) => readonly string[],
): Middleware {
  return (ctx) => {
    const asked = `${ctx.method} ${ctx.path.slice(0, 256)}`;
    const methods = methodsFor(ctx.path, ctx.method);
    if (methods.length > 0) {
      ctx.set("Allow", methods.join(", "));
      const message = `${asked} is not offered by this version; this path takes ${methods.join(", ")}`;
      throw new ServiceError("METHOD_NOT_ALLOWED", message, { allowed: methods });
    }
    const meant = nearest(
      ctx.path,
      routes.map((r) => r.path),
    );
    const hint = meant === null ? "" : `; did you mean ${meant}?`;
    throw new ServiceError("NOT_FOUND", `${asked} is not offered by this version${hint}`, {
      path: ctx.path.slice(0, 256),
      ...(meant === null ? {} : { did_you_mean: meant }),
    });
  };
}

/** The part of the router that is needed to say what a path would take. */
interface PathMatcher {
  match(path: string, method: string): { readonly path: readonly { readonly methods: readonly string[] }[] };
}

function methodsAt(router: PathMatcher, path: string, method: string): string[] {
  const methods = router.match(path, method).path.flatMap((layer) => layer.methods);
  return [...new Set(methods)].sort();
}
