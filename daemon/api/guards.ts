/** What stands before every route: whose request is it, and may a web page have sent it. */
import type { Context, Middleware } from "koa";
import { ServiceError } from "../services/errors.js";
import { isLocalHostHeader } from "./loopback.js";

export interface CorsConfig {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
}

const PREFLIGHT_MAX_AGE_S = 600;

/** Refuses a `Host` that is not this machine: a web page behind DNS rebinding would carry its own name. */
export function hostGuard(): Middleware {
  return (ctx, next) => {
    if (isLocalHostHeader(ctx.req.headers.host)) return next();
    const host = (ctx.req.headers.host ?? "").slice(0, 256);
    const message = `Host ${host || "(none)"} is not this machine; use localhost, 127.0.0.1 or [::1]`;
    throw new ServiceError("HOST_REFUSED", message, { host });
  };
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
      if (!isPreflight(ctx)) return next();
      ctx.set("Access-Control-Allow-Methods", cors.methods.join(", "));
      ctx.set("Access-Control-Allow-Headers", cors.headers.join(", "));
      ctx.set("Access-Control-Max-Age", String(PREFLIGHT_MAX_AGE_S));
      ctx.status = 204;
      return;
    }
    // Reading is left to the browser, which hides the answer from a page of another origin.
    if (ctx.method === "GET" || ctx.method === "HEAD") return next();
    const setting = cors === null ? "api.cors_enabled is false" : "it is not in cors.origins";
    throw new ServiceError(
      "ORIGIN_REFUSED",
      `origin ${origin.slice(0, 256)} may not use this API: ${setting}`,
    );
  };
}

function isSameOrigin(origin: string, ctx: Context): boolean {
  return URL.canParse(origin) && new URL(origin).host === ctx.host;
}

function isPreflight(ctx: Context): boolean {
  return ctx.method === "OPTIONS" && ctx.get("Access-Control-Request-Method") !== "";
}
