import assert from "node:assert/strict";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import type { DataSpec } from "../session.js";
import type { BatchRange, Cursor } from "../types.js";
import { assignLanes, batchSamples, consume, countOf, merged, Permutation, subtract } from "./index.js";

const flatten = (ranges: readonly BatchRange[]): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));

function spec(trainSamples: number, batchSize: number, seed = 7) {
  const data: DataSpec = {
    kind: "classification",
    dataset: "builtin:mnist",
    fingerprint: `sha256:${"0".repeat(64)}`,
    inputShape: [2],
    classes: 2,
    trainSamples,
    validationSamples: 0,
  };
  return { data, batchSize, seed };
}

describe("training/lanes", () => {
  it("gives sorted peers equal lanes, holes first", () => {
    const cursor: Cursor = {
      next: 10,
      holes: [
        [1, 3],
        [6, 7],
      ],
    };
    const lanes = assignLanes(cursor, ["b", "c", "a"], 4, null);
    assert.deepEqual(
      [...lanes],
      [
        [
          "a",
          [
            [1, 3],
            [6, 7],
            [10, 11],
          ],
        ],
        ["b", [[11, 15]]],
        ["c", [[15, 19]]],
      ],
    );
  });

  it("shares out evenly what is left at the end, and gives empty lanes when nothing is", () => {
    const near = assignLanes({ next: 5, holes: [] }, ["a", "b", "c"], 4, 12);
    assert.deepEqual([...near.values()].map(countOf), [3, 2, 2]);
    const last = assignLanes({ next: 11, holes: [] }, ["a", "b", "c"], 4, 12);
    assert.deepEqual([...last.values()], [[[11, 12]], [], []]);
    const over = assignLanes({ next: 12, holes: [] }, ["a"], 4, 12);
    assert.deepEqual(over.get("a"), []);
    assert.equal(assignLanes({ next: 0, holes: [] }, [], 4, 12).size, 0);
  });

  it("turns what was assigned and not done below the highest batch done into holes, and nothing above it", () => {
    const cursor: Cursor = { next: 0, holes: [] };
    const lanes = assignLanes(cursor, ["a", "b", "c"], 4, null);
    const after = consume(
      cursor,
      lanes,
      new Map([
        ["a", 1],
        ["b", 3],
      ]),
    );
    assert.deepEqual(after, { next: 7, holes: [[1, 4]] });
    assert.deepEqual(consume(cursor, lanes, new Map()), cursor);
    assert.deepEqual(consume(cursor, lanes, new Map([["c", 99]])), { next: 12, holes: [[0, 8]] });
    assert.deepEqual(consume(cursor, lanes, new Map([["mallory", 4]])), cursor);
  });

  it("does every batch exactly once over random memberships, to the end of the session", () => {
    const rounds = fc.array(
      fc.record({ peers: fc.integer({ min: 1, max: 6 }), steps: fc.array(fc.nat(9), { maxLength: 6 }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        rounds,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 400 }),
        (plan, lane, total) => {
          let cursor: Cursor = { next: 0, holes: [] };
          const done: number[] = [];
          const runRound = (peers: number, stepsOf: (i: number) => number): void => {
            const names = Array.from({ length: peers }, (_, i) => `p${i}`);
            const lanes = assignLanes(cursor, names, lane, total);
            const all = [...lanes.values()].flatMap(flatten);
            assert.equal(new Set(all).size, all.length, "lanes overlap");
            const steps = new Map(names.map((n, i) => [n, stepsOf(i)]));
            for (const [peer, ranges] of lanes) done.push(...flatten(ranges).slice(0, steps.get(peer)));
            cursor = consume(cursor, lanes, steps);
            assert.deepEqual(merged(cursor.holes), cursor.holes);
            assert.ok(cursor.holes.every(([, to]) => to < cursor.next));
          };
          for (const { peers, steps } of plan) runRound(peers, (i) => steps[i] ?? 0);
          while (cursor.next < total || cursor.holes.length > 0) runRound(3, () => lane);
          assert.deepEqual(
            [...done].sort((a, b) => a - b),
            Array.from({ length: total }, (_, i) => i),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keeps the number of holes small when everybody does a quarter of its lane, round after round", () => {
    let cursor: Cursor = { next: 0, holes: [] };
    const names = Array.from({ length: 50 }, (_, i) => `p${String(i).padStart(2, "0")}`);
    for (let round = 0; round < 60; round++) {
      const lanes = assignLanes(cursor, names, 120, null);
      cursor = consume(cursor, lanes, new Map(names.map((n, i) => [n, 20 + ((i + round) % 20)])));
      assert.ok(cursor.holes.length < 50 * 32, `${cursor.holes.length} holes in round ${round}`);
      assert.ok(countOf(cursor.holes) < 50 * 120);
    }
  });

  it("works with 65 536 holes", () => {
    const holes = Array.from({ length: 65_536 }, (_, i): BatchRange => [3 * i, 3 * i + 1]);
    const cursor: Cursor = { next: 3 * 65_536, holes };
    const lanes = assignLanes(cursor, ["a", "b"], 40_000, null);
    const after = consume(cursor, lanes, new Map([["a", 40_000]]));
    assert.equal(countOf(after.holes), 65_536 - 40_000);
    assert.equal(after.next, cursor.next);
  });

  it("subtracts ranges as sets do", () => {
    const ranges = fc
      .array(fc.tuple(fc.nat(60), fc.nat(8)), { maxLength: 12 })
      .map((list) => merged(list.map(([from, n]): BatchRange => [from, from + n])));
    fc.assert(
      fc.property(ranges, ranges, (all, taken) => {
        const gone = new Set(flatten(taken));
        assert.deepEqual(
          flatten(subtract(all, taken)),
          flatten(all).filter((n) => !gone.has(n)),
        );
      }),
    );
  });
});

describe("training/lanes samples", () => {
  it("permutes every size onto itself", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(2 ** 32 - 1), fc.nat(50), (size, seed, epoch) => {
        const order = new Permutation(size, seed, epoch);
        const seen = new Set(Array.from({ length: size }, (_, i) => order.at(i)));
        assert.equal(seen.size, size);
        assert.ok(Math.min(...seen) === 0 && Math.max(...seen) === size - 1);
      }),
      { numRuns: 60 },
    );
  });

  it("stays in range for the largest size, and refuses what is outside", () => {
    const order = new Permutation(2 ** 52, 1, 0);
    const values = Array.from({ length: 100 }, (_, i) => order.at(2 ** 52 - 1 - i));
    assert.ok(values.every((v) => Number.isSafeInteger(v) && v >= 0 && v < 2 ** 52));
    assert.equal(new Set(values).size, 100);
    assert.throws(() => order.at(2 ** 52), RangeError);
    assert.throws(() => new Permutation(0, 1, 0), RangeError);
  });

  it("covers an epoch once, in another order each epoch and for each seed", () => {
    const s = spec(103, 10);
    const epoch = (n: number, of = s) =>
      Array.from({ length: 10 }, (_, i) => batchSamples(of, n * 10 + i)).flat();
    for (const n of [0, 1, 5]) assert.equal(new Set(epoch(n)).size, 100);
    assert.notDeepEqual(epoch(0), epoch(1));
    assert.notDeepEqual(epoch(0), epoch(0, spec(103, 10, 8)));
    assert.notDeepEqual([...epoch(0)].sort(), [...epoch(1)].sort(), "the samples left out change too");
  });

  it("has no visible order: neighbors land far apart and first halves mix", () => {
    const order = new Permutation(10_000, 3, 2);
    let sum = 0;
    for (let i = 0; i < 9_999; i++) sum += Math.abs(order.at(i + 1) - order.at(i));
    assert.ok(Math.abs(sum / 9_999 - 10_000 / 3) < 150, `mean distance ${sum / 9_999}`);
    const low = Array.from({ length: 5_000 }, (_, i) => order.at(i)).filter((v) => v < 5_000).length;
    assert.ok(Math.abs(low - 2_500) < 150, `${low} of the first half stay there`);
  });

  it("draws the same samples on every machine", () => {
    assert.deepEqual(batchSamples(spec(1000, 6, 42), 321), [678, 23, 773, 295, 170, 898]);
  });

  it("refuses a batch that is larger than the split", () => {
    assert.throws(
      () => batchSamples(spec(9, 10), 0),
      (e) =>
        e instanceof TrainingError && e.code === "SESSION_INVALID" && /9 training samples/.test(e.message),
    );
  });
});
