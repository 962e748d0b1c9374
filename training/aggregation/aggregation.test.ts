import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import { type AggregatorName, aggregatorNameSchema } from "../session.js";
import { readVersion, writeVersion } from "../versions/index.js";
import { centeredClip, clipByPasses, clipByProducts, PRODUCTS_UPDATES_MAX } from "./centered_clip.js";
import { AggregationWorker, aggregate, initialWeights } from "./index.js";
import { mean } from "./mean.js";
import { Bench } from "./testing/bench.js";
import type { AggregationRequest, AggregationResult } from "./types.js";
import type { UpdateVectors } from "./updates.js";

const coded =
  (code: string, pattern = /./) =>
  (e: unknown) => {
    assert.ok(e instanceof TrainingError && e.code === code, String(e));
    assert.match(e.message, pattern);
    return true;
  };
const vectorsOf = (list: Float32Array[], samples = list.map(() => 1)): UpdateVectors => ({
  count: list.length,
  size: list[0]!.length,
  samples,
  vector: async (i) => list[i]!,
  inMemory: () => list,
});
const versionOf = (bench: Bench, request: AggregationRequest) =>
  readVersion(request.outPath, layoutOf(bench.spec.model), bench.spec.strategy);

describe("training/aggregation vectors", () => {
  it("mean weighs by samples", async () => {
    const updates = vectorsOf([Float32Array.of(1, 0), Float32Array.of(5, 4)], [3, 1]);
    assert.deepEqual(await mean(updates), Float32Array.of(2, 1));
  });

  it("centered_clip of fewer than three updates is the mean", async () => {
    const two = vectorsOf([Float32Array.of(1, 0), Float32Array.of(500, 4)], [3, 1]);
    assert.deepEqual(await centeredClip(two), await mean(two));
  });

  it("centered_clip of equal updates is that update", async () => {
    const same = Float32Array.of(0.5, -2, 0);
    assert.deepEqual(await centeredClip(vectorsOf([same, same, same])), same);
    const zero = new Float32Array(3);
    assert.deepEqual(await centeredClip(vectorsOf([zero, zero, zero, zero])), zero);
  });

  it("centered_clip weighs by samples", async () => {
    const list = [Float32Array.of(1, 0), Float32Array.of(1, 0.2), Float32Array.of(1, -0.2)];
    const even = await centeredClip(vectorsOf(list));
    const tilted = await centeredClip(vectorsOf(list, [1, 6, 1]));
    assert.ok(Math.abs(even[1]!) < 1e-3 && tilted[1]! > 0.05, `${even} ${tilted}`);
  });

  const waves = (count: number) =>
    Array.from({ length: count }, (_, k) =>
      Float32Array.from({ length: 10_001 }, (_, i) => Math.sin(k * 31 + i * 1.7) * (k === 4 ? 50 : 1)),
    );

  it("centered_clip is the same bits whether the updates fit into memory or not", async () => {
    for (const count of [5, PRODUCTS_UPDATES_MAX, PRODUCTS_UPDATES_MAX + 1]) {
      const list = waves(count);
      const samples = list.map((_, k) => 1 + ((7 * k) % 12));
      const streamed = { ...vectorsOf(list, samples), inMemory: () => null };
      assert.deepEqual(await centeredClip(streamed), await centeredClip(vectorsOf(list, samples)));
    }
  });

  it("centered_clip gives the same by inner products and by passes, up to rounding", async () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true });
    const lists = fc.array(fc.array(value, { minLength: 5, maxLength: 5 }), { minLength: 3, maxLength: 20 });
    const close = async (list: Float32Array[], samples?: number[]) => {
      const updates = vectorsOf(list, samples);
      const [products, passes] = [await clipByProducts(updates), await clipByPasses(updates)];
      const largest = Math.max(...list.map((v) => Math.hypot(...v)));
      products.forEach((p, i) => {
        assert.ok(Math.abs(p - passes[i]!) <= 1e-6 * largest, `${p} and ${passes[i]} at ${i}`);
      });
    };
    await fc.assert(fc.asyncProperty(lists, (rows) => close(rows.map((row) => Float32Array.from(row)))));
    await close(waves(9), [3, 7, 1, 12, 5, 1, 1, 2, 40]);
  });

  it("centered_clip is not carried away by a minority, however large, where the mean is", async () => {
    const honest = (k: number) => Float32Array.from({ length: 50 }, (_, i) => 1 + 0.1 * Math.sin(7 * k + i));
    for (const evil of [1e6, -1e6, 1e30, 3, -3]) {
      const list = [honest(0), honest(1), new Float32Array(50).fill(evil), honest(2), honest(3)];
      const robust = await centeredClip(vectorsOf(list));
      const worst = Math.max(...robust.map((v) => Math.abs(v - 1)));
      assert.ok(worst < 0.35, `with ${evil} the center is ${worst} away`);
    }
    const carried = await mean(vectorsOf([honest(0), honest(1), new Float32Array(50).fill(1e6)]));
    assert.ok(carried[0]! > 1e5);
  });

  it("stays within the updates' range", async () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true });
    const lists = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(lists, async (rows) => {
        const list = rows.map((row) => Float32Array.from(row));
        const largest = Math.max(...list.map((v) => Math.hypot(...v)));
        for (const aggregator of [mean, centeredClip]) {
          assert.ok(Math.hypot(...(await aggregator(vectorsOf(list)))) <= largest * 1.0001 + 1e-30);
        }
      }),
    );
  });
});

