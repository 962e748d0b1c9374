import assert from "node:assert/strict";
import { RateLimiter } from "./rate_limit.js";

describe("daemon/api: rate limit", () => {
  it("gives a minute's worth at once and refills evenly", () => {
    let now = 0;
    const limiter = new RateLimiter(60, 10, () => now);
    for (let i = 0; i < 60; i++) assert.equal(limiter.take("a").allowed, true);
    const refused = limiter.take("a");
    assert.deepEqual([refused.allowed, refused.remaining, refused.retryAfterMs], [false, 0, 1000]);
    assert.equal(limiter.take("b").allowed, true);
    now = 999;
    assert.equal(limiter.take("a").allowed, false);
    now = 1000;
    assert.equal(limiter.take("a").allowed, true);
    now = 10 * 60_000;
    assert.equal(limiter.take("a").remaining, 59);
  });

  it("remembers a bounded number of clients, the latest", () => {
    const limiter = new RateLimiter(1, 3, () => 0);
    for (const client of ["a", "b", "c"]) limiter.take(client);
    limiter.take("a");
    limiter.take("d");
    assert.equal(limiter.take("a").allowed, false);
    assert.equal(limiter.take("b").allowed, true);
  });
});
