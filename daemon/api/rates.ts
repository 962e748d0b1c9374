/** How often a caller may ask: by address, by user or key once it is known, less where it costs more. */
import { ServiceError } from "../services/errors.js";
import type { Caller } from "./caller.js";
import { API_LIMITS } from "./limits.js";
import { clientKey } from "./proxy.js";
import { type RateDecision, RateLimiter } from "./rate_limit.js";
import type { RateClass } from "./route.js";

export interface RateConfig {
  /** Requests a minute and address; 0: no limit at all. */
  readonly perAddress: number;
  /** Requests a minute of a user or key. */
  readonly perCaller: number;
}

/** A request, and where to say on its answer what is left. */
export interface RatedRequest {
  readonly ip: string;
  set(name: string, value: string): void;
}

export class RateLimits {
  private readonly byAddress: RateLimiter;
  private readonly byCaller: RateLimiter;
  private readonly training: RateLimiter;
  private readonly login: RateLimiter;

  constructor(
    private readonly config: RateConfig,
    now: () => number = Date.now,
  ) {
    const limiter = (perMinute: number) => new RateLimiter(perMinute, API_LIMITS.rateLimitClients, now);
    this.byAddress = limiter(config.perAddress);
    this.byCaller = limiter(config.perCaller);
    this.training = limiter(Math.min(config.perCaller, API_LIMITS.trainingRequestsPerMinute));
    this.login = limiter(Math.min(config.perAddress, API_LIMITS.loginRequestsPerMinute));
  }

  /** Counts one request and says on the answer what is left. @throws ServiceError RATE_LIMITED */
  take(rate: RateClass, caller: Caller, ctx: RatedRequest): void {
    if (rate === "none" || this.config.perAddress === 0) return;
    const decision = this.decide(rate, caller, clientKey(ctx.ip));
    const resetSeconds = Math.ceil(decision.resetMs / 1000);
    for (const prefix of ["RateLimit", "X-RateLimit"]) {
      ctx.set(`${prefix}-Limit`, String(decision.limit));
      ctx.set(`${prefix}-Remaining`, String(decision.remaining));
      ctx.set(`${prefix}-Reset`, String(resetSeconds));
    }
    if (decision.allowed) return;
    const seconds = Math.ceil(decision.retryAfterMs / 1000);
    ctx.set("Retry-After", String(seconds));
    const message = `more than ${decision.limit} requests a minute; the next one is taken in ${seconds} s`;
    throw new ServiceError("RATE_LIMITED", message, {
      limit_per_minute: decision.limit,
      retry_after_seconds: seconds,
    });
  }

  private decide(rate: Exclude<RateClass, "none">, caller: Caller, address: string): RateDecision {
    // Against guessing: whoever has a valid token gains nothing by it.
    if (rate === "login") return this.login.take(address);
    const known = caller.kind !== "anonymous";
    if (rate === "training") return this.training.take(known ? caller.id : address);
    return known ? this.byCaller.take(caller.id) : this.byAddress.take(address);
  }
}