describe("training/aggregation first version", () => {
  const layout = {
    size: 20_010,
    parameters: [
      {
        name: "w",
        shape: [20_000],
        init: { kind: "normal", std: 0.5 },
        decay: true,
        offset: 0,
        size: 20_000,
      },
      { name: "b", shape: [5], init: { kind: "zeros" }, decay: false, offset: 20_000, size: 5 },
      { name: "g", shape: [5], init: { kind: "ones" }, decay: false, offset: 20_005, size: 5 },
    ],
  } as const;

  it("is normal where it should be, by the first moments and the tails", () => {
    const w = [...initialWeights(layout, 3).subarray(0, 20_000)].map((v) => v / 0.5);
    const moment = (p: number) => w.reduce((sum, v) => sum + v ** p, 0) / w.length;
    assert.ok(Math.abs(moment(1)) < 0.03, `mean ${moment(1)}`);
    assert.ok(Math.abs(moment(2) - 1) < 0.04, `variance ${moment(2)}`);
    assert.ok(Math.abs(moment(3)) < 0.1, `skew ${moment(3)}`);
    // Irwin–Hall of twelve has kurtosis 2.9.
    assert.ok(Math.abs(moment(4) - 2.9) < 0.2, `kurtosis ${moment(4)}`);
    const lag = w.slice(1).reduce((sum, v, i) => sum + v * w[i]!, 0) / w.length;
    assert.ok(Math.abs(lag) < 0.03, `neighbors correlate by ${lag}`);
  });

  it("fills with zeros and ones, and depends on the seed", () => {
    const weights = initialWeights(layout, 3);
    assert.deepEqual([...weights.subarray(20_000)], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assert.deepEqual(initialWeights(layout, 3), weights);
    assert.notDeepEqual(initialWeights(layout, 4), weights);
  });
});

describe("training/aggregation", () => {
  let bench: Bench;
  let base: AggregationResult;
  before(async () => {
    bench = await Bench.create();
    base = await bench.genesis();
  });
  after(() => bench.remove());

  const updates = () =>
    Promise.all(
      ["d", "a", "c", "b"].map((peer, k) =>
        bench.update(
          peer,
          bench.vector((i) => 0.01 * ((i * (k + 3)) % 7) - 0.02),
          10 * (k + 1),
        ),
      ),
    );

  it("makes the first version, the same from the same seed, with no outer state", async () => {
    const request = bench.request(0, [], null);
    assert.equal((await aggregate(request)).ref.hash, base.ref.hash);
    const version = await versionOf(bench, request);
    assert.equal(version.height, 0);
    assert.ok(version.weights.some((w) => w !== 0));
    assert.ok(version.outer["outer.momentum"]!.every((m) => m === 0));
  });

  it("computes the same bits on every machine and every version of Node", async () => {
    const result = await aggregate(bench.request(1, await updates(), base));
    assert.equal(base.ref.hash, "sha256:eb5bb8a8b17df377dfcb129471accc11cf2bba6b62981beba060d20bb28bf07f");
    assert.equal(result.ref.hash, "sha256:0cf5350e724c73736e7f6cdfa11c21b06b66e0138f17fd158370c54a75d0a0b0");
    const many = await Promise.all(
      Array.from({ length: PRODUCTS_UPDATES_MAX + 1 }, (_, k) =>
        bench.update(
          `p${k}`,
          bench.vector((i) => 0.01 * ((i * (k + 3)) % 7) - 0.001 * k),
        ),
      ),
    );
    const wide = await aggregate(bench.request(1, many, base));
    assert.equal(wide.ref.hash, "sha256:5cc77692aca6aa11e5ff5b7996db4ce1be692e21c18afa027a4f40c4cda216c8");
  });

  it("gives the same version whatever the order of arrival", async () => {
    const list = await updates();
    const expected = await aggregate(bench.request(1, list, base));
    assert.deepEqual(expected.counted, ["a", "b", "c", "d"]);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(list, { minLength: 4 }), async (shuffled) => {
        const { ref, counted } = await aggregate(bench.request(1, shuffled, base));
        assert.deepEqual([ref, counted], [expected.ref, expected.counted]);
      }),
      { numRuns: 12 },
    );
  });

  it("applies the outer step to the base", async () => {
    const request = bench.request(1, await updates(), base);
    const { ref, chunkHashes } = await aggregate(request);
    const { weights, outer } = await versionOf(bench, request);
    const before = initialWeights(layoutOf(bench.spec.model), bench.spec.seed);
    const { outerLearningRate: rate, outerMomentum: mu } = bench.spec.strategy;
    weights.forEach((w, i) => {
      const d = outer["outer.momentum"]![i]!;
      assert.ok(Math.abs(w - (before[i]! - rate * (1 + mu) * d)) < 1e-6);
    });
    assert.ok(weights.some((w, i) => w !== before[i]));
    assert.equal(ref.bytes, (await stat(request.outPath)).size);
    assert.equal(chunkHashes.length, 32);
  });

  it("leaves out what does not decode or is not finite, and says why", async () => {
    const list = await updates();
    const expected = await aggregate(bench.request(1, list, base));
    const poison = bench.vector(() => 0);
    const raw = new Uint8Array(poison.buffer);
    poison[7] = Number.NaN;
    const nan = await bench.update("nan", raw.slice());
    poison[7] = Number.NEGATIVE_INFINITY;
    const infinite = await bench.update("aaa-inf", raw.slice());
    const short = await bench.update("short", raw.slice(4));
    const result = await aggregate(bench.request(1, [nan, ...list, infinite, short], base));
    assert.equal(result.ref.hash, expected.ref.hash);
    assert.deepEqual(
      result.rejected.map((r) => r.peer),
      ["aaa-inf", "nan", "short"],
    );
    assert.match(result.rejected[0]!.reason, /value 7 of it is -Infinity/);
    assert.match(result.rejected[1]!.reason, /value 7 of it is NaN/);
    assert.match(result.rejected[2]!.reason, /has \d+ bytes, fp32 of this model has \d+/);
    await assert.rejects(
      aggregate(bench.request(1, [nan, short], base)),
      coded("UPDATES_REJECTED", /nan: value 7/),
    );
  });

  it("takes a single node's parameters exactly, and starts the outer state afresh", async () => {
    const values = bench.vector((i) => Math.fround(i * 0.1));
    const request = {
      ...bench.request(1, [await bench.update("a", values)], base),
      contribution: "parameters",
    };
    await aggregate(request as AggregationRequest);
    const version = await versionOf(bench, request as AggregationRequest);
    assert.deepEqual(version.weights, values);
    assert.ok(version.outer["outer.momentum"]!.every((m) => m === 0));
  });

  it("takes parameters as raw float32 even where the session's codec is int8", async () => {
    const lossy = await Bench.create({ codec: "int8" });
    const first = await lossy.genesis();
    const values = lossy.vector((i) => Math.fround(i * 0.1));
    const update = await lossy.update("a", new Uint8Array(values.buffer));
    const request: AggregationRequest = { ...lossy.request(1, [update], first), contribution: "parameters" };
    await aggregate(request);
    assert.deepEqual((await versionOf(lossy, request)).weights, values);
    await lossy.remove();
  });

  it("begins with exactly the values of the model that a session starts from, and with no other's", async () => {
    const values = bench.vector((i) => Math.fround(i * 0.3));
    const trained = await aggregate(bench.request(1, await updates(), base));
    assert.ok(trained.ref.hash !== base.ref.hash);
    const from = { hash: trained.ref.hash, path: join(bench.folder, "start") };
    const version = { height: 41, weights: values, outer: { "outer.momentum": values } };
    const { ref } = await writeVersion(from.path, layoutOf(bench.spec.model), bench.spec.strategy, version);
    const start = { model: "model_1", version: ref, height: 41 };
    const request: AggregationRequest = {
      ...bench.request(0, [], null),
      base: { hash: ref.hash, path: from.path },
      spec: { ...bench.spec, v: 2, start },
    };
    await aggregate(request);
    assert.deepEqual(await versionOf(bench, request), { ...version, height: 0 });
    const refused = (change: Partial<AggregationRequest>, code: string, pattern: RegExp) =>
      assert.rejects(aggregate({ ...request, ...change }), coded(code, pattern));
    await refused({ base: null }, "AGGREGATION_INVALID", /height 0 starts from sha256/);
    await refused({ base: from }, "AGGREGATION_INVALID", /height 0 starts from sha256/);
    await refused({ spec: bench.spec }, "AGGREGATION_INVALID", /height 0 starts from no version/);
    const other = { ...request.spec, start: { ...start, height: 40 } };
    await refused({ spec: other }, "VERSION_CORRUPT", /has height 41, 40 was expected/);
  });

  it("refuses a request that contradicts itself, and a base that is not the one before", async () => {
    const [a, b] = (await updates()) as [never, never];
    const good = bench.request(1, [a, b], base);
    const invalid: [Partial<AggregationRequest>, RegExp][] = [
      [{ height: 0 }, /height 0 has no updates/],
      [{ height: 0, updates: [] }, /height 0 starts from no version/],
      [{ height: -1 }, /height is -1/],
      [{ base: null }, /needs a base/],
      [{ updates: [a, a] }, /same peer/],
      [{ contribution: "parameters" }, /only one update/],
      [{ updates: [{ ...(a as object), samples: 0 } as never] }, /claims 0 samples/],
    ];
    for (const [change, pattern] of invalid) {
      await assert.rejects(aggregate({ ...good, ...change }), coded("AGGREGATION_INVALID", pattern));
    }
    await assert.rejects(aggregate({ ...good, updates: [] }), coded("UPDATES_REJECTED", /no updates/));
    await assert.rejects(aggregate({ ...good, height: 5 }), coded("VERSION_CORRUPT", /has height 0/));
  });

  it("refuses to make a version that is not finite, and does not write it", async () => {
    const huge = await Promise.all(
      ["a", "b", "c"].map((p) =>
        bench.update(
          p,
          bench.vector(() => 3e38),
        ),
      ),
    );
    const request = bench.request(1, huge, base);
    await assert.rejects(aggregate(request), coded("UPDATE_NOT_FINITE", /would be -Infinity/));
    await assert.rejects(stat(request.outPath), /ENOENT/);
  });

  it("fails, and rejects nobody, when a payload cannot be read here", async () => {
    const [a] = await updates();
    const gone = { ...a!, path: `${a!.path}-gone` };
    await assert.rejects(aggregate(bench.request(1, [gone], base)), /ENOENT/);
  });

  for (const aggregator of aggregatorNameSchema.options) {
    it(`is the same from one thread, two threads and none (${aggregator})`, async () => {
      const list = await updates();
      const request = () => withAggregator(bench.request(1, list, base), aggregator);
      const here = await aggregate(request());
      for (const workers of [1, 2]) {
        const pool = new AggregationWorker({ workers });
        const requests = [request(), request(), request()];
        const results = await Promise.all(requests.map((r) => pool.run(r)));
        for (const result of results) assert.deepEqual({ ...result, elapsedMs: here.elapsedMs }, here);
        assert.deepEqual(await readFile(requests[0]!.outPath), await readFile(requests[2]!.outPath));
        await pool.stop();
      }
    });
  }
});

