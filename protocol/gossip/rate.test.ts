import assert from "node:assert/strict";
import { RateLimiter } from "./rate.js";

const count = (limiter: RateLimiter, author: string, times: number) =>
  Array.from({ length: times }, () => limiter.take(author)).filter(Boolean).length;

describe("protocol/gossip/rate", () => {
  it("passes a burst, then the rate, for each author alone", () => {
    let nowMs = 0;
    const limiter = new RateLimiter({ perSecond: 2, burst: 5 }, 100, () => nowMs);
    assert.equal(count(limiter, "a", 10), 5);
    assert.equal(count(limiter, "b", 10), 5);
    nowMs += 1000;
    assert.equal(count(limiter, "a", 10), 2);
    nowMs += 3_600_000;
    assert.equal(count(limiter, "a", 10), 5, "what is saved up is bounded");
  });

  it("tracks a bounded number of authors, forgetting the longest silent", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, 2, () => 0);
    assert.deepEqual(
      ["a", "b", "a", "c", "a", "b"].map((author) => limiter.take(author)),
      [true, true, false, true, false, true],
    );
  });
});
