/** Outermost step: whatever is thrown inside becomes the contract's error body; every request is counted. */
import { randomUUID } from "node:crypto";
import type { Context, Middleware } from "koa";
import type { Logger } from "pino";
import type { SwarmMetrics } from "../metrics/index.js";
import { errorBody, type ServiceError, toServiceError } from "../services/errors.js";
import type { Caller } from "./caller.js";
import { API_LIMITS } from "./limits.js";
import { RateLimiter } from "./rate_limit.js";

export interface AnswerParts {
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics?: SwarmMetrics["api"];
  readonly stopping: () => boolean;
}

/** Leaves the request's id in `ctx.state.requestId`. */
export function answerErrors({ logger, metrics, stopping }: AnswerParts): Middleware {
  const tell = failureLog(logger);
  return async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = requestIdOf(ctx.get("X-Request-Id"));
    ctx.state.requestId = requestId;
    ctx.set("X-Request-Id", requestId);
    ctx.set("Cache-Control", "no-store");
    try {
      await next();
    } catch (thrown) {
      const error = toServiceError(thrown);
      tell(ctx, error);
      ctx.status = error.httpStatus;
      if (error.httpStatus === 401) ctx.set("WWW-Authenticate", "Bearer");
      const { retry_after_seconds: wait } = error.details;
      if (typeof wait === "number" && !ctx.res.hasHeader("Retry-After")) ctx.set("Retry-After", String(wait));
      ctx.body = errorBody(error, requestId);
    }
    // Otherwise a client could hold a kept-alive connection open and with it the node's end.
    if (stopping()) ctx.set("Connection", "close");
    const route = routeOf(ctx);
    const method = KNOWN_METHODS.has(ctx.method) ? ctx.method : "other";
    metrics?.requests.inc({ method, route, status: String(ctx.status) });
    metrics?.duration.observe({ route }, (performance.now() - startedAt) / 1000);
  };
}

/**
 * One line for each request that failed, with the id and the code that its answer has. Strangers can make requests fail
 * as often as they like, so the lines are bounded; what is this node's own fault always gets one.
 */
function failureLog(logger: AnswerParts["logger"]): (ctx: Context, error: ServiceError) => void {
  const budget = new RateLimiter(API_LIMITS.failureLogLinesPerMinute, 1);
  let untold = 0;
  return (ctx, error) => {
    const facts = {
      requestId: String(ctx.state.requestId),
      code: error.code,
      error: error.name,
      status: error.httpStatus,
      method: ctx.method,
      route: routeOf(ctx),
      address: ctx.ip,
      caller: (ctx.state.caller as Caller | undefined)?.id ?? null,
    };
    if (error.name === "INTERNAL") {
      logger.error({ ...facts, err: error.cause ?? error }, "an API request failed");
      return;
    }
    if (!budget.take("all").allowed) {
      untold += 1;
      return;
    }
    const told = { ...facts, reason: error.message.slice(0, 256), ...(untold > 0 && { untold }) };
    untold = 0;
    if (error.httpStatus >= 500) logger.warn(told, "an API request failed");
    else logger.info(told, "an API request was refused");
  };
}

function routeOf(ctx: Context): string {
  return String(ctx.state.route ?? "unmatched");
}

/** The client's own, where it is fit to stand in a log; else a new one. */
function requestIdOf(sent: string): string {
  return /^[A-Za-z0-9._-]{1,64}$/.test(sent) ? sent : randomUUID();
}

/** Labels must not be for a client to invent. */
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
