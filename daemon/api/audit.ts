/** What the door tells of a request that may change something: who, what, from where, with what outcome. */
import type { Context } from "koa";
import { AUDIT_TEXT_CHARS_MAX, type AuditEvent } from "../audit/index.js";
import type { ServiceError, ServiceErrorName } from "../services/errors.js";
import type { Caller } from "./caller.js";
import type { Route } from "./route.js";

export interface Audited {
  readonly route: Route;
  readonly ctx: Context;
  readonly caller: Caller;
  /** Null: it succeeded. */
  readonly error: ServiceError | null;
}

/** Told of every request that reached a route; what of it is kept is the log's to say. */
export type Audit = (request: Audited) => void | Promise<void>;

/** Where records go. `refused`: whether a stranger could repeat the call without end. */
export interface AuditSink {
  append(event: AuditEvent, refused: boolean): Promise<void>;
}

const NOT_LET_IN: ReadonlySet<ServiceErrorName> = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/**
 * Fields of a body that say which thing a call was about. Nothing else of a body is ever kept, and of a call by nobody in
 * particular that failed not even these: who has slipped into the wrong field has typed a password there.
 */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "auth.login": ["username"],
  "auth.create_user": ["username", "role"],
  "auth.update_user": ["role"],
  "auth.create_key": ["name", "role"],
  "training.start": ["dataset", "strategy"],
  "training.stop": ["session_id"],
  "models.save": ["name", "session_id"],
  "models.load": ["model_id"],
  "consensus.vote": ["vote", "model_hash"],
};

/** Records changes, whatever came of them, and whoever was not let in, whatever it asked for. */
export function auditTo(sink: AuditSink, now: () => number = Date.now): Audit {
  return async ({ route, ctx, caller, error }) => {
    const notLetIn = error !== null && NOT_LET_IN.has(error.name);
    if (route.method === "GET" && !notLetIn) return;
    const nobody = caller.kind === "anonymous" && caller.role === null;
    const repeatable = error !== null && (nobody || notLetIn || error.name === "RATE_LIMITED");
    const details = { ...paramsOf(ctx), ...(error !== null && nobody ? {} : fieldsOf(route, ctx)) };
    const event: AuditEvent = {
      at: new Date(now()).toISOString(),
      caller: cut(caller.id),
      role: caller.role,
      action: cut(route.id),
      method: route.method,
      path: cut(ctx.path),
      address: cut(ctx.ip),
      outcome: error === null ? "ok" : error.name,
      status: error === null ? ctx.status : error.httpStatus,
      request_id: cut(String(ctx.state.requestId)),
      ...(Object.keys(details).length > 0 && { details }),
    };
    await sink.append(event, repeatable);
  };
}

function paramsOf(ctx: Context): Record<string, string> {
  const { params } = ctx as Context & { params?: Record<string, string> };
  return Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [cut(name), cut(value)]));
}

function fieldsOf(route: Route, ctx: Context): Record<string, string | number | boolean> {
  const { body } = ctx.request as { body?: unknown };
  if (typeof body !== "object" || body === null) return {};
  const found: Record<string, string | number | boolean> = {};
  for (const name of FIELDS[route.id] ?? []) {
    const value: unknown = Reflect.get(body, name);
    if (typeof value === "string") found[name] = cut(value);
    else if (typeof value === "number" || typeof value === "boolean") found[name] = value;
  }
  return found;
}

function cut(text: string): string {
  return text.slice(0, AUDIT_TEXT_CHARS_MAX);
}
