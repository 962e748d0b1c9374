import assert from "node:assert/strict";
import { DEMO_MS_MAX, TimeGuard } from "./time_guard.js";

describe("scripts/demo time guard", () => {
  it("ends the session at the first version after the time is nearly used, and not much later without one", () => {
    const guard = new TimeGuard(true);
    assert.equal(guard.isOver(60_000, 10), false);
    assert.equal(guard.isOver(110_000, 20), false);
    assert.equal(guard.isOver(112_000, 20), false);
    assert.equal(guard.isOver(114_000, 21), true);
    const stalled = new TimeGuard(true);
    assert.equal(stalled.isOver(112_000, 3), false);
    assert.equal(stalled.isOver(DEMO_MS_MAX - 15_000, 3), true);
  });

  it("lets a session whose length was asked for take its time", () => {
    const guard = new TimeGuard(false);
    assert.equal(guard.isOver(10 * DEMO_MS_MAX, 1), false);
    assert.equal(guard.isOver(11 * DEMO_MS_MAX, 2), false);
    assert.equal(guard.share(10 * DEMO_MS_MAX, 5, 50), 0.1);
  });

  it("counts versions or time, whichever is further", () => {
    const guard = new TimeGuard(true);
    assert.equal(guard.share(0, 17, 34), 0.5);
    assert.equal(guard.share(55_000, 2, 34), 0.5);
    assert.equal(guard.share(500_000, 2, 34), 1);
  });
});
