/** From declarations to a router: rate, body, handler, answer; and a helpful 404 or 405 for everything else. */
import Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { nearest } from "../config/nearest.js";
import { ServiceError, toServiceError } from "../services/errors.js";
import type { SwarmServices } from "../services/types.js";
import type { Audit } from "./audit.js";
import { jsonBody } from "./body.js";
import { type Caller, type Doorkeeper, mayAct } from "./caller.js";
import { answerFault } from "./check_answer.js";
import { sendDownload } from "./download.js";
import type { RateLimits } from "./rates.js";
import type { Answer, RawRequest, Route } from "./route.js";
import { uploadOf } from "./upload.js";

export interface DispatchOptions {
  readonly routes: readonly Route[];
  readonly services: SwarmServices;
  readonly keeper: Doorkeeper;
  readonly rates: RateLimits;
  readonly audit: Audit | null;
  /** Whether an answer that its declaration does not have is an error. For tests: a node answers what it has. */
  readonly strictAnswers: boolean;
}

/** Leaves the matched route's path in `ctx.state.route`, and who asked in `ctx.state.caller`. */
export function dispatch(options: DispatchOptions): Middleware[] {
  const router = new Router();
  const exact = new Map<string, Middleware>();
  for (const route of options.routes) {
    const [who, body, answer] = steps(route, options);
    router.register(route.path, [route.method], [who, body, answer]);
    if (!route.path.includes(":"))
      exact.set(`${route.method} ${route.path}`, (ctx) =>
        who(ctx, () => body(ctx, () => answer(ctx, NOTHING))),
      );
  }
  return [
    // The router tries one pattern after the other; most of what is asked has no pattern in it.
    (ctx, next) => exact.get(`${ctx.method} ${ctx.path}`)?.(ctx, next) ?? next(),
    router.routes() as Middleware,
    unmatched(options, (path, method) => methodsAt(router, path, method)),
  ];
}

const NOTHING = async (): Promise<void> => undefined;

/** Who asks, how often, with what right; only then is a body read. */
function steps(route: Route, options: DispatchOptions): [Middleware, Middleware, Middleware] {
  const { services, keeper, rates, audit } = options;
  return [
    async (ctx, next) => {
      ctx.state.route = route.path;
      const caller = await keeper.identify({ headers: ctx.headers, address: ctx.ip, token: null });
      ctx.state.caller = caller;
      try {
        rates.take(route.rate, caller, ctx);
        requireRole(route.role, caller);
        await next();
      } catch (error) {
        await audit?.({ route, ctx, caller, error: toServiceError(error) });
        throw error;
      }
      await audit?.({ route, ctx, caller, error: null });
    },
    route.body === null ? (_, next) => next() : jsonBody(route.bodyBytes),
    async (ctx: Context) => {
      const { params = {} } = ctx as Context & { params?: Record<string, string> };
      const { body } = ctx.request as { body?: unknown };
      const asked: RawRequest = {
        params,
        query: { ...ctx.query },
        body,
        upload: route.upload === null ? null : uploadOf(ctx, route.upload),
        header: (name) => ctx.get(name),
        caller: ctx.state.caller as Caller,
        address: ctx.ip,
        requestId: String(ctx.state.requestId),
        gone: () => goneSignal(ctx),
        services,
      };
      await send(ctx, await answered(route, asked, options.strictAnswers));
    },
  ];
}

async function answered(route: Route, asked: RawRequest, strict: boolean): Promise<Answer> {
  try {
    const answer = await route.answer(asked);
    const fault = strict ? answerFault(route, answer) : null;
    if (fault !== null) throw new Error(`${route.id} answers ${fault}`);
    return answer;
  } finally {
    // It may have been refused before anything was read of it.
    asked.upload?.destroy();
  }
}

/** @throws ServiceError UNAUTHENTICATED, FORBIDDEN */
function requireRole(needed: Route["role"], caller: Caller): void {
  if (mayAct(caller.role, needed)) return;
  if (caller.role === null) {
    const why = caller.refusal ?? "this needs a token or an API key";
    const message = `${why}; POST /api/v1/auth/login gives a token, sent as "Authorization: Bearer …"`;
    throw new ServiceError("UNAUTHENTICATED", message, { needed });
  }
  const message = `this needs the role ${needed}, and ${caller.name} is ${caller.role}`;
  throw new ServiceError("FORBIDDEN", message, { needed, role: caller.role });
}

function goneSignal(ctx: Context): AbortSignal {
  const gone = new AbortController();
  // An answer that went out whole is waited for by nobody: aborting then would cost an exception for each request.
  ctx.res.once("close", () => {
    if (!ctx.res.writableFinished) gone.abort();
  });
  return gone.signal;
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
      for (const [name, value] of Object.entries(answer.headers ?? {})) ctx.set(name, value);
      ctx.body = answer.body;
      return;
    case "stream":
      ctx.status = answer.status;
      ctx.set("Content-Type", answer.contentType);
      for (const [name, value] of Object.entries(answer.headers)) ctx.set(name, value);
      answer.stream.once("error", () => ctx.res.destroy());
      ctx.body = answer.stream;
      return;
    case "download":
      await sendDownload(ctx, answer.download);
  }
}

function unmatched(
  { routes, keeper, rates }: DispatchOptions,
  methodsFor: (path: string, method: string) => readonly string[],
): Middleware {
  return async (ctx) => {
    const caller = await keeper.identify({ headers: ctx.headers, address: ctx.ip, token: null });
    ctx.state.caller = caller;
    rates.take("default", caller, ctx);
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
  match(
    path: string,
    method: string,
  ): {
    readonly path: readonly { readonly path: string | RegExp; readonly methods: readonly string[] }[];
  };
}

function methodsAt(router: PathMatcher, path: string, method: string): string[] {
  const layers = router.match(path, method).path;
  // `/models/load` is one path of the document, though it looks like one of `/models/{model_id}` too.
  const exact = layers.filter((layer) => layer.path === path);
  const methods = (exact.length > 0 ? exact : layers).flatMap((layer) => layer.methods);
  return [...new Set(methods)].sort();
}
