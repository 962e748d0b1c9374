/** What stands before every route: whose request is it, and may a web page have sent it. */
import type { Context, Middleware } from "koa";
import { ServiceError } from "../services/errors.js";

export interface CorsConfig {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
}

const PREFLIGHT_MAX_AGE_S = 600;

/** What a page of another origin may read beside the body. */
const EXPOSED = [
  "ETag",
  "Retry-After",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-Request-Id",
  "Content-Disposition",
  "Content-Range",
  "Accept-Ranges",
].join(", ");

/** Refuses a `Host` that is not this node: see `hostRule`. */
export function hostGuard(isOwn: (host: string | undefined) => boolean): Middleware {
  return (ctx, next) => {
    requireOwnHost(isOwn, ctx.req.headers.host);
    return next();
  };
}

/** @throws ServiceError HOST_REFUSED */
export function requireOwnHost(
  isOwn: (host: string | undefined) => boolean,
  header: string | undefined,
): void {
  if (isOwn(header)) return;
  const host = (header ?? "").slice(0, 256);
  const message = `Host ${host || "(none)"} is not a name of this node; use localhost or its address, or set api.allowed_hosts`;
  throw new ServiceError("HOST_REFUSED", message, { host });
}

/** Cross-origin requests: answered for the configured origins, otherwise nothing may be changed by one. */
export function originGuard(cors: CorsConfig | null): Middleware {
  return (ctx, next) => {
    if (cors !== null) ctx.vary("Origin");
    const origin = ctx.get("Origin");
    if (origin === "" || isSameOrigin(origin, ctx)) return next();
    const allowed = cors !== null && (cors.origins.includes("*") || cors.origins.includes(origin));
    if (allowed) {
      ctx.set("Access-Control-Allow-Origin", cors.origins.includes(origin) ? origin : "*");
      if (!isPreflight(ctx)) {
        // A browser asks first only for what a form could not send; a POST of one would come unasked.
        if (!isRead(ctx) && !cors.methods.includes(ctx.method))
          throw refused(origin, `${ctx.method} is not in cors.methods`);
        ctx.set("Access-Control-Expose-Headers", EXPOSED);
        return next();
      }
      ctx.set("Access-Control-Allow-Methods", cors.methods.join(", "));
      ctx.set("Access-Control-Allow-Headers", cors.headers.join(", "));
      ctx.set("Access-Control-Max-Age", String(PREFLIGHT_MAX_AGE_S));
      ctx.status = 204;
      return;
    }
    // Reading is left to the browser, which hides the answer from a page of another origin.
    if (isRead(ctx)) return next();
    throw refused(origin, cors === null ? "api.cors_enabled is false" : "it is not in cors.origins");
  };
}

function isRead(ctx: Context): boolean {
  return ctx.method === "GET" || ctx.method === "HEAD";
}

function refused(origin: string, why: string): ServiceError {
  return new ServiceError("ORIGIN_REFUSED", `origin ${origin.slice(0, 256)} may not use this API: ${why}`);
}

function isSameOrigin(origin: string, ctx: Context): boolean {
  return URL.canParse(origin) && new URL(origin).host === ctx.host;
}

function isPreflight(ctx: Context): boolean {
  return ctx.method === "OPTIONS" && ctx.get("Access-Control-Request-Method") !== "";
}
