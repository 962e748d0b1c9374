import assert from "node:assert/strict";
import type { Hash } from "../../protocol/types.js";
import type { SessionSpec } from "../../training/session.js";
import { Evaluations, evaluationParts, evaluationSlice, isEvaluated } from "./evaluations.js";

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

describe("daemon/rounds: evaluations", () => {
  it("merges the slices by their samples, once all are in", () => {
    const evaluations = new Evaluations();
    evaluations.add("s", part(0, 2, 10), 0);
    assert.equal(
      evaluations.ready([], () => version, 1),
      null,
    );
    evaluations.add("s", part(1, 4, 30), 5);
    evaluations.add("s", part(1, 99, 30), 5);
    const merged = { height: 4, lossNats: 3.5, accuracy: null, samples: 40 };
    assert.deepEqual(
      evaluations.ready([], () => version, 6),
      merged,
    );
    assert.equal(
      evaluations.ready([merged], () => version, 6),
      null,
    );
    assert.equal(
      evaluations.ready([], () => null, 6),
      null,
    );
  });

  it("does not wait for ever for a node that died over its slice, nor mix versions or sessions", () => {
    const evaluations = new Evaluations();
    evaluations.add("s", part(0, 2, 10), 0);
    assert.equal(evaluations.ready([], () => version, 20_000)?.lossNats, 2);
    assert.equal(
      evaluations.ready([], () => `sha256:${"2".repeat(64)}`, 20_000),
      null,
    );
    evaluations.add("other", { ...part(0, 7, 1), height: 0 }, 0);
    assert.equal(evaluations.ready([], () => version, 20_000)?.lossNats, 7);
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