function withAggregator(request: AggregationRequest, aggregator: AggregatorName): AggregationRequest {
  return { ...request, spec: { ...request.spec, aggregator } };
}

describe("training/aggregation worker", () => {
  let bench: Bench;
  before(async () => {
    bench = await Bench.create();
  });
  after(() => bench.remove());
  const dying = new URL("./testing/dying_worker.js", import.meta.url);

  it("hands errors over with their code", async () => {
    const pool = new AggregationWorker();
    await assert.rejects(
      pool.run({ ...bench.request(1, [], null) }),
      coded("AGGREGATION_INVALID", /needs a base/),
    );
    assert.equal((await pool.run(bench.request(0, [], null))).counted.length, 0);
    await pool.stop();
  });

  it("rejects the job a thread dies over, and starts another thread for the next", async () => {
    const pool = new AggregationWorker({ entry: dying });
    const exits = pool.run({ ...bench.request(0, [], null), height: 1 });
    const throws = pool.run({ ...bench.request(0, [], null), height: 2 });
    await assert.rejects(exits, coded("AGGREGATION_FAILED", /exit code 3/));
    await assert.rejects(throws, coded("AGGREGATION_FAILED", /out of memory, say/));
    await pool.stop();
  });

  it("refuses the seventeenth that waits, and everything once stopped", async () => {
    const pool = new AggregationWorker();
    const jobs = Array.from({ length: 17 }, () => pool.run(bench.request(0, [], null)));
    const settled = Promise.allSettled(jobs);
    await assert.rejects(pool.run(bench.request(0, [], null)), coded("OVERLOADED", /16 aggregations wait/));
    await pool.stop();
    for (const outcome of await settled) {
      assert.ok(outcome.status === "rejected" && coded("STOPPED")(outcome.reason));
    }
    await assert.rejects(pool.run(bench.request(0, [], null)), coded("STOPPED"));
  });
});
