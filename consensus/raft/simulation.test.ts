import assert from "node:assert/strict";
import { RandomRun, type RunReport } from "../testing/raft_sim/random_run.js";

/** `RAFT_SEED=17 npx mocha …` replays one seed; `RAFT_SEEDS=1000` runs more of them. */
const only = process.env.RAFT_SEED;
const count = Number(process.env.RAFT_SEEDS ?? 40);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
const STEPS = 6000;

function run(seed: number): RunReport {
  try {
    return new RandomRun(seed).run(STEPS);
  } catch (error) {
    throw new Error(
      `seed ${seed} (replay: RAFT_SEED=${seed}): ${error instanceof Error ? error.stack : error}`,
    );
  }
}

describe("raft under random faults", () => {
  const reports: RunReport[] = [];

  for (const seed of seeds) {
    it(`seed ${seed} keeps every invariant and recovers`, () => {
      reports.push(run(seed));
    });
  }

  it("meets every kind of fault and still commits", () => {
    const total = (name: string): number => reports.reduce((sum, r) => sum + (r.counts[name] ?? 0), 0);
    for (const name of [
      "crash",
      "restart",
      "partition",
      "membership",
      "transfer",
      "abandon",
      "snapshot",
      "lose",
      "double",
    ]) {
      assert.ok(total(name) > 0, `${name} never happened`);
    }
    const committed = reports.reduce((sum, r) => sum + r.committed, 0);
    assert.ok(committed > 20 * reports.length, `only ${committed} entries in ${reports.length} runs`);
  });

  it("is replayed exactly by its seed", () => {
    const first = reports[0] ?? run(1);
    assert.equal(run(first.seed).trace, first.trace);
    assert.notEqual(run(first.seed + 1).trace, first.trace);
  });
});
