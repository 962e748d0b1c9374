import assert from "node:assert/strict";
import type { Evaluation } from "../../consensus/control/index.js";
import type { Hash } from "../../protocol/types.js";
import type { SessionSpec } from "../../training/session.js";
import {
  type EvaluationPart,
  Evaluations,
  type ExpectedEvaluation,
  evaluationParts,
  evaluationSlice,
  expectedEvaluation,
  isEvaluated,
} from "./evaluations.js";

const version: Hash = `sha256:${"1".repeat(64)}`;
const part = (index: number, lossNats: number, samples: number, parts = 2) => {
  return { height: 4, version, lossNats, accuracy: null, samples, part: index, parts };
};
const specOf = (validationSamples: number) => {
  const spec: Pick<SessionSpec, "batchSize" | "evaluateEvery"> & { data: { validationSamples: number } } = {
    batchSize: 4,
    evaluateEvery: 5,
    data: { validationSamples },
  };
  return spec as SessionSpec;
};

/** Two slices: ten samples of "a", thirty of "b". */
const expected: ExpectedEvaluation = {
  version,
  authors: ["a", "b"],
  samplesOf: (slice) => [10, 30][slice] as number,
};
const HEIGHT = 4;
const at = (nowMs: number, dead: readonly string[] = []) => {
  return { nowMs, isAlive: (peer: string) => !dead.includes(peer) };
};

describe("daemon/rounds: evaluations", () => {
  it("merges the slices by their samples, once all are in", () => {
    const evaluations = new Evaluations();
    const ready = (committed: Evaluation[] = []) => evaluations.ready(committed, () => expected, at(6));
    evaluations.add("a", part(0, 2, 10), HEIGHT, 0);
    assert.equal(ready(), null);
    evaluations.add("b", part(1, 4, 30), HEIGHT, 5);
    const merged = { height: 4, lossNats: 3.5, accuracy: null, samples: 40 };
    assert.deepEqual(ready(), merged);
    assert.equal(ready([merged]), null);
    assert.equal(
      evaluations.ready([], () => null, at(6)),
      null,
      "this node's log does not know the version yet",
    );
  });

  it("does not wait for ever for a node that died over its slice, nor mix versions or sessions", () => {
    const evaluations = new Evaluations();
    const late = (wanted: ExpectedEvaluation = expected) => evaluations.ready([], () => wanted, at(20_000));
    evaluations.add("a", part(0, 2, 10), HEIGHT, 0);
    assert.equal(late()?.lossNats, 2);
    assert.equal(late({ ...expected, version: `sha256:${"2".repeat(64)}` }), null);
    evaluations.reset();
    assert.equal(late(), null);
  });

  it("waits for no slice of a node that is known to be dead, and gives one version's figure by itself", () => {
    const evaluations = new Evaluations();
    evaluations.add("a", part(0, 2, 10), HEIGHT, 0);
    assert.equal(evaluations.of(HEIGHT, expected, at(1)), null);
    assert.equal(evaluations.of(HEIGHT, expected, at(1, ["b"]))?.lossNats, 2);
    assert.equal(evaluations.of(HEIGHT + 1, expected, at(1, ["b"])), null);
    assert.equal(evaluations.of(HEIGHT, expected, at(1, ["a"])), null, "b is alive and has not told");
  });

  it("counts a slice from nobody but its author, and only as large as it is", () => {
    const wrong: [string, string, EvaluationPart][] = [
      ["another member's slice", "b", part(0, 99, 10)],
      ["a stranger's", "mallory", part(0, 99, 10)],
      ["more samples than the slice has", "a", part(0, 99, 1e15)],
      ["none", "a", part(0, 99, 0)],
      ["cut into other slices", "a", part(0, 99, 10, 1)],
      ["not a number", "a", part(0, Number.NaN, 10)],
    ];
    for (const [what, from, lie] of wrong) {
      const evaluations = new Evaluations();
      evaluations.add(from, lie, HEIGHT, 0);
      assert.equal(
        evaluations.ready([], () => expected, at(20_000)),
        null,
        what,
      );
    }
  });

  it("keeps of each author one part for each of a few versions, whatever is sent", () => {
    const evaluations = new Evaluations();
    for (let height = 0; height < 10_000; height++) {
      evaluations.add("a", { ...part(0, height, 10), height }, HEIGHT, 0);
      evaluations.add("b", { ...part(height, 1, 10), height: HEIGHT }, HEIGHT, 0);
    }
    const asked: number[] = [];
    evaluations.ready(
      [],
      (height) => {
        asked.push(height);
        return null;
      },
      at(0),
    );
    assert.deepEqual(asked, [0, 1, 2, 3, 4, 5]);
  });

  it("says who validates what, from committed state alone", () => {
    const { authors, samplesOf } = expectedEvaluation(specOf(9), version, ["x", "y", "z"]);
    assert.deepEqual([authors, samplesOf(0), samplesOf(1)], [["x", "y"], 4, 4]);
    assert.deepEqual(expectedEvaluation(specOf(3), version, ["x"]).authors, [], "less than a batch");
  });

  it("cuts the validation batches into slices that cover each once", () => {
    for (const [samples, participants] of [
      [103, 4],
      [9, 4],
      [10_000, 3],
    ] as const) {
      const spec = specOf(samples);
      const parts = evaluationParts(spec, participants);
      const seen: number[] = [];
      for (let i = 0; i < parts; i++) {
        for (const [from, to] of evaluationSlice(spec, i, parts))
          for (let b = from; b < to; b++) seen.push(b);
      }
      assert.deepEqual(seen, [...Array(Math.min(64, Math.floor(samples / 4))).keys()]);
    }
    assert.deepEqual(
      [0, 1, 5, 7].map((h) => isEvaluated(specOf(9), h, h === 7)),
      [true, false, true, true],
    );
  });
});
