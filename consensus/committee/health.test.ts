import assert from "node:assert/strict";
import { HealthLedger, LOOK_MS_MAX, type Look } from "./health.js";

const look = (nowMs: number, alive: boolean, changes: Partial<Look> = {}): Look => ({
  nowMs,
  lastIndex: 10,
  voters: ["a", "b"],
  seen: [{ peer: "b", alive, matchIndex: 10 }],
  ...changes,
});

describe("consensus/committee: health", () => {
  let ledger: HealthLedger;

  beforeEach(() => {
    ledger = new HealthLedger();
  });

  it("counts from when a member was first missed, and from zero again after every sign of life", () => {
    ledger.look(look(1000, true));
    assert.deepEqual(ledger.of("b"), { deadForMs: null, aliveForMs: Infinity, lagEntries: 0, lagMs: 0 });
    ledger.look(look(2000, false));
    ledger.look(look(5000, false));
    assert.equal(ledger.of("b")?.deadForMs, 3000);
    ledger.look(look(6000, true));
    ledger.look(look(7000, false));
    assert.equal(ledger.of("b")?.deadForMs, 0);
    ledger.look(look(8000, true));
    ledger.look(look(8500, true));
    assert.deepEqual([ledger.of("b")?.deadForMs, ledger.of("b")?.aliveForMs], [null, 500]);
  });

  it("takes a newcomer's first word for no return", () => {
    ledger.look(look(0, false));
    ledger.look(look(500, true));
    assert.equal(ledger.of("b")?.aliveForMs, Infinity);
  });

  it("counts little of the time in which it did not look", () => {
    ledger.look(look(0, false));
    ledger.look(look(3_600_000, false));
    assert.equal(ledger.of("b")?.deadForMs, LOOK_MS_MAX);
  });

  it("knows how old the oldest entry is that a member lacks", () => {
    const seen = (matchIndex: number) => ({ seen: [{ peer: "b", alive: true, matchIndex }] });
    ledger.look(look(0, true, { lastIndex: 10, ...seen(10) }));
    ledger.look(look(1000, true, { lastIndex: 12, ...seen(10) }));
    ledger.look(look(3000, true, { lastIndex: 15, ...seen(11) }));
    assert.deepEqual([ledger.of("b")?.lagEntries, ledger.of("b")?.lagMs], [4, 2000]);
    ledger.look(look(4000, true, { lastIndex: 15, ...seen(12) }));
    assert.deepEqual([ledger.of("b")?.lagEntries, ledger.of("b")?.lagMs], [3, 1000]);
    // A new leader cut the log.
    ledger.look(look(5000, true, { lastIndex: 11, ...seen(11) }));
    assert.deepEqual([ledger.of("b")?.lagEntries, ledger.of("b")?.lagMs], [0, 0]);
  });

  it("knows for how long the voters have been the same, and forgets who has left", () => {
    ledger.look(look(0, true));
    ledger.look(look(2000, true, { voters: ["b", "a"] }));
    assert.equal(ledger.unchangedForMs, 2000);
    ledger.look(look(3000, true, { voters: ["a"], seen: [] }));
    assert.equal(ledger.unchangedForMs, 0);
    assert.equal(ledger.of("b"), null);
  });
});
