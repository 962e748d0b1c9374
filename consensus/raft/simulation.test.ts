import assert from "node:assert/strict";
import { FAULTS } from "../testing/raft_sim/actions.js";
import { RandomRun, type RunReport } from "../testing/raft_sim/random_run.js";

/** `npm run test:raft` runs more of them. */
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

describe("raft under random faults", () => {
  const reports: RunReport[] = [];

  for (const seed of SEEDS) {
    it(`seed ${seed} keeps every invariant and recovers`, () => {
      reports.push(new RandomRun(seed).run());
    });
  }

  it("meets every kind of fault and still commits and reads", () => {
    const total = (name: string): number => reports.reduce((sum, r) => sum + (r.counts[name] ?? 0), 0);
    for (const name of FAULTS) assert.ok(total(name) > 0, `${name} never happened`);
    const committed = reports.reduce((sum, r) => sum + r.committed, 0);
    assert.ok(committed > 20 * reports.length, `only ${committed} entries in ${reports.length} runs`);
    const reads = reports.reduce((sum, r) => sum + r.reads, 0);
    assert.ok(reads > 10 * reports.length, `only ${reads} reads in ${reports.length} runs`);
  });

  it("is of swarms of one to nine voters, with both kinds of reads", () => {
    const plans = SEEDS.map((seed) => new RandomRun(seed).plan);
    const sizes = new Set(plans.map(({ voters }) => voters.length));
    assert.deepEqual([Math.min(...sizes), Math.max(...sizes)], [1, 9]);
    assert.deepEqual([...new Set(plans.map(({ options }) => options.reads))].sort(), ["lease", "safe"]);
  });

  it("is replayed exactly by its seed", () => {
    const run = (seed: number): string => new RandomRun(seed).run().trace;
    assert.equal(run(1), reports[0]?.trace ?? run(1));
    assert.notEqual(run(2), run(1));
  });
});
