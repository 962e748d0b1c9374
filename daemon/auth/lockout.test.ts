import assert from "node:assert/strict";
import { AUTH_LIMITS } from "./limits.js";
import { LOCKOUT_RULES, Lockout } from "./lockout.js";

describe("daemon/auth: lock-out", () => {
  it("doubles the wait of one user from one address, up to its bound, and forgets it with a success", () => {
    let nowMs = 0;
    const lockout = new Lockout(() => nowMs);
    const waits: number[] = [];
    for (let i = 0; i < 16; i++) {
      lockout.failed("ada", "a");
      waits.push(lockout.waitMs("ada", "a"));
      nowMs += lockout.waitMs("ada", "a");
    }
    assert.deepEqual(waits.slice(0, 8), [0, 0, 0, 0, 1000, 2000, 4000, 8000]);
    assert.equal(waits.at(-1), LOCKOUT_RULES.pair.maxMs);
    assert.equal(lockout.waitMs("ada", "b"), 0);
    lockout.failed("ada", "a");
    lockout.succeeded("ada", "a");
    assert.equal(lockout.waitMs("ada", "a"), 0);
  });

  it("counts an address over all users, and a user over all addresses for a short time only", () => {
    const lockout = new Lockout(() => 0);
    for (let i = 0; i < 30; i++) lockout.failed(`u${i}`, "a");
    assert.ok(lockout.waitMs("somebody else", "a") > 0);
    for (let i = 0; i < 200; i++) lockout.failed("ada", `b${i}`);
    assert.equal(lockout.waitMs("ada", "never seen"), LOCKOUT_RULES.user.maxMs);
  });

  it("remembers no more than its bound", () => {
    const lockout = new Lockout(() => 0);
    for (let i = 0; i < AUTH_LIMITS.lockoutEntries; i++) lockout.failed(`u${i}`, `a${i}`);
    assert.equal(lockout.size, AUTH_LIMITS.lockoutEntries);
  });
});
