/** One token bucket per author (or whoever is charged), for a bounded number of them. */

export interface Rate {
  /** Refill of a bucket. */
  readonly perSecond: number;
  /** Size of a bucket. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limit: Rate,
    private readonly authorsMax: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Whether one more message of this author may pass. */
  take(author: string): boolean {
    const nowMs = this.now();
    const bucket = this.buckets.get(author) ?? { tokens: this.limit.burst, atMs: nowMs };
    const refill = ((nowMs - bucket.atMs) / 1000) * this.limit.perSecond;
    bucket.tokens = Math.min(this.limit.burst, bucket.tokens + refill);
    bucket.atMs = nowMs;
    this.buckets.delete(author);
    this.buckets.set(author, bucket);
    if (this.buckets.size > this.authorsMax) this.buckets.delete(this.buckets.keys().next().value as string);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
