/** What the door tells of a request that may change something: who, what, from where, with what outcome. */
import type { Context } from "koa";
import type { ServiceError } from "../services/errors.js";
import type { Caller } from "./caller.js";
import type { Route } from "./route.js";

export interface Audited {
  readonly route: Route;
  readonly ctx: Context;
  readonly caller: Caller;
  /** Null: it succeeded. */
  readonly error: ServiceError | null;
}

export type Audit = (request: Audited) => void | Promise<void>;
