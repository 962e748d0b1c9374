/** Token buckets per client, bounded in number. One minute's worth may be spent at once; it refills evenly. */

export interface RateDecision {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the next request would be allowed; 0 when this one is. */
  readonly retryAfterMs: number;
  /** Until the whole minute's worth is there again. */
  readonly resetMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly perMinute: number,
    private readonly clientsMax: number,
    private readonly now: () => number = Date.now,
  ) {}

  take(client: string): RateDecision {
    const nowMs = this.now();
    const perMs = this.perMinute / 60_000;
    const before = this.buckets.get(client) ?? { tokens: this.perMinute, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - before.atMs);
    const tokens = Math.min(this.perMinute, before.tokens + elapsedMs * perMs);
    const allowed = tokens >= 1;
    const left = allowed ? tokens - 1 : tokens;
    // Deleted first: a Map keeps insertion order, so the first key is always the one unseen for longest.
    this.buckets.delete(client);
    this.buckets.set(client, { tokens: left, atMs: nowMs });
    if (this.buckets.size > this.clientsMax) this.buckets.delete(this.buckets.keys().next().value as string);
    const retryAfterMs = allowed ? 0 : Math.ceil((1 - tokens) / perMs);
    const resetMs = Math.ceil((this.perMinute - left) / perMs);
    return { allowed, limit: this.perMinute, remaining: Math.floor(left), retryAfterMs, resetMs };
  }
}
