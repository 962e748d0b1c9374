/**
 * How long the body of a request may take to arrive. Node's own limit (`server.requestTimeout`) is one for the whole
 * server, too short for a model and too long for anything else if it were made to fit one.
 */
import type { IncomingMessage } from "node:http";
import type { Context, Middleware } from "koa";
import { ServiceError } from "../services/errors.js";
import type { ServerLimits } from "./limits.js";

/** Told once, while the body is still on its way. */
export type Late = (error: ServiceError) => unknown;

/** Leaves the request's `Arrival` in `ctx.state.arrival`: before anybody is asked who they are. */
export function boundArrival(limits: ServerLimits): Middleware {
  return (ctx, next) => {
    ctx.state.arrival = new Arrival(ctx.req, limits);
    return next();
  };
}

export function arrivalOf(ctx: Context): Arrival {
  return ctx.state.arrival as Arrival;
}

/** Of one request. Until somebody reads the body, or when nobody does, the connection is cut when it is late. */
export class Arrival {
  private late: Late = () => this.request.socket.destroy();
  private readonly timers: { whole: NodeJS.Timeout | null; idle: NodeJS.Timeout | null };

  constructor(
    private readonly request: IncomingMessage,
    private readonly limits: Pick<ServerLimits, "requestTimeoutMs" | "uploadIdleMs" | "uploadTotalMs">,
  ) {
    this.timers = { whole: null, idle: null };
    if (!hasBody(request)) return;
    this.within(limits.requestTimeoutMs);
    request.once("end", () => this.stop());
    request.once("close", () => this.stop());
  }

  /** @param late is told instead of cutting the connection */
  read(late: Late): void {
    this.late = late;
  }

  /** From now on what counts is that something arrives at all, and a bound on the whole that fits a model. */
  upload(late: Late, isHeldUp: () => boolean): void {
    this.late = late;
    if (this.timers.whole === null) return;
    this.within(this.limits.uploadTotalMs);
    const watch = () => {
      if (this.timers.idle !== null) clearTimeout(this.timers.idle);
      this.timers.idle = setTimeout(() => {
        // This side does not take more at the moment: a slow disk, not a slow client.
        if (isHeldUp()) return watch();
        this.expire(`nothing of the body came for ${this.limits.uploadIdleMs} ms`);
      }, this.limits.uploadIdleMs).unref();
    };
    watch();
    this.request.on("data", () => {
      if (this.timers.idle !== null) watch();
    });
  }

  private within(ms: number): void {
    if (this.timers.whole !== null) clearTimeout(this.timers.whole);
    this.timers.whole = setTimeout(() => this.expire(`the body did not arrive within ${ms} ms`), ms).unref();
  }

  private expire(why: string): void {
    this.stop();
    if (!this.request.complete) this.late(new ServiceError("REQUEST_TIMEOUT", why));
  }

  private stop(): void {
    for (const timer of Object.values(this.timers)) if (timer !== null) clearTimeout(timer);
    this.timers.whole = null;
    this.timers.idle = null;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
