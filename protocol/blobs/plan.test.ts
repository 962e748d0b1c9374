import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkPlan } from "./plan.js";

const options = { rangeMax: 4, stealAfterMs: 1000 };

describe("protocol/blobs/plan", () => {
  it("hands out consecutive missing chunks, smaller ranges towards the end", () => {
    const plan = new ChunkPlan(12, new Set([2]), options);
    assert.deepEqual(plan.take("a", 1, 0), { from: 0, count: 2 });
    assert.deepEqual(plan.take("b", 1, 0), { from: 3, count: 4 });
    assert.deepEqual(plan.take("a", 2, 0), { from: 7, count: 2 });
    assert.deepEqual(plan.take("b", 2, 0), { from: 9, count: 1 });
  });

  it("gives back what a donor did not deliver", () => {
    const plan = new ChunkPlan(4, new Set(), { ...options, rangeMax: 2 });
    plan.take("a", 1, 0);
    plan.take("b", 1, 0);
    plan.got(0);
    plan.lost("a");
    assert.deepEqual(plan.take("b", 1, 0), { from: 1, count: 1 });
  });

  it("asks twice for what is owed for long, but not of the debtor", () => {
    const plan = new ChunkPlan(1, new Set(), options);
    plan.take("slow", 2, 0);
    assert.equal(plan.take("idle", 2, 999), null);
    assert.equal(plan.take("slow", 2, 5000), null);
    assert.deepEqual(plan.take("idle", 2, 1000), { from: 0, count: 1 });
    assert.equal(plan.got(0), true);
    assert.equal(plan.got(0), false, "the slow one's copy comes too late");
    assert.ok(plan.complete);
  });

  it("gets every chunk exactly once, whatever donors do", () => {
    const step = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("deliver", "half", "die"));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(step, { maxLength: 100 }), (chunks, steps) => {
        const plan = new ChunkPlan(chunks, new Set(), options);
        const got: number[] = [];
        let nowMs = 0;
        const play = (donor: string, what: string) => {
          nowMs += 700;
          const range = plan.take(donor, 3, nowMs);
          if (range === null) return;
          const delivered = what === "deliver" ? range.count : what === "half" ? range.count >> 1 : 0;
          for (let i = 0; i < delivered; i++) if (plan.got(range.from + i)) got.push(range.from + i);
          if (what !== "deliver") plan.lost(donor);
        };
        for (const [donor, what] of steps) play(donor, what);
        while (!plan.complete) play("last", "deliver");
        assert.deepEqual(
          got.sort((a, b) => a - b),
          Array.from({ length: chunks }, (_, i) => i),
        );
      }),
    );
  });
});
